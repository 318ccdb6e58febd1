"""The marts of a release as one DuckDB file that the DuckDB of a browser can open."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from reports.marts import create_view
from reports.sql import PERSONAL_COLUMNS, quoted

# A browser's DuckDB is older than ours and opens files in the format of the first release only.
FORMAT = "v1.0.0"
MOST_ROWS = 1_000_000  # of a mart: more makes a page that no browser likes to open


@dataclass(frozen=True)
class ExploredMart:
    """A mart in the file: its columns with their types, without those that hold personal data."""

    name: str
    rows: int
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ExploreDatabase:
    """The file's bytes, what is in it, and the marts that are too large for it."""

    content: bytes
    marts: tuple[ExploredMart, ...]
    left_out: tuple[str, ...]


def explore_database(
    marts: Mapping[str, Sequence[Path]], *, most_rows: int = MOST_ROWS
) -> ExploreDatabase:
    """Copy the marts, but for personal data and marts of more than `most_rows` rows, into one file."""
    taken: list[ExploredMart] = []
    left_out: list[str] = []
    with tempfile.TemporaryDirectory(prefix="till-explore-") as folder:
        path = Path(folder) / "release.duckdb"
        with duckdb.connect() as connection:
            connection.execute(f"attach '{path}' as release (storage_version '{FORMAT}')")
            for name, files in sorted(marts.items()):
                create_view(connection, name, files)
                rows = connection.sql(f"select count(*) from {quoted(name)}").fetchall()[0][0]
                if rows > most_rows:
                    left_out.append(name)
                else:
                    taken.append(ExploredMart(name, rows, _copy(connection, name)))
            connection.execute("detach release")
        return ExploreDatabase(path.read_bytes(), tuple(taken), tuple(left_out))


def _copy(connection: duckdb.DuckDBPyConnection, name: str) -> tuple[tuple[str, str], ...]:
    described = connection.sql(f"describe {quoted(name)}").fetchall()
    columns = [(row[0], row[1].lower()) for row in described if row[0] not in PERSONAL_COLUMNS]
    listed = ", ".join(quoted(column) for column, _ in columns)
    connection.execute(
        f"create table release.main.{quoted(name)} as select {listed} from {quoted(name)}"
    )
    return tuple(columns)
