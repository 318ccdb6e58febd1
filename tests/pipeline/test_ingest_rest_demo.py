"""The demo's API, as difficult as it can be, loaded by the project's own sources file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.declaration.sources_file import load_sources_file
from ingest.lake.manifest import Record, read_manifest
from ingest.results import IngestResult, Patience
from ingest.run import ingest
from till.demo.server import DEFAULT_TOKEN, Behaviour, serve

ROOT = Path(__file__).resolve().parents[2]
TABLES = ["customers", "products", "orders", "orders__lines", "exchange_rates", "events"]
# Refuses every fourth request, drops two connections, and after five allows fifty a second. It says
# to come back in a second; the patience below shortens that.
DIFFICULT = Behaviour(rate=50, burst=5, fail_every=4, drops=frozenset({2, 9}))
ALL_DELIVERED = dt.datetime(2026, 3, 1)  # noqa: DTZ001 - the files hold the last state of each order
PATIENCE = Patience(attempts=12, backoff_seconds=0.001, longest_wait_seconds=0.03)


@dataclass(frozen=True)
class Loaded:
    lake: Path
    result: IngestResult
    records: list[Record]

    def read(self, table: str, columns: str = "*") -> str:
        """SQL over this table's rows in the lake."""
        files = [
            str(self.lake / file.path)
            for record in self.records
            for file in record.files
            if record.table_name == table
        ]
        return f"select {columns} from read_parquet({files!r}, hive_partitioning = false)"


def load(url: str, lake: Path, token: str = DEFAULT_TOKEN) -> Loaded:
    environ = {"TILL_DEMO_API": url, "TILL_DEMO_TOKEN": token}
    sources = load_sources_file(ROOT / "ingest" / "sources.yml", environ)
    result = ingest(sources, lake, ROOT, only=["webshop"], patience=PATIENCE)
    return Loaded(lake, result, read_manifest(lake).records)


@pytest.fixture(scope="module")
def difficult_url(small_demo: Path) -> Iterator[str]:
    with serve(small_demo, port=0, until=ALL_DELIVERED, behaviour=DIFFICULT) as url:
        yield url


@pytest.fixture(scope="module")
def loaded(difficult_url: str, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return load(difficult_url, tmp_path_factory.mktemp("difficult") / "lake")


def test_every_row_that_the_demo_has_is_loaded_once(
    loaded: Loaded, expected: dict[str, Any]
) -> None:
    resources = expected["resources"]
    planted = {name: resources[name]["rows"] for name in TABLES if name in resources}
    planted["orders__lines"] = resources["orders"]["children"]["lines"]
    assert loaded.result.failed == []
    assert {each.table_name: each.rows_loaded for each in loaded.result.tables} == planted
    assert {each.table_name: each.rows_read for each in loaded.records} == planted
    for table in TABLES:
        query = f"select count(*) from ({loaded.read(table)})"
        assert duckdb.sql(query).fetchall() == [(planted[table],)], table


@pytest.mark.parametrize(
    ("table", "served"),
    {
        "customers": "customer_id, name, email, country_code, signed_up_at, updated_at",
        "products": "product_id, name, category, unit_cost, unit_price, currency, updated_at",
        "orders": "order_id, kind, original_order_id, customer_id, ordered_at, country_code, "
        "channel, currency, status, updated_at",
        "exchange_rates": "rate_id, rate_date, currency, reporting_currency, rate, updated_at",
        "events": "event_id, event_type, occurred_at, customer_id, session_id, product_id, "
        "updated_at",
    }.items(),
)
def test_the_rows_hold_what_the_demo_served(
    loaded: Loaded, small_demo: Path, table: str, served: str
) -> None:
    came = loaded.read(table, served)
    types = {row[0]: row[1] for row in duckdb.sql(f"describe {came}").fetchall()}
    casts = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in types.items())
    made = f"select {casts} from '{small_demo / 'webshop' / f'{table}.parquet'}'"
    differing = f"(({came}) except all ({made})) union all (({made}) except all ({came}))"
    assert duckdb.sql(differing).fetchall() == []


def test_lines_carry_their_order_its_moment_and_their_place(
    loaded: Loaded, small_demo: Path
) -> None:
    columns = "order_id, updated_at, line_id, quantity, unit_price, discount_amount, _list_index"
    came = loaded.read("orders__lines", columns)
    made = f"""
        select
            order_id, updated_at, line.line_id, line.quantity::bigint,
            line.unit_price::decimal(18, 4), line.discount_amount::decimal(18, 4),
            line.line_number - 1
        from (select *, unnest(lines) as line from '{small_demo / "webshop" / "orders.parquet"}')
    """
    differing = f"(({came}) except all ({made})) union all (({made}) except all ({came}))"
    assert duckdb.sql(differing).fetchall() == []


def test_a_second_run_finds_nothing_new_and_leaves_no_record(
    loaded: Loaded, difficult_url: str
) -> None:
    again = load(difficult_url, loaded.lake)
    assert [(each.load_id, each.error) for each in again.result.tables] == [(None, None)] * 6
    assert [str(each) for each in again.result.tables] == [
        f"webshop.{table}: nothing new" for table in TABLES
    ]
    assert again.records == loaded.records


def test_a_wrong_token_is_told_by_the_variables_name_and_never_shown(
    difficult_url: str, tmp_path: Path
) -> None:
    refused = load(difficult_url, tmp_path / "lake", token="hush-hush-hush")
    assert len(refused.result.failed) == 5
    assert refused.records == []
    for each in refused.result.tables:
        assert "401 Unauthorized" in str(each.error)
        assert "TILL_DEMO_TOKEN" in str(each.error)
        assert "hush" not in str(each.error)
