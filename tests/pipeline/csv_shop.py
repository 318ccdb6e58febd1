"""A folder with a sources file, CSV exports and a lake, loaded by the real ingest and read back by DuckDB."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from ingest.declaration.sources_file import load_sources_file
from ingest.lake.manifest import Manifest, read_manifest
from ingest.run import IngestResult, ingest

TABLE = """\
      - name: sales
        path: drops
        max_rejected: {max_rejected}
        columns:
          - {{name: id}}
          - {{name: amount, type: "{amount}"}}
"""


@dataclass(frozen=True)
class Rejected:
    """A rejected row as the lake keeps it."""

    file: str
    line: int | None
    column: str | None
    reason: str
    original_text: str


@dataclass
class CsvShop:
    """`folder` is the root; the exports lie in drops/."""

    folder: Path

    def __post_init__(self) -> None:
        (self.folder / "drops").mkdir(parents=True)
        self.declare()

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    def declare(
        self, tables: str = "", *, max_rejected: float | str = 1.0, amount: str = "integer"
    ) -> None:
        """Write sources.yml: one source `shop`, by default with one table of an id and an amount."""
        tables = tables or TABLE.format(max_rejected=max_rejected, amount=amount)
        text = f"version: 1\nsources:\n  - name: shop\n    kind: csv\n    tables:\n{tables}"
        (self.folder / "sources.yml").write_text(text, encoding="utf-8")

    def drop(self, name: str, content: str | bytes) -> Path:
        path = self.folder / "drops" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def ingest(self, **options: Any) -> IngestResult:
        sources = load_sources_file(self.folder / "sources.yml", {})
        result = ingest(sources, self.lake, self.folder, **options)
        self.check_books()
        return result

    def error(self) -> str:
        """Ingest, expecting that the one table fails; gives the sentence."""
        failed = self.ingest().failed
        assert len(failed) == 1, failed
        return str(failed[0].error)

    def manifest(self) -> Manifest:
        return read_manifest(self.lake)

    def rows(self, table: str = "sales") -> list[tuple[Any, ...]]:
        """The rows that count, without _file, sorted by their text; a multiset."""
        records = self.manifest().of_table("shop", table)
        replaced = [(each.load_id, each.path) for record in records for each in record.supersedes]
        rows: list[tuple[Any, ...]] = []
        for record in records:
            gone = [path for load_id, path in replaced if load_id == record.load_id]
            paths = [str(self.lake / file.path) for file in record.files]
            if paths:
                rows += duckdb.execute(
                    "select * exclude (_file) from read_parquet($1, hive_partitioning = false) "
                    "where not list_contains($2::varchar[], _file)",
                    [paths, gone],
                ).fetchall()
        return sorted(rows, key=repr)

    def rejected(self) -> list[Rejected]:
        """All rejected rows of committed loads, in the order of file and line."""
        paths = [
            str(self.lake / file.path)
            for record in self.manifest().records
            for file in record.rejected_files
        ]
        if not paths:
            return []
        rows = duckdb.execute(
            "select file, line, column_name, reason, original_text "
            "from read_parquet($1, hive_partitioning = false) order by file, line nulls last",
            [paths],
        ).fetchall()
        return [Rejected(*row) for row in rows]

    def check_books(self) -> None:
        """The law of every load: read = loaded + rejected, in total, per input, and in the files."""
        for record in self.manifest().records:
            assert record.rows_read == record.rows_loaded + record.rows_rejected
            assert record.rows_loaded == sum(file.rows for file in record.files)
            replayed = sum(file.rows for file in record.replayed_files)
            rejected = sum(file.rows for file in record.rejected_files)
            assert record.rows_rejected == rejected - replayed
            for name in ("rows_read", "rows_loaded", "rows_rejected", "bytes"):
                total = record.bytes_read if name == "bytes" else getattr(record, name)
                assert total == sum(getattr(each, name) for each in record.inputs), name
            for file in (*record.files, *record.rejected_files):
                assert (self.lake / file.path).stat().st_size == file.bytes


def records_in(content: bytes) -> int:
    """How many records Python's csv module finds below the header; blank lines are none."""
    text = io.StringIO(content.decode("utf-8-sig"), newline="")
    return sum(1 for record in csv.reader(text) if record) - 1


def by_reason(rejected: list[Rejected]) -> Counter[str]:
    return Counter(each.reason for each in rejected)
