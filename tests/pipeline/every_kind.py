"""One shop's sales, delivered through each kind of source: what holds for all kinds is tested over all.

Whatever the kind, a sale is a dictionary; `put` brings more of them to where the source is asked, and their
names are then the columns that are there.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.declaration.sources_file import load_sources_file
from ingest.lake.compactions import stored_rows
from ingest.lake.manifest import Record, read_manifest
from ingest.results import Meter, TableResult
from ingest.run import ingest
from tests.pipeline.postgres_server import PostgresServer
from tests.pipeline.rest_lake import HURRIED
from tests.pipeline.scripted_api import page, scripted_api
from tests.pipeline.workbooks import Sheet, xlsx

FILES = ("csv", "parquet", "json", "excel", "events")
KINDS = (*FILES, "rest_api", "postgres", "postgres_cdc", "kinesis")
# Those where a column is there or is not, whatever the rows; the others have values with names.
WITH_COLUMNS = ("csv", "parquet", "excel", "postgres", "postgres_cdc")
COLUMNS: tuple[dict[str, Any], ...] = ({"name": "id"}, {"name": "amount", "type": "integer"})

Sale = dict[str, Any]


@dataclass
class Shop:
    """`folder` holds the sources file and the lake; `source` and `table` are what the kind wants besides."""

    kind: str
    folder: Path
    source: dict[str, Any]
    table: dict[str, Any]
    put: Callable[[Sequence[Sale]], None]
    environ: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    def declare(self, *columns: dict[str, Any], **settings: Any) -> None:
        """Write the sources file: the source `shop` with the table `sales`. JSON is YAML."""
        table = {"name": "sales", "key": ["id"], "max_rejected": 1.0, **self.table}
        table |= {"columns": list(columns or COLUMNS), **settings}
        source = {"name": "shop", "kind": self.kind, **self.source, "tables": [table]}
        document = {"version": 1, "sources": [source]}
        (self.folder / "sources.yml").write_text(json.dumps(document), encoding="utf-8")

    def ingest(self, meters: list[Meter] | None = None, **options: Any) -> TableResult:
        (result,) = ingest(
            load_sources_file(self.folder / "sources.yml", self.environ),
            self.lake,
            self.folder,
            on_progress=self.said.append,
            on_start=(meters if meters is not None else []).append,
            patience=HURRIED,
            **options,
        ).tables
        return result

    def load(self, **options: Any) -> TableResult:
        """Ingest, which must succeed."""
        result = self.ingest(**options)
        assert result.error is None, str(result.error)
        return result

    def refused(self) -> str:
        """Ingest, which must fail and load nothing of what is new; gives the sentence."""
        before = self.rows()
        result = self.ingest()
        assert result.error is not None
        assert self.rows() == before
        return str(result.error)

    def records(self) -> list[Record]:
        return read_manifest(self.lake).of_table("shop", "sales")

    def rows(self, columns: str = "id, amount") -> list[tuple[Any, ...]]:
        """The rows that count, sorted as text."""
        live = read_manifest(self.lake).live_records("shop", "sales")
        parts = [rows for each in live if (rows := stored_rows(self.lake, [each]))]
        if not parts:
            return []
        with duckdb.connect() as connection:
            found = connection.execute(
                f"select {columns} from ({' union all by name '.join(f'from {each}' for each in parts)})"
            ).fetchall()
        return sorted(found, key=str)

    def rejected(self) -> list[tuple[Any, ...]]:
        """column_name and reason of every rejected row."""
        paths = [str(self.lake / f.path) for each in self.records() for f in each.rejected_files]
        if not paths:
            return []
        with duckdb.connect() as connection:
            return connection.execute(
                "select column_name, reason from read_parquet($1, union_by_name = true, "
                "hive_partitioning = false) order by all",
                [paths],
            ).fetchall()


@contextmanager
def shop_of(kind: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[Shop]:
    """A shop whose sales come through a source of this kind; nothing is there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as ends:
        if kind in FILES:
            (folder / "drops").mkdir()
            yield Shop(kind, folder, {}, {"path": "drops"}, _Drops(kind, folder / "drops"))
        elif kind == "rest_api":
            records: list[Sale] = []
            api = ends.enter_context(scripted_api(lambda asked: page(records)))
            table = {"path": "/sales", "data_selector": "data"}
            yield Shop(kind, folder, {"base_url": api.url}, table, records.extend)
        elif kind == "kinesis":
            yield _stream(folder, request, ends)
        else:
            yield _database(kind, folder, request.getfixturevalue("postgres"), ends)


