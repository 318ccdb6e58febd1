"""Files of any kind in a folder, declared in a sources file, loaded by the real ingest and read back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from tests.pipeline.csv_shop import CsvShop

COLUMNS: tuple[dict[str, Any], ...] = ({"name": "id"}, {"name": "amount", "type": "integer"})


@dataclass
class FileDrops(CsvShop):
    """A `CsvShop` whose files are of another `kind`."""

    kind: str = "csv"

    def declare_table(self, columns: Any = COLUMNS, **more: Any) -> None:
        """Write sources.yml: one source `shop` with one table `sales` over drops/."""
        table = {"name": "sales", "path": "drops", "max_rejected": 1.0, "columns": list(columns)}
        source = {"name": "shop", "kind": self.kind, "tables": [{**table, **more}]}
        document = {"version": 1, "sources": [source]}  # JSON is YAML too
        (self.folder / "sources.yml").write_text(json.dumps(document), encoding="utf-8")

    def drop_parquet(self, name: str, select: str, options: str = "") -> Path:
        """Let DuckDB write what `select` gives; `options` are those of its COPY."""
        path = self.drop(name, b"")
        duckdb.connect().execute(f"copy ({select}) to '{path}' (format parquet{options})")
        return path
