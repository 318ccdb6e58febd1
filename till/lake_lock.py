"""One writer at a time: a lock on the lake that dies with the process that holds it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from configuration.errors import BusyError, PlainError

if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[str]) -> None:
        file.seek(1 << 20)  # a byte nobody reads: Windows locks keep others from reading
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(file: IO[str]) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def lake_lock(lake: Path, command: str) -> Iterator[None]:
    """Hold the lake's lock while the block runs; raises BusyError when somebody else does.

    The operating system lets go of it when the process ends, however it ends, so a lock never
    outlives its holder. The file says who that is: process id, command, start (UTC).
    """
    path = lake / ".lock"
    try:
        lake.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise PlainError(
            f"the lake cannot be written to ({error.strerror})",
            where=str(lake),
            remedy="Check the folder's permissions, or set TILL_LAKE to another one.",
        ) from error
    with file:
        try:
            _take(file)
        except OSError:
            raise BusyError(
                f"{_holder(path)} is writing to it",
                where=str(lake),
                remedy="Wait until it has ended, or end it.",
            ) from None
        started = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "command": command, "started": started}))
        file.flush()
        yield


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f"`{holder['command']}` (process {holder['pid']}, since {holder['started']})"
    except (OSError, ValueError, KeyError, TypeError):  # it has not said so yet
        return "another process"