def _stream(folder: Path, request: pytest.FixtureRequest, ends: ExitStack) -> Shop:
    boto3 = pytest.importorskip("boto3")
    stream_lake = pytest.importorskip("tests.pipeline.stream_lake")
    url, _ = ends.enter_context(stream_lake.kinesis())
    patched = ends.enter_context(pytest.MonkeyPatch.context())
    for name, value in stream_lake.KEYS.items():
        patched.setenv(name, value)
    region = stream_lake.REGION
    client = boto3.session.Session().client("kinesis", region_name=region, endpoint_url=url)
    lake = stream_lake.StreamLake(folder, url, client, f"sales-{uuid.uuid4().hex[:8]}")
    lake.create()
    source = {"stream": lake.stream, "region": region, "endpoint_url": url}
    return Shop("kinesis", folder, source, {}, lambda sales: lake.put(*sales))


def _database(kind: str, folder: Path, server: PostgresServer, ends: ExitStack) -> Shop:
    schema = f"every_{kind}"
    server.run(f"drop schema if exists {schema} cascade", f"create schema {schema}")
    source = {"connection": "${SHOP_DATABASE_URL}"}
    environ = {"SHOP_DATABASE_URL": server.uri()}
    table = _Table(server, f"{schema}.sales")
    # What is said last is done first: a slot goes before the tables whose changes it delivers.
    ends.callback(server.run, f"drop schema {schema} cascade")
    if kind == "postgres_cdc":
        slot = f"slot_{uuid.uuid4().hex[:8]}"
        source |= {"slot": slot, "publication": slot}
        ends.callback(
            server.run,
            f"select pg_drop_replication_slot(slot_name) from pg_replication_slots "
            f"where slot_name = '{slot}'",
            f"drop publication if exists {slot}",
        )
    return Shop(kind, folder, source, {"table": table.name}, table, environ)


@dataclass
class _Drops:
    """Each delivery is a file."""

    kind: str
    folder: Path
    files: int = 0

    def __call__(self, sales: Sequence[Sale]) -> None:
        self.files += 1
        names = list(dict.fromkeys(name for sale in sales for name in sale))
        if self.kind in ("json", "events"):
            content = "".join(json.dumps(sale) + "\n" for sale in sales).encode()
            self._write("jsonl", content)
        elif self.kind == "csv":
            lines = [names, *([str(sale.get(name, "")) for name in names] for sale in sales)]
            self._write("csv", "".join(",".join(line) + "\n" for line in lines).encode())
        elif self.kind == "excel":
            rows: list[list[Any]] = [
                list(names),
                *([sale.get(name) for name in names] for sale in sales),
            ]
            self._write("xlsx", xlsx(Sheet("Sales", rows)))
        else:
            rows_sql = " union all by name ".join(
                "select "
                + ", ".join(f'{_literal(value)} as "{name}"' for name, value in sale.items())
                for sale in sales
            )
            target = self.folder / f"{self.files}.parquet"
            duckdb.execute(f"copy ({rows_sql}) to '{target}' (format parquet)")

    def _write(self, ending: str, content: bytes) -> None:
        (self.folder / f"{self.files}.{ending}").write_bytes(content)


@dataclass
class _Table:
    """A table of a database, whose columns become those of what is put."""

    server: PostgresServer
    name: str
    columns: dict[str, str] = field(default_factory=dict)

    def __call__(self, sales: Sequence[Sale]) -> None:
        wanted = {name: _server_type(value) for sale in sales for name, value in sale.items()}
        if not self.columns:
            self.server.run(f"create table {self.name} (id text primary key)")
            self.columns = {"id": "text"}
        new = [
            f'add column "{name}" {kind}'
            for name, kind in wanted.items()
            if name not in self.columns
        ]
        gone = [f'drop column "{name}"' for name in self.columns if name not in wanted]
        if new or gone:
            self.server.run(f"alter table {self.name} {', '.join([*new, *gone])}")
        self.columns = wanted
        for sale in sales:
            names = ", ".join(f'"{name}"' for name in sale)
            values = ", ".join(_literal(value) for value in sale.values())
            self.server.run(f"insert into {self.name} ({names}) values ({values})")


def _server_type(value: object) -> str:
    return "text" if isinstance(value, str) else "integer" if isinstance(value, int) else "numeric"


def _literal(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)
