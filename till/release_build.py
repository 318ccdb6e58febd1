"""Making a release: everything into a folder that nobody reads, then one rename."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from configuration.lake import write_atomically
from till.project import Project
from till.release_database import write_database
from till.releases import (
    BUILDING_PREFIX,
    RECORD,
    Release,
    ReleasedFile,
    ReleasedMart,
    switch_to,
)
from till.working_copy import STATE_FOLDER, link_or_copy

_CHUNK = 1 << 20


def building_folder(project: Project, release_id: str) -> Path:
    """Where a release is put together; its name is no release's, so nothing reads it."""
    return project.releases / f"{BUILDING_PREFIX}{release_id}"


def collect_marts(project: Project, folder: Path, names: Sequence[str]) -> dict[str, ReleasedMart]:
    """Link the working copy's marts into `folder`/marts and describe them, with rows and hashes."""
    marts: dict[str, ReleasedMart] = {}
    for name in names:
        files = []
        for source in mart_files(project.marts, name):
            relative = Path("marts") / source.relative_to(project.marts)
            link_or_copy(source, folder / relative)
            files.append(describe(folder, relative, rows=parquet_rows(folder / relative)))
        marts[name] = ReleasedMart(rows=sum(file.rows or 0 for file in files), files=tuple(files))
    for state in sorted((project.marts / STATE_FOLDER).rglob("*")):
        if state.is_file():
            link_or_copy(state, folder / "marts" / state.relative_to(project.marts))
    return marts


def mart_files(marts: Path, name: str) -> list[Path]:
    """Parquet files of one mart: a single one, or those of its partitions.

    Without those of before that the mart keeps for a build, so that others see what changed in it.
    """
    single = marts / f"{name}.parquet"
    if single.is_file():
        return [single]
    record = marts / STATE_FOLDER / f"{name}.json"
    retired = json.loads(record.read_text("utf-8")).get("retired", []) if record.is_file() else []
    kept = {marts / path for path in retired}
    return [path for path in sorted((marts / name).rglob("*.parquet")) if path not in kept]


def parquet_rows(path: Path) -> int:
    """Rows of a Parquet file, from its footer."""
    found = duckdb.execute("select num_rows from parquet_file_metadata(?)", [str(path)])
    return int(found.fetchall()[0][0])


def describe(folder: Path, relative: Path, rows: int | None = None) -> ReleasedFile:
    """Size and sha256 of a file of the release."""
    digest = hashlib.sha256()
    with (folder / relative).open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return ReleasedFile(
        path=relative.as_posix(),
        bytes=(folder / relative).stat().st_size,
        sha256=digest.hexdigest(),
        rows=rows,
    )


def publish(
    project: Project, folder: Path, release: Release, on_switched: Callable[[], None]
) -> Release:
    """Give the folder its final name, write marts.duckdb and release.json, and let readers use it.

    It is a release from the moment its release.json is there; the views of marts.duckdb need the
    final name before. A folder without that record is swept by the next run.

    `on_switched` is called between the switch of current.json and the end: what must be noted once
    the marts belong to a release.
    """
    listed = [
        describe(folder, path.relative_to(folder))
        for part in ("site", "docs")
        for path in sorted((folder / part).rglob("*"))
        if path.is_file()
    ]
    release = replace(release, files=tuple(listed))
    final = folder.rename(project.releases / release.release_id)
    write_database(project, release)
    write_atomically(final / RECORD, release.to_json())
    switch_to(project, release)
    on_switched()
    return release


def clean_folder(project: Project, release_id: str) -> Path:
    """An empty folder to build the release in."""
    folder = building_folder(project, release_id)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def commit_of(root: Path) -> str | None:
    """The commit that is checked out, with `+` when files differ from it; None outside git."""
    try:
        head = _git(root, "rev-parse", "--short=12", "HEAD")
        return f"{head}+" if _git(root, "status", "--porcelain") else head
    except (OSError, subprocess.CalledProcessError):
        return None


def till_version() -> str:
    """Version of the installed package."""
    return version("tillhouse")


def read_facts(marts: Mapping[str, Sequence[Path]]) -> dict[str, Any]:
    """What a release says of its data, read from its own marts: loads, rows, as-of date, freshness.

    Gives `loads` (ids), `rows` (read, loaded, rejected), `as_of_date` (ISO or None) and `freshness`
    (source_name, table_name, loaded_at in UTC).
    """
    log = _scan(marts.get("ingest_log", []))
    facts: dict[str, Any] = {
        "loads": (),
        "rows": {"read": 0, "loaded": 0, "rejected": 0},
        "as_of_date": None,
        "freshness": (),
    }
    if log:
        loads, read, loaded, rejected = duckdb.execute(
            "select list(distinct load_id order by load_id), coalesce(sum(rows_read), 0), "
            f"coalesce(sum(rows_loaded), 0), coalesce(sum(rows_rejected), 0) from {log}"
        ).fetchall()[0]
        facts["loads"] = tuple(loads or ())
        facts["rows"] = {"read": int(read), "loaded": int(loaded), "rejected": int(rejected)}
        facts["freshness"] = tuple(
            {
                "source_name": source,
                "table_name": table,
                "loaded_at": f"{latest:%Y-%m-%dT%H:%M:%SZ}",
            }
            for source, table, latest in duckdb.execute(
                f"select source_name, table_name, max(started_at) from {log} "
                "group by source_name, table_name order by source_name, table_name"
            ).fetchall()
        )
    if days := _scan(marts.get("sales_daily", [])):
        latest = duckdb.execute(f"select max(order_date) from {days}").fetchall()[0][0]
        facts["as_of_date"] = latest.isoformat() if latest else None
    return facts


def _scan(files: Sequence[Path]) -> str:
    """The files as a table of SQL; nothing when there are none. The paths are our own."""
    if not files:
        return ""
    quoted = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
    return f"read_parquet([{quoted}], hive_partitioning = false)"


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - fixed words
        ["git", "-C", str(root), *arguments],  # noqa: S607 - git is where PATH says
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
    )
    return done.stdout.strip()
