"""A limit of memory that the kernel enforces: a control group of its own, or RLIMIT_DATA."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

# Processes that limit themselves, then become the command: what it starts inherits the limit.
_INTO_GROUP = """
import os, sys
with open(sys.argv[1], "w") as members:
    members.write(str(os.getpid()))
os.execvp(sys.argv[2], sys.argv[2:])
"""
_WITH_DATA_LIMIT = """
import os, resource, sys
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
os.execvp(sys.argv[2], sys.argv[2:])
"""

_NUMBERS = count(1)  # a group whose processes have not quite gone is still there


@dataclass(frozen=True)
class MemoryLimit:
    """What enforces the limit, what to put before a command, and the control group if there is one."""

    name: str
    launcher: Sequence[str]
    group: Path | None = None

    def has_killed(self) -> bool:
        """Whether the kernel ended a process of the control group for taking too much."""
        for name in ("memory.oom_control", "memory.events"):
            with suppress(OSError):
                told = (self.group or Path()).joinpath(name).read_text(encoding="ascii")
                counts = dict(line.split(maxsplit=1) for line in told.splitlines())
                return int(counts.get("oom_kill", 0)) > 0
        return False


@contextmanager
def memory_limit(limit_bytes: int) -> Iterator[MemoryLimit]:
    """A limit for one command and all that it starts; its control group is taken away afterwards."""
    group = _new_group(limit_bytes)
    if group is None:
        launcher = (sys.executable, "-c", _WITH_DATA_LIMIT, str(limit_bytes))
        yield MemoryLimit("RLIMIT_DATA", launcher)
        return
    try:
        members = str(group / "cgroup.procs")
        launcher = (sys.executable, "-c", _INTO_GROUP, members)
        yield MemoryLimit("a control group", launcher, group)
    finally:
        with suppress(OSError):  # a process that outlived the command is still in it
            group.rmdir()


def limit_name() -> str:
    """What would enforce a limit here."""
    with memory_limit(2**30) as limit:
        return limit.name


def _new_group(limit_bytes: int) -> Path | None:
    """A memory control group below our own with this limit and no swap; None where we may not."""
    for parent, limits in _parents():
        group = parent / f"tillhouse-{os.getpid()}-{next(_NUMBERS)}"
        try:
            group.mkdir()
            for name, value in limits.items():
                file = group / name
                is_of_swap = "swap" in name or "memsw" in name  # not every kernel counts it
                if file.exists() or not is_of_swap:
                    file.write_text(value.format(limit=limit_bytes), encoding="ascii")
            return group
        except OSError:
            with suppress(OSError):
                group.rmdir()
    return None


def _parents() -> Iterator[tuple[Path, dict[str, str]]]:
    """Our own memory control groups, of version 1 and 2, with the files that hold their limits."""
    first = {"memory.limit_in_bytes": "{limit}", "memory.memsw.limit_in_bytes": "{limit}"}
    second = {"memory.max": "{limit}", "memory.swap.max": "0"}
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        number, controllers, path = line.split(":", maxsplit=2)
        if "memory" in controllers.split(","):
            yield Path("/sys/fs/cgroup/memory") / path.strip("/"), first
        elif number == "0":
            yield Path("/sys/fs/cgroup") / path.strip("/"), second
