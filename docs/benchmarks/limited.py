"""Run a command under a limit of memory that the kernel enforces, and measure what it takes.

Where this process may make a memory control group (root, or a user's own slice), the limit is that of
the group: what the command and all it starts have in memory together, cached files included, which the
kernel lets go of first. Elsewhere it is RLIMIT_DATA: all private memory that a process may write to,
its reserve included, which is far stricter; it holds for each process, and a sampler ends the whole tree
when its resident memory together is more. Linux only.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from memory_limit import MemoryLimit, memory_limit

_SAMPLE_SECONDS = 0.05
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Cost:
    """What one command took: wall-clock seconds, seconds of all cores, MB (2**20 bytes).

    `peak_mb` is the highest resident memory of the command and all it started; `spilled_mb` the
    largest size that the watched folders of temporary files had together (sampled). `status` is 0,
    the exit code, or minus the signal that ended it; `was_stopped` when the sampler ended what was
    left of it, because it took more than the limit. `log` has its output.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float
    spilled_mb: float
    status: int
    was_stopped: bool
    log: Path

    @property
    def is_out_of_memory(self) -> bool:
        """Ended because it wanted more memory than it may have: killed, or told so and gave up."""
        if self.status == 0:
            return False
        told = ("MemoryError", "Out of Memory Error", "OutOfMemoryException", "bad_alloc")
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return (
            self.was_stopped
            or -self.status in (signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV)
            or any(word in text for word in told)
        )


def run_limited(
    command: Sequence[str],
    *,
    limit_mb: int,
    log: Path,
    cwd: Path,
    environ: Mapping[str, str] | None = None,
    spill: Sequence[Path] = (),
) -> Cost:
    """Run `command` to its end with at most `limit_mb` of memory; its failure is told, not raised.

    No TILL_ variable of the caller reaches it: a lake of one's own is never touched.
    """
    os.sync()  # else this command waits for what the one before has left to write
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TILL_")}
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output, memory_limit(limit_mb * 2**20) as limit:
        started = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - the commands are written in this folder
            [*limit.launcher, *command],
            cwd=cwd,
            env={**kept, "NO_COLOR": "1", **(environ or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        sampler = _Sampler(process.pid, limit_mb * 2**20, limit, spill)
        sampler.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        sampler.stop()
    # What a process had before it became the command counts here too, and that is a copy of this one.
    is_its_own = usage.ru_maxrss > resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(
        seconds=seconds,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_mb=max(sampler.peak_bytes / 2**20, usage.ru_maxrss / 1024 if is_its_own else 0),
        spilled_mb=sampler.spilled_bytes / 2**20,
        status=process.returncode,
        was_stopped=sampler.was_stopped,
        log=log,
    )


def folder_bytes(folder: Path) -> int:
    """Bytes of all files below `folder`, 0 where there is none; files may vanish meanwhile."""
    found = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                found += (Path(parent) / name).lstat().st_size
            except FileNotFoundError:
                continue
    return found


class _Sampler(threading.Thread):
    """Looks at a process tree until it is told to stop; ends a tree that takes too much."""

    def __init__(
        self, root: int, limit_bytes: int, limit: MemoryLimit, spill: Sequence[Path]
    ) -> None:
        super().__init__(daemon=True)
        self._root = root
        self._limit_bytes = limit_bytes
        self._limit = limit
        self._spill = spill
        self._done = threading.Event()
        self.peak_bytes = 0
        self.spilled_bytes = 0
        self.was_stopped = False

    def run(self) -> None:
        """Sample until `stop`."""
        while not self._done.is_set():
            tree = _tree(self._root)
            resident = sum(_resident_bytes(pid) for pid in tree)
            highest = _highest_bytes(self._root)
            self.peak_bytes = max(self.peak_bytes, resident, highest)
            self.spilled_bytes = max(self.spilled_bytes, sum(map(folder_bytes, self._spill)))
            # The kernel ends one process of a group; others may wait for it for ever.
            if self._limit.has_killed() if self._limit.group else resident > self._limit_bytes:
                self.was_stopped = True
                _end(tree)
            self._done.wait(_SAMPLE_SECONDS)

    def stop(self) -> None:
        """The process has ended."""
        self._done.set()
        self.join()


def _tree(root: int) -> list[int]:
    """The process and all below it, as they are now."""
    found = [root]
    for pid in found:
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                found += map(int, children.read_text(encoding="ascii").split())
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


def _resident_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _highest_bytes(pid: int) -> int:
    """The most that the process itself had since it became the command, also between two looks."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except (FileNotFoundError, ProcessLookupError):
        pass
    return 0


def _end(tree: Sequence[int]) -> None:
    for pid in tree:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
