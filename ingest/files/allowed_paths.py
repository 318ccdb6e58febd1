"""Which files may be read as data: any that a person names, but none by surprise.

Exports may lie anywhere (`~/Exports`). What a declared folder links to elsewhere, what the lake itself holds,
and what holds secrets is refused: it would be loaded, kept and published.
"""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from configuration.errors import PlainError

_SECRET_FOLDERS = (".git", ".ssh", ".aws", ".gnupg", ".dlt", ".config")
_LAKE_PARTS = ("raw", "rejected", "marts", "releases", "current.json", "warehouse.duckdb")


def spelled_out(path: str) -> str:
    """The declared `path` with `~` as the home folder; raises PlainError where it climbs with `..`."""
    if ".." in path.replace("\\", "/").split("/"):
        raise PlainError(
            "'..' may not stand in a path",
            where=path,
            remedy="Write the path from the project's folder, or from the root of the disk.",
        )
    return Path(path).expanduser().as_posix() if path.startswith("~/") else path


def check_allowed(declared: str, found: Sequence[str], root: Path) -> None:
    """Raise PlainError for the first of the files `found` that may not be read. `declared` is their path."""
    base = _base(root / declared)
    checked: set[Path] = set()
    folders: dict[Path, Path] = {}  # thousands of files stand in few folders
    for path in found:
        file = root / path
        folder = folders.get(file.parent) or folders.setdefault(file.parent, file.parent.resolve())
        real = file.resolve() if file.is_symlink() else folder / file.name
        if base is not None and not real.is_relative_to(base):
            raise PlainError(
                "this is a link to a file outside of the declared folder",
                where=path,
                remedy="Put the file itself there, or declare the folder that it lies in.",
            )
        if _is_secret(real):
            raise PlainError(
                "a file that holds settings or secrets is no data",
                where=path,
                remedy="Correct the path in the sources file.",
            )
        # Where one file of a folder may be read, the others may too.
        if real.parent not in checked:
            checked.add(real.parent)
            _check_not_in_lake(path, real)


def _base(declared: Path) -> Path | None:
    """The folder under which all files must lie; None where one file is named, which may be a link."""
    parts = declared.parts
    magic = [index for index, part in enumerate(parts) if glob.has_magic(part)]
    if declared.is_dir():
        return declared.resolve()
    if not magic or declared.exists():
        return None
    return Path(*parts[: magic[0]]).resolve()


def _is_secret(real: Path) -> bool:
    name = real.name.lower()
    return (
        any(part.lower() in _SECRET_FOLDERS for part in real.parts[:-1])
        or name == ".env"
        or name.startswith(".env.")
        or name in ("secrets.toml", ".netrc", ".pgpass")
    )


def _check_not_in_lake(path: str, real: Path) -> None:
    for folder in real.parents:
        if (folder / "raw" / "_manifest").is_dir():
            part = real.relative_to(folder).parts[0]
            if part in _LAKE_PARTS:
                raise PlainError(
                    "this file is part of the lake, which cannot be a source of itself",
                    where=path,
                    remedy="Name the folder in which the exports arrive.",
                )
