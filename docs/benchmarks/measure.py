"""Run a command and read what the operating system says it cost."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """Wall-clock seconds and peak resident memory (MB) of one command; `output` is its stdout."""

    seconds: float
    peak_mb: float
    output: str


def measure(command: Sequence[str], *, cwd: Path, environ: Mapping[str, str] | None = None) -> Cost:
    """Run `command` to its end; raises RuntimeError with its output when it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - the commands are written in this folder
        command,
        cwd=cwd,
        env={**os.environ, **(environ or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None  # noqa: S101 - asked for above
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{output}")
    return Cost(seconds, usage.ru_maxrss / 1024, output)
