"""A lake that is filled from an API by the real ingest, and read back as dbt's views read it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from ingest.declaration.sources_file import SourcesFile, load_sources_file
from ingest.lake.manifest import Record, read_manifest
from ingest.results import IngestResult, Patience, TableResult, Window
from ingest.run import ingest

TOKEN = "s3cret-token-of-the-tests"
HURRIED = Patience(
    attempts=3,
    backoff_seconds=0.001,
    longest_wait_seconds=0.01,
    connect_seconds=5,
    answer_seconds=5,
)

ORDER_COLUMNS: tuple[dict[str, Any], ...] = (
    {"name": "order_id"},
    {"name": "status"},
    {"name": "amount", "type": "decimal(18,2)"},
    {"name": "updated_at", "type": "timestamp"},
)


def orders_table(**changes: Any) -> dict[str, Any]:
    """A block of the sources file: orders without a cursor, unless `changes` say otherwise."""
    block: dict[str, Any] = {
        "name": "orders",
        "path": "/orders",
        "data_selector": "data",
        "key": ["order_id"],
        "columns": list(ORDER_COLUMNS),
        **changes,
    }
    return {name: value for name, value in block.items() if value is not None}


def order(
    number: int, updated_at: str | None = "2025-03-01T10:00:00Z", **changes: Any
) -> dict[str, Any]:
    """A record that fits `orders_table`."""
    return {
        "order_id": f"A{number}",
        "status": "paid",
        "amount": f"{number}.50",
        "updated_at": updated_at,
        **changes,
    }


@dataclass
class RestLake:
    """`folder` holds the sources file and the lake."""

    folder: Path
    said: list[str] = field(default_factory=list)

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    @property
    def sources_file(self) -> Path:
        return self.folder / "sources.yml"

    def declare(self, url: str, *tables: Mapping[str, Any], **source: Any) -> None:
        """Write the sources file: one API called `web` with cursor pages and a token. JSON is YAML."""
        block = {
            "name": "web",
            "kind": "rest_api",
            "base_url": url,
            "auth": {"type": "bearer", "token": "${SHOP_TOKEN}"},
            "pagination": {
                "type": "cursor",
                "cursor_path": "next_cursor",
                "cursor_param": "cursor",
            },
            "tables": list(tables),
            **source,
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        document = {"version": 1, "sources": [block]}
        self.sources_file.write_text(json.dumps(document), encoding="utf-8")

    def sources(self) -> SourcesFile:
        """The sources file, with the token from the environment."""
        return load_sources_file(self.sources_file, {"SHOP_TOKEN": TOKEN})

    def ingest(
        self,
        patience: Patience = HURRIED,
        *,
        reload: bool = False,
        window: Window | None = None,
        only: Sequence[str] = (),
    ) -> IngestResult:
        """Load what is new; with `reload`, everything again; with `window`, its days."""
        return ingest(
            self.sources(),
            self.lake,
            self.folder,
            only,
            on_progress=self.said.append,
            patience=patience,
            reload=reload,
            window=window,
        )

    def ingest_one(self, patience: Patience = HURRIED) -> TableResult:
        """Load the only table; children do not count."""
        return self.ingest(patience).tables[0]

    def refused(self, patience: Patience = HURRIED) -> str:
        """The error of the only table, which must have one and leave nothing behind."""
        (result,) = self.ingest(patience).tables
        assert result.error is not None
        assert result.load_id is None
        assert self.files() == []
        assert TOKEN not in str(result.error)
        return str(result.error)

    def records(self, table: str = "orders") -> list[Record]:
        return read_manifest(self.lake).of_table("web", table)

    def rows(self, table: str = "orders", columns: str = "* exclude (_file)") -> list[Any]:
        """The rows that count, in order: of committed loads, without those that were replaced."""
        live = read_manifest(self.lake).live_inputs("web", table)
        parts = []
        for record in self.records(table):
            inputs = [each.input.path for each in live if each.load_id == record.load_id]
            if inputs and record.files:
                files = [str(self.lake / file.path) for file in record.files]
                parts.append(
                    f"select * from read_parquet({files!r}, hive_partitioning = false) "
                    f"where _file in {inputs!r}"
                )
        if not parts:
            return []
        with duckdb.connect() as connection:
            found = connection.execute(
                f"select {columns} from ({' union all by name '.join(parts)})"
            )
            return sorted(found.fetchall(), key=str)

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
                f"select {columns} from read_parquet({files!r}, hive_partitioning = false, "
                "union_by_name = true) order by all"
            ).fetchall()
