"""A lake that follows a database of a real PostgreSQL."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.declaration.sources_file import SourcesFile, load_sources_file
from ingest.dry_run import plan
from ingest.lake.manifest import Record, read_manifest
from ingest.plans import TablePlan
from ingest.results import IngestResult
from ingest.run import ingest
from tests.pipeline.postgres_server import PostgresServer

ORDERS = """
create table orders (
    order_id integer primary key, status text, amount numeric(18, 2), note text, paid boolean
)
"""
ORDER_COLUMNS = (
    {"name": "order_id", "type": "integer", "nullable": False},
    {"name": "status", "nullable": False},
    {"name": "amount", "type": "decimal(18,2)"},
    {"name": "note"},
    {"name": "paid", "type": "boolean"},
)
LONG = "long value that is not compressed away: " + "".join(
    uuid.uuid5(uuid.NAMESPACE_OID, str(number)).hex for number in range(300)
)


@dataclass
class CdcLake:
    """`folder` holds a sources file with one source `shop` that follows `database`, and the lake."""

    folder: Path
    server: PostgresServer
    database: str
    user: str = "postgres"
    password: str = "s3cret-of-the-tests"
    said: list[str] = field(default_factory=list)

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    @property
    def slot(self) -> str:
        return f"slot_{self.database}"

    def run(self, *statements: str) -> list[Any]:
        """What the shop does in its database, each statement a transaction."""
        with self.server.session(self.database) as session:
            return session.run(*statements)

    def declare(self, *tables: Mapping[str, Any], **source: Any) -> None:
        """Write the sources file; without tables, the orders. JSON is YAML."""
        block = {
            "name": "shop",
            "kind": "postgres_cdc",
            "connection": "${SHOP_DATABASE_URL}",
            "slot": self.slot,
            "tables": list(tables) or [orders_table()],
            **source,
        }
        block = {name: value for name, value in block.items() if value is not None}
        self.folder.mkdir(parents=True, exist_ok=True)
        document = {"version": 1, "sources": [block]}
        (self.folder / "sources.yml").write_text(json.dumps(document), encoding="utf-8")

    @property
    def address(self) -> str:
        return self.server.uri(self.database, self.user, self.password)

    def sources(self) -> SourcesFile:
        return load_sources_file(self.folder / "sources.yml", {"SHOP_DATABASE_URL": self.address})

    def ingest(self, *only: str, reload: bool = False) -> IngestResult:
        return ingest(self.sources(), self.lake, self.folder, only, self.said.append, reload=reload)

    def load(self, *only: str, reload: bool = False) -> None:
        """Ingest, which must succeed."""
        failed = [str(each.error) for each in self.ingest(*only, reload=reload).failed]
        assert failed == [], failed

    def refused(self, *only: str) -> str:
        """Ingest, expecting that one table fails; gives the sentence, which shows no secret."""
        (failed,) = self.ingest(*only).failed
        assert self.password not in str(failed.error)
        return str(failed.error)

    def plans(self, *, reload: bool = False) -> list[TablePlan]:
        return plan(self.sources(), self.lake, self.folder, reload=reload)

    def records(self, table: str = "orders") -> list[Record]:
        return read_manifest(self.lake).of_table("shop", table)

    def changes(self, columns: str, table: str = "orders") -> list[Any]:
        """The changes that count, in their order."""
        records = read_manifest(self.lake).live_records("shop", table)
        return self._read([file.path for each in records for file in each.files], columns)

    def operations(self, table: str = "orders") -> list[Any]:
        """Operation and key of each change."""
        return self.changes("_operation, order_id", table)

    def rejected(self, table: str = "orders") -> list[Any]:
        paths = [file.path for each in self.records(table) for file in each.rejected_files]
        return self._read(paths, "column_name, reason, original_text", order="all")

    def current(self) -> list[Any]:
        """The orders as the change log says they are, by replaying it one by one."""
        now: dict[int, tuple[Any, ...]] = {}
        columns = "_operation, _unchanged, order_id, status, amount, note, paid"
        moved = None
        for operation, unchanged, *row in self.changes(columns):
            if operation == "truncate":
                now.clear()
            elif operation == "delete":
                moved = now.pop(row[0], None)
            else:
                # A new row with values that were left out is one whose key was changed.
                known = moved if operation == "insert" else now.get(row[0])
                left_out = (unchanged or "").split(",")
                names = [column["name"] for column in ORDER_COLUMNS]
                now[row[0]] = tuple(
                    known[place] if known and name in left_out else value
                    for place, (name, value) in enumerate(zip(names, row, strict=True))
                )
        return sorted(now.values())

    def in_database(self) -> list[Any]:
        """The orders as they are in the database."""
        return [
            tuple(row)
            for row in self.run(
                "select order_id::bigint, status, amount::text, note, paid from orders order by 1"
            )
        ]

    def same(self) -> bool:
        """Whether both are alike, amounts as text."""
        mine = [(row[0], row[1], _text(row[2]), row[3], row[4]) for row in self.current()]
        return mine == self.in_database()

    def confirmed(self) -> str:
        """How far the slot has been moved."""
        ((found,),) = self.run(
            "select confirmed_flush_lsn::text from pg_replication_slots "
            f"where slot_name = '{self.slot}'"
        )
        return str(found)

    def _read(self, paths: list[str], columns: str, order: str = "_lsn, _position") -> list[Any]:
        if not paths:
            return []
        files = [str(self.lake / path) for path in paths]
        with duckdb.connect() as connection:
            return connection.execute(
                f"select {columns} from read_parquet({files!r}, hive_partitioning = false, "
                f"union_by_name = true) order by {order}"
            ).fetchall()


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def orders_table(**changes: Any) -> dict[str, Any]:
    """A block of the sources file."""
    return {"name": "orders", "key": ["order_id"], "columns": list(ORDER_COLUMNS), **changes}


@pytest.fixture
def shop(postgres: PostgresServer, tmp_path: Path) -> Iterator[CdcLake]:
    """A database with an empty table of orders, declared and not yet loaded."""
    shop = CdcLake(tmp_path / "shop", postgres, "postgres")
    shop.run(ORDERS)
    shop.declare()
    yield shop
    # A database for each test would cost seconds.
    shop.run(
        "select pg_drop_replication_slot(slot_name) from pg_replication_slots",
        "drop publication if exists till_shop",
        "drop schema public cascade",
        "create schema public",
    )
