"""Releases made of small marts, as the tests of releases want them."""

from __future__ import annotations

from pathlib import Path

import duckdb

from till import release_build
from till.project import Project
from till.releases import Release, list_releases
from till.working_copy import clear_mark


def write_mart(project: Project, name: str, query: str) -> Path:
    """A mart of one file in the working copy, with what the query gives."""
    path = project.marts / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    duckdb.execute(f"copy ({query}) to '{path}.new' (format parquet)")
    Path(f"{path}.new").replace(path)  # as the materialization does: never written into
    return path


def publish(project: Project, release_id: str, page: str = "page") -> Release:
    """A release of whatever the working copy holds, with one page."""
    folder = release_build.clean_folder(project, release_id)
    (folder / "site").mkdir()
    (folder / "site" / "index.html").write_text(page)
    names = sorted(path.stem for path in project.marts.glob("*.parquet"))
    partitioned = sorted(
        path.name for path in project.marts.glob("*/") if not path.name.startswith("_")
    )
    release = Release(
        release_id=release_id,
        created_at="2026-11-20T22:15:00+00:00",
        till_version="0.1.0",
        commit=None,
        sources=("shop",),
        vars={},
        as_of_date=None,
        loads=(),
        rows={"read": 0, "loaded": 0, "rejected": 0},
        marts=release_build.collect_marts(project, folder, [*names, *partitioned]),
        models=1,
        tests={"passed": 1, "warned": 0},
    )
    return release_build.publish(project, folder, release, lambda: clear_mark(project))


def figure(path: Path) -> object:
    """The first figure of a Parquet file."""
    return duckdb.execute("select * from read_parquet(?)", [str(path)]).fetchall()[0][0]


def publish_days(project: Project, days: int) -> list[Release]:
    """One release a day, each with other figures."""
    releases = []
    for day in range(1, days + 1):
        write_mart(project, "sales", f"select {day} as net_revenue")
        releases.append(publish(project, f"2026010{day}T000000Z-a"))
    return releases


def ids(project: Project) -> list[str]:
    """The day of each release that is listed, newest first."""
    return [release.release_id[7] for release in list_releases(project)]
