"""Run as a program: one ingest of a CsvShop that kills itself at the n-th change it makes to the lake.

    python -m tests.pipeline.killed_ingest FOLDER NUMBER [reload|replay]

Python reports each change just before it happens. With number 0 nothing is killed and the changes are
printed, so that a test can name the moments it wants.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from ingest.declaration.sources_file import load_sources_file
from ingest.run import ingest

CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree")


class Killer:
    """Counts the changes below `lake`, and ends the process with SIGKILL before the n-th."""

    def __init__(self, lake: Path, number: int) -> None:
        self.lake = str(lake)
        self.number = number
        self.seen: list[str] = []

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if event not in CHANGES and not (event == "open" and is_writing(arguments)):
            return
        paths = [os.fspath(each) for each in arguments if isinstance(each, str | os.PathLike)]
        below = [str(path).removeprefix(self.lake) for path in paths if self.lake in str(path)]
        if below:
            self.seen.append(f"{event} {' -> '.join(below)}")
            if len(self.seen) == self.number:
                os.kill(os.getpid(), signal.SIGKILL)


def is_writing(arguments: tuple[object, ...]) -> bool:
    flags = arguments[2]
    return isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) != 0


def main() -> None:
    folder, number = Path(sys.argv[1]), int(sys.argv[2])
    sources = load_sources_file(folder / "sources.yml", os.environ)
    killer = Killer(folder / "lake", number)
    sys.addaudithook(killer)
    how = sys.argv[3:]
    result = ingest(
        sources,
        folder / "lake",
        folder,
        reload=how == ["reload"],
        replay_rejected=how == ["replay"],
    )
    if number == 0:
        sys.stdout.write("\n".join(killer.seen) + "\n")
    sys.exit(1 if result.failed else 0)


if __name__ == "__main__":
    main()
