"""`marts.duckdb` of a release: views on its Parquet files, for BI tools and for SQL by hand.

The views name their files by absolute path: DuckDB looks for a relative one below the folder of the
process that reads, not beside the database. So the file opens from anywhere, and a lake that was moved
gets new ones by `till release views`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import duckdb

from configuration.errors import PlainError
from ingest.rows.duckdb_sql import identifier, text_literal
from reports.explore.descriptions import Described, descriptions
from till.project import Project
from till.releases import Release, list_releases

DATABASE = "marts.duckdb"


def write_database(project: Project, release: Release) -> Path:
    """Write the release's `marts.duckdb`, in one step; gives its path.

    Each mart is a view with the descriptions of the dbt project as comments. Raises PlainError when a
    file of a mart is not there.
    """
    folder = (project.releases / release.release_id).resolve()
    target = folder / DATABASE
    written = folder / f".{DATABASE}.{os.getpid()}"
    written.unlink(missing_ok=True)
    known = descriptions(project.root / "models")
    with duckdb.connect(str(written)) as database:
        for name, mart in release.marts.items():
            files = [str(folder / file.path) for file in mart.files]
            _add_view(database, name, files, known.get(name, Described()))
    written.replace(target)
    return target


def write_databases(project: Project) -> list[Path]:
    """Write `marts.duckdb` of every release again, as after a move of the lake."""
    return [write_database(project, release) for release in list_releases(project)]


def _add_view(
    database: duckdb.DuckDBPyConnection, name: str, files: list[str], described: Described
) -> None:
    if not files:
        return
    listed = ", ".join(text_literal(file) for file in files)
    view = identifier(name)
    try:
        database.execute(
            f"create view {view} as from read_parquet([{listed}], hive_partitioning = false)"
        )
    except duckdb.IOException as error:
        raise PlainError(
            f"a file of the mart {name} cannot be read ({str(error).splitlines()[0]})",
            remedy="`till release verify` says which; `till run` makes a new release.",
        ) from error
    if described.text:
        database.execute(f"comment on view {view} is {text_literal(described.text)}")
    for column, text in _of_its_columns(database, view, described.columns).items():
        database.execute(f"comment on column {view}.{identifier(column)} is {text_literal(text)}")


def _of_its_columns(
    database: duckdb.DuckDBPyConnection, view: str, texts: Mapping[str, str]
) -> dict[str, str]:
    columns = {row[0] for row in database.execute(f"describe {view}").fetchall()}
    return {column: text for column, text in texts.items() if column in columns and text}
