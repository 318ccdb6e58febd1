"""Run a command and read what the operating system says it cost."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Cost:
    """Wall-clock seconds and peak resident memory (MB) of one command; `output` is its stdout.

    `work_seconds` is what the command itself said on its last line: its work without its start-up.
    """

    seconds: float
    peak_mb: float
    output: str

    @property
    def work_seconds(self) -> float:
        """The last word of the output as seconds."""
        return float(self.output.split()[-1])


def measure(command: Sequence[str], *, cwd: Path, environ: Mapping[str, str] | None = None) -> Cost:
    """Run `command` to its end; raises RuntimeError with its output when it fails.

    No TILL_ variable of the caller reaches it: a lake of one's own is never touched.
    """
    if hasattr(os, "sync"):
        os.sync()  # else this command waits for what the one before has left to write
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TILL_")}
    started = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - the commands are written in this folder
        command,
        cwd=cwd,
        env={**kept, "NO_COLOR": "1", **(environ or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None  # noqa: S101 - asked for above
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{output}")
    return Cost(seconds, usage.ru_maxrss / 1024, output)


def median_seconds(costs: Iterable[Cost]) -> float:
    """The median of the work's seconds."""
    return statistics.median(cost.work_seconds for cost in costs)


def peak_mb(costs: Iterable[Cost]) -> float:
    """The highest peak of all runs."""
    return max(cost.peak_mb for cost in costs)
