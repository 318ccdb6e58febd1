"""The working copy of the marts: marked while a build is under way, put back after one that broke.

A build replaces marts one by one, so one that stops half-way leaves new marts beside old ones. The
marker outlives such a stop; the run after it puts every mart back to the current release first.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from configuration.lake import write_atomically
from till.project import Project
from till.releases import BUILDING_PREFIX, PRUNED_PREFIX, RECORD, current_release, is_release_id

# What travels with the marts besides their Parquet files: what incremental builds go on from
# (macros/README.md). It belongs to the very files that were there when it was written.
STATE_FOLDER = "_state"


def mark_build(project: Project, release_id: str) -> None:
    """Note that the marts are about to change, before the first one does."""
    write_atomically(project.build_marker, json.dumps({"release_id": release_id}).encode())


def clear_mark(project: Project) -> None:
    """Note that the marts are whole and belong to a release."""
    project.build_marker.unlink(missing_ok=True)


def restore_if_broken(project: Project) -> bool:
    """Put the marts back to the current release when the last build broke; says whether it did.

    Without a release they are emptied: the next build makes all of them anew.
    """
    _sweep(project)
    if not project.build_marker.exists():
        return False
    release = current_release(project)
    if project.marts.exists():
        shutil.rmtree(project.marts)
    if release is not None:
        source = project.releases / release.release_id / "marts"
        for file in _files(source):
            link_or_copy(file, project.marts / file.relative_to(source))
    clear_mark(project)
    return True


def link_or_copy(source: Path, target: Path) -> None:
    """Give the file a second name; where the file system has no hard links, a copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _sweep(project: Project) -> None:
    """Clear away releases that were never finished, and what a prune left half-way."""
    if not project.releases.is_dir():
        return
    for folder in project.releases.iterdir():
        is_half = folder.name.startswith((BUILDING_PREFIX, PRUNED_PREFIX))
        if is_half or (is_release_id(folder.name) and not (folder / RECORD).is_file()):
            shutil.rmtree(folder)
