"""A lake that is filled from PostgreSQL by the real ingest, and read back as dbt's views read it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from ingest.declaration.sources_file import SourcesFile, load_sources_file
from ingest.lake.manifest import Record, read_manifest
from ingest.results import IngestResult, TableResult, Window
from ingest.run import ingest
from tests.pipeline.postgres_server import PASSWORD, PostgresServer

ORDER_COLUMNS: tuple[dict[str, Any], ...] = (
    {"name": "order_id", "type": "integer"},
    {"name": "amount", "type": "decimal(18,2)"},
    {"name": "updated_at", "type": "timestamp"},
)


@dataclass
class PostgresLake:
    """`folder` holds the sources file and the lake; `schema` is this test's own in the database."""

    folder: Path
    server: PostgresServer
    schema: str
    said: list[str] = field(default_factory=list)
    address: str = ""

    def __post_init__(self) -> None:
        self.address = self.address or self.server.address()

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    def run(self, *statements: str) -> None:
        """Run SQL in the test's schema, which the shop's user may read."""
        with self.server.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"set search_path = {self.schema}")
            for statement in statements:
                cursor.execute(statement)

    def make_orders(self, *rows: str) -> None:
        """The table `orders`, with these rows as SQL values."""
        self.run(
            "create table orders (order_id int, amount numeric(12,2), updated_at timestamptz)",
            f"insert into orders values {', '.join(rows)}",
        )

    def table(self, **changes: Any) -> dict[str, Any]:
        """A block of the sources file: the orders without a cursor, unless `changes` say otherwise."""
        block: dict[str, Any] = {
            "name": "orders",
            "table": f"{self.schema}.orders",
            "key": ["order_id"],
            "columns": list(ORDER_COLUMNS),
            **changes,
        }
        return {name: value for name, value in block.items() if value is not None}

    def declare(self, *tables: Mapping[str, Any], **source: Any) -> None:
        """Write the sources file: one database called `shop`. JSON is YAML."""
        block = {
            "name": "shop",
            "kind": "postgres",
            "connection": "${SHOP_DATABASE_URL}",
            "tables": list(tables or [self.table()]),
            **source,
        }
        block = {name: value for name, value in block.items() if value is not None}
        self.folder.mkdir(parents=True, exist_ok=True)
        document = {"version": 1, "sources": [block]}
        (self.folder / "sources.yml").write_text(json.dumps(document), encoding="utf-8")

    def sources(self) -> SourcesFile:
        environ = {"SHOP_DATABASE_URL": self.address, "SHOP_PASSWORD": PASSWORD}
        return load_sources_file(self.folder / "sources.yml", environ)

    def ingest(
        self, *, reload: bool = False, window: Window | None = None, now: datetime | None = None
    ) -> IngestResult:
        return ingest(
            self.sources(),
            self.lake,
            self.folder,
            on_progress=self.said.append,
            reload=reload,
            window=window,
            now=lambda: now or datetime.now(UTC),
        )

    def loaded(self, **options: Any) -> TableResult:
        """The result of the only table, which must be without an error."""
        (result,) = self.ingest(**options).tables
        assert result.error is None, str(result.error)
        return result

    def refused(self) -> str:
        """The error of the only table: one line, without a secret, and nothing was left behind."""
        before = self.files()
        (result,) = self.ingest().tables
        assert result.error is not None
        assert result.load_id is None
        assert self.files() == before
        text = str(result.error)
        assert "\n" not in text
        assert PASSWORD not in text
        assert self.address not in text
        return text

    def records(self, table: str = "orders") -> list[Record]:
        return read_manifest(self.lake).of_table("shop", table)

    def rows(self, table: str = "orders", columns: str = "* exclude (_file)") -> list[Any]:
        """The rows that count, in order: of committed loads, without those that were replaced."""
        records = read_manifest(self.lake).live_records("shop", table)
        return self._read([file.path for each in records for file in each.files], columns)

    def rejected(self, table: str = "orders") -> list[Any]:
        """column_name, reason and original text of every rejected row."""
        paths = [file.path for each in self.records(table) for file in each.rejected_files]
        return self._read(paths, "column_name, reason, original_text")

    def files(self) -> list[str]:
        """Every Parquet file and record of the lake: what a reader could stumble over."""
        found = [*self.lake.glob("**/*.parquet"), *self.lake.glob("raw/_manifest/*")]
        return sorted(path.relative_to(self.lake).as_posix() for path in found)

    def _read(self, paths: Sequence[str], columns: str) -> list[Any]:
        if not paths:
            return []
        files = [str(self.lake / path) for path in paths]
        with duckdb.connect() as connection:
            return connection.execute(
                f"select {columns} from read_parquet({files!r}, hive_partitioning = false) order by all"
            ).fetchall()
