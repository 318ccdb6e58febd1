"""What keeps the releases sound and few: hashes computed again, old ones taken away, none that is read."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from till.project import Project
from till.release_build import describe
from till.release_database import DATABASE
from till.releases import (
    PRUNED_PREFIX,
    RECORD,
    Release,
    current_release_id,
    find_release,
    list_releases,
)


@dataclass(frozen=True)
class Damage:
    """A file of a release that is not what it was; `path` is absolute."""

    path: Path
    what: str


@dataclass(frozen=True)
class Pruned:
    """What a prune did: ids removed, ids kept because somebody reads them, bytes set free at most."""

    removed: tuple[str, ...]
    in_use: tuple[str, ...]
    bytes_freed: int


def verify(project: Project, release: Release) -> list[Damage]:
    """Read every file of the release again and compare size and sha256 with its record."""
    folder = project.releases / release.release_id
    damage = []
    for file in release.all_files():
        path = folder / file.path
        if not path.is_file():
            damage.append(Damage(path, "missing"))
        elif path.stat().st_size != file.bytes:
            damage.append(Damage(path, f"{path.stat().st_size:,} bytes, was {file.bytes:,}"))
        elif describe(folder, Path(file.path)).sha256 != file.sha256:
            damage.append(Damage(path, "its content was changed"))
    return damage


@contextmanager
def reading(project: Project, release_id: str) -> Iterator[Release]:
    """Hold a release while the block reads it: `till release prune` leaves it alone.

    The hold dies with the process. A program that has the release's marts.duckdb open holds it too.
    """
    path = project.releases / release_id / RECORD
    with path.open("rb") as file:
        _lock_shared(file.fileno())
        yield find_release(project, release_id)


def prune(project: Project, keep: int) -> Pruned:
    """Remove all but the newest `keep` releases; never the current one nor one that is being read.

    A release leaves by one rename, then its files: a stop half-way leaves nothing that looks like a
    release, and the next prune or run clears it away. Files that other releases or the working
    copy share stay theirs, so the bytes set free are those that nobody else has a name for.
    """
    current = current_release_id(project)
    removed, in_use, freed = [], [], 0
    for release in list_releases(project)[keep:]:
        folder = project.releases / release.release_id
        if release.release_id == current:
            continue
        if is_in_use(folder):
            in_use.append(release.release_id)
            continue
        doomed = folder.rename(project.releases / f"{PRUNED_PREFIX}{release.release_id}")
        freed += sum(
            path.stat().st_size
            for path in doomed.rglob("*")
            if path.is_file() and path.stat().st_nlink == 1
        )
        shutil.rmtree(doomed)
        removed.append(release.release_id)
    return Pruned(tuple(removed), tuple(in_use), freed)


def is_in_use(folder: Path) -> bool:
    """Whether another process reads the release: holds it, has its database or one of its files open."""
    held = (folder / RECORD, folder / DATABASE)
    return any(path.exists() and _is_locked(path) for path in held) or _has_open_files(folder)


def _has_open_files(folder: Path) -> bool:
    """Whether a process whose files we may see has one open below `folder` (Linux; elsewhere unknown)."""
    below = f"{folder.resolve()}{os.sep}"
    for descriptors in Path("/proc").glob("[0-9]*/fd"):
        try:
            if any(str(one.readlink()).startswith(below) for one in descriptors.iterdir()):
                return True
        except OSError:  # ended meanwhile, or not ours to see
            continue
    return False


if (
    sys.platform == "win32"
):  # there, a folder with an open file cannot be renamed: prune stops by itself

    def _lock_shared(descriptor: int) -> None:
        """Nothing to do: the open file is the hold."""

    def _is_locked(path: Path) -> bool:
        """Whether somebody has the file open in a way that keeps others from renaming it."""
        try:
            path.rename(path)
        except OSError:
            return True
        return False

else:
    import fcntl

    def _lock_shared(descriptor: int) -> None:
        """Take a read lock of the kind that DuckDB takes on a database it reads."""
        fcntl.lockf(descriptor, fcntl.LOCK_SH)

    def _is_locked(path: Path) -> bool:
        """Whether another process has a lock on the file; nothing is written to it."""
        try:
            with path.open("r+b") as file:
                fcntl.lockf(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        return False
