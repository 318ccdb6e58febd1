"""Run a command and read what the operating system says it cost."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# The clock starts after the imports: what is compared is the work.
_INGEST = """
import os, sys, time
from pathlib import Path
from ingest.run import ingest
from ingest.declaration.sources_file import load_sources_file
import dlt, duckdb, pyarrow
{also_import}
sources = load_sources_file(Path(sys.argv[1]), os.environ)
rows = int(sys.argv[3])
started = time.perf_counter()
result = ingest(sources, Path(sys.argv[2]), Path.cwd())
seconds = time.perf_counter() - started
assert [table.rows_loaded for table in result.tables] == [rows], result
print(seconds)
"""

# A small process between us and the command. The peak that the system tells of a process begins with the memory
# of the one that it was forked from: with ours, which made the input and compared what came of it.
_LAUNCH = """
import os, sys, time
told = int(sys.argv[1])
started = time.perf_counter()
child = os.fork()
if child == 0:
    os.close(told)
    os.execvp(sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - started
os.write(told, f"{seconds} {usage.ru_maxrss} {os.waitstatus_to_exitcode(status)}".encode())
"""


def ingest_program(also_import: str = "") -> str:
    """Python that ingests, given the sources file, the lake and the rows that must come of it."""
    return _INGEST.format(also_import=also_import)


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
    told, tell = os.pipe()
    with os.fdopen(told) as report:
        process = subprocess.Popen(  # noqa: S603 - the commands are written in this folder
            [sys.executable, "-I", "-S", "-c", _LAUNCH, str(tell), *command],
            cwd=cwd,
            env={**kept, "NO_COLOR": "1", **(environ or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            pass_fds=(tell,),
        )
        os.close(tell)
        output, _ = process.communicate()
        seconds, peak_kb, exit_code = (report.read() or "0 0 1").split()
    if exit_code != "0":
        raise RuntimeError(f"{' '.join(command)} failed:\n{output}")
    return Cost(float(seconds), int(peak_kb) / 1024, output)


def median_seconds(costs: Iterable[Cost]) -> float:
    """The median of the work's seconds."""
    return statistics.median(cost.work_seconds for cost in costs)


def peak_mb(costs: Iterable[Cost]) -> float:
    """The highest peak of all runs."""
    return max(cost.peak_mb for cost in costs)
