"""Releases: tested snapshots of marts, pages and docs. Listing them, and switching between them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from configuration.errors import PlainError
from configuration.lake import write_atomically
from till.project import Project

RECORD = "release.json"
BUILDING_PREFIX = ".building-"
PRUNED_PREFIX = ".pruned-"


@dataclass(frozen=True)
class ReleasedFile:
    """A file of a release; `path` is relative to the release's folder, with forward slashes."""

    path: str
    bytes: int
    sha256: str
    rows: int | None = None


@dataclass(frozen=True)
class ReleasedMart:
    """A mart of a release: its rows and the Parquet files that hold them."""

    rows: int
    files: tuple[ReleasedFile, ...]


@dataclass(frozen=True)
class Release:
    """What release.json says. Times are UTC, ISO 8601; `rows` has read, loaded and rejected."""

    release_id: str
    created_at: str
    till_version: str
    commit: str | None
    sources: tuple[str, ...]
    vars: Mapping[str, Any]
    as_of_date: str | None
    loads: tuple[str, ...]
    rows: Mapping[str, int]
    marts: Mapping[str, ReleasedMart]
    models: int
    tests: Mapping[str, int]
    steps: tuple[Mapping[str, Any], ...] = ()
    freshness: tuple[Mapping[str, Any], ...] = ()
    files: tuple[ReleasedFile, ...] = field(default=())
    model_code_sha256: str | None = None

    def to_json(self) -> bytes:
        """The text of release.json."""
        return (json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n").encode()

    @staticmethod
    def from_json(text: str) -> Release:
        """Read release.json; raises ValueError, KeyError or TypeError when it is not one."""
        record = json.loads(text)
        record["marts"] = {
            name: ReleasedMart(
                rows=mart["rows"], files=tuple(ReleasedFile(**file) for file in mart["files"])
            )
            for name, mart in record["marts"].items()
        }
        record["files"] = tuple(ReleasedFile(**file) for file in record["files"])
        for name in ("sources", "loads", "steps", "freshness"):
            record[name] = tuple(record[name])
        return Release(**record)

    def all_files(self) -> tuple[ReleasedFile, ...]:
        """Every file that the release answers for: pages, docs and marts."""
        return (*self.files, *(file for mart in self.marts.values() for file in mart.files))

    def mart_files(self, folder: Path) -> dict[str, list[Path]]:
        """The Parquet files of each mart, below the release's `folder`."""
        return {
            name: [folder / file.path for file in mart.files] for name, mart in self.marts.items()
        }


def new_release_id(now: datetime) -> str:
    """An id that sorts by time and that two runs in one second do not share."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{os.urandom(3).hex()}"


def is_release_id(name: str) -> bool:
    """Whether a folder of that name is one of ours; anything else there is somebody else's."""
    return re.fullmatch(r"\d{8}T\d{6}Z-\w+", name) is not None


def list_releases(project: Project) -> list[Release]:
    """All releases, newest first."""
    if not project.releases.is_dir():
        return []
    folders = sorted(
        (path for path in project.releases.iterdir() if (path / RECORD).is_file()), reverse=True
    )
    return [_read(folder) for folder in folders if not folder.name.startswith(".")]


def current_release_id(project: Project) -> str | None:
    """Id of the release that readers use; None before the first one."""
    try:
        return str(json.loads(project.current.read_text(encoding="utf-8"))["release_id"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise PlainError(
            f"it does not name a release ({error})",
            where=str(project.current),
            remedy="Choose one: `till release list`, then `till release rollback RELEASE`.",
        ) from error


def current_release(project: Project) -> Release | None:
    """The release that readers use; None before the first one."""
    release_id = current_release_id(project)
    return None if release_id is None else find_release(project, release_id)


def find_release(project: Project, release_id: str) -> Release:
    """The release of that id; raises PlainError when there is none, or its record is broken."""
    known = [release.release_id for release in list_releases(project)]
    matching = [one for one in known if one.startswith(release_id)] if release_id else []
    if len(matching) != 1:
        what = "several releases begin so" if matching else "there is no such release"
        raise PlainError(
            what,
            where=f"release {release_id}",
            remedy=f"There are: {', '.join(known)}." if known else "`till run` makes the first.",
        )
    return _read(project.releases / matching[0])


def switch_to(project: Project, release: Release) -> None:
    """Make `release` the one that readers use: current.json first, then the link `site`.

    Each is replaced in one step. A stop between the two leaves `site` on the old release, whole;
    the next run or rollback puts it right.
    """
    verify_sizes(project, release)
    write_atomically(
        project.current,
        (json.dumps({"release_id": release.release_id}) + "\n").encode(),
    )
    point_site(project, release)


def point_site(project: Project, release: Release) -> None:
    """Let the link `site` in the root point to the release's pages."""
    check_site(project)
    target = project.releases / release.release_id / "site"
    relative = os.path.relpath(target, project.site.parent)
    temporary = project.site.with_name(f".site.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    try:
        temporary.symlink_to(relative, target_is_directory=True)
        temporary.replace(project.site)
    except OSError:  # Windows without the right to make links: a page that leads there
        temporary.unlink(missing_ok=True)
        address = f"{relative.replace(os.sep, '/')}/index.html"
        page = f'<!doctype html><meta http-equiv="refresh" content="0; url={address}">\n'
        write_atomically(project.root / "site.html", page.encode())


def check_site(project: Project) -> None:
    """Raise PlainError when something of somebody else's stands where the link `site` belongs."""
    if project.site.exists() and not project.site.is_symlink():
        raise PlainError(
            "something else is here, and the link to the report should stand there",
            where=str(project.site),
            remedy="Move it away, and run it again.",
        )


def verify_sizes(project: Project, release: Release) -> None:
    """Raise PlainError when a file of the release is gone or has another size."""
    folder = project.releases / release.release_id
    for file in release.all_files():
        path = folder / file.path
        if not path.is_file() or path.stat().st_size != file.bytes:
            raise PlainError(
                "this file of the release is missing or was changed",
                where=str(path),
                remedy="Choose another one (`till release list`), or make a new one: `till run`.",
            )


def _read(folder: Path) -> Release:
    try:
        return Release.from_json((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PlainError(
            f"this record of a release cannot be read ({error})",
            where=str(folder / RECORD),
            remedy="Delete the folder; the other releases do not depend on it.",
        ) from error
