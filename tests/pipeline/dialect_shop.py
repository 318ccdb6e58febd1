"""A CSV shop whose one table is declared with columns and a `dialect` of one's own."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from ingest.csv.declaration import CsvTable
from ingest.csv.load import prepare_csv
from ingest.declaration.sources_file import load_sources_file
from ingest.files.file_table import FileTask
from ingest.lake.manifest import LoadedInput
from tests.pipeline.csv_shop import CsvShop, Rejected

COLUMNS = ("id", "amount: integer")


@dataclass(frozen=True)
class Prepared:
    """What a load would bring into the lake: read from its Parquet files."""

    rows: list[tuple[Any, ...]]
    rejected: list[Rejected]
    input: LoadedInput


class DialectShop(CsvShop):
    """`of` declares; `prepare` reads the files as a load does, without the lake."""

    def of(self, *columns: str, dialect: str = "", max_rejected: float = 1.0) -> DialectShop:
        """Declare `columns` ("name" or "name: type"); `dialect` is the inside of its block in YAML."""
        lines = [
            "      - name: sales",
            "        path: drops",
            f"        max_rejected: {max_rejected}",
        ]
        if dialect:
            lines.append(f"        dialect: {{{dialect}}}")
        lines.append("        columns:")
        for number, column in enumerate(columns or COLUMNS):
            header, _, kind = column.partition(": ")
            name = f"column_{number}"
            lines.append(
                f'          - {{name: {name}, header: "{header}", type: "{kind or "text"}"}}'
            )
        self.declare("\n".join(lines) + "\n")
        return self

    def prepare(self) -> Prepared:
        """The one file of the table, read; raises PlainError when it is refused."""
        (source,) = load_sources_file(self.folder / "sources.yml", {}).sources
        (table,) = source.tables
        assert isinstance(table, CsvTable)
        spool = Path(tempfile.mkdtemp(dir=self.folder))
        task = FileTask("shop", "csv", ("sales",), "1.0", self.folder, spool, ((),))
        outcome = prepare_csv(table, task)
        if outcome.refused:
            raise outcome.refused[0]
        (prepared,) = outcome.tables
        (found,) = prepared.inputs
        assert not list(spool.glob("plain-*"))
        rows = _read(prepared.rows_file, "* exclude (_file)", "")
        rejected: list[Rejected] = []
        if prepared.rejected_file:
            chosen = "file, line, column_name, reason, original_text"
            rejected = [
                Rejected(*row) for row in _read(prepared.rejected_file, chosen, "order by line")
            ]
        assert found.rows_read == found.rows_loaded + found.rows_rejected
        assert (found.rows_loaded, found.rows_rejected) == (len(rows), len(rejected))
        return Prepared(sorted(rows, key=repr), rejected, found)


def _read(file: Path, chosen: str, rest: str) -> list[tuple[Any, ...]]:
    query = f"select {chosen} from read_parquet($1, hive_partitioning = false) {rest}"
    return duckdb.execute(query, [str(file)]).fetchall()
