"""From the API to staging: a row that came in many versions over many loads counts once, as its last."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.declaration.sources_file import load_sources_file
from ingest.lake.manifest import read_manifest
from ingest.run import ingest
from tests.conftest import Till, copy_project
from tests.parsed_projects import ParsedProjects
from till.demo.generate import generate
from till.demo.server import Behaviour, serve

PATIENT = Behaviour(rate=1e6, burst=1_000_000, fail_every=0)
# Twice while orders of the same days are paid, shipped and delivered, then all the rest.
MOMENTS = [dt.datetime(2025, 2, day) for day in (2, 4)]  # noqa: DTZ001 - UTC, as the API's
MOMENTS.append(dt.datetime(2026, 3, 1))  # noqa: DTZ001


@pytest.fixture(scope="module")
def made_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's folder, about 1,200 orders."""
    folder = tmp_path_factory.mktemp("made_demo")
    generate(folder, scale=0.05)
    return folder


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, made_demo: Path, dbt: Till, parsed: ParsedProjects
) -> Path:
    """The project with the webshop's staging views built after three loads."""
    project = copy_project(tmp_path_factory.mktemp("staging") / "project")
    parsed.lend("demo", project)
    for moment in MOMENTS:
        with serve(made_demo, port=0, until=moment, behaviour=PATIENT) as url:
            environ = {"TILL_DEMO_API": url}
            sources = load_sources_file(project / "ingest" / "sources.yml", environ)
            result = ingest(sources, project / "lake", project, only=["webshop"])
            assert result.failed == []
    done = dbt(
        project, "run", "--select", "path:models/staging/webshop", environ={"TILL_LAKE": "lake"}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return project


def ask(project: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(project / "lake" / "warehouse.duckdb"), read_only=True) as connection:
        connection.execute(f"set file_search_path = '{project}'")
        return connection.execute(sql).fetchall()


def schema_of(project: Path, view: str) -> str:
    """The view's full name, whatever schema the project puts staging into."""
    ((schema,),) = ask(
        project, f"select table_schema from information_schema.tables where table_name = '{view}'"
    )
    return f"{schema}.{view}"


def test_an_order_counts_once_and_as_it_stands_last(project: Path, made_demo: Path) -> None:
    staged = schema_of(project, "stg_webshop__orders")
    raw = sum(
        each.rows_loaded for each in read_manifest(project / "lake").of_table("webshop", "orders")
    )
    came = f"select order_id, order_status, updated_at from {staged}"
    made = f"select order_id, status, updated_at from '{made_demo / 'webshop' / 'orders.parquet'}'"
    differing = f"(({came}) except all ({made})) union all (({made}) except all ({came}))"
    assert ask(project, differing) == []
    assert raw > ask(project, f"select count(*) from {staged}")[0][0]  # there were versions


def test_lines_count_once(project: Path, made_demo: Path) -> None:
    staged = schema_of(project, "stg_webshop__order_lines")
    came = f"select order_id, line_id, quantity::integer, unit_price from {staged}"
    made = f"""
        select order_id, line.line_id, line.quantity, line.unit_price::decimal(18, 4)
        from (select *, unnest(lines) as line from '{made_demo / "webshop" / "orders.parquet"}')
    """
    differing = f"(({came}) except all ({made})) union all (({made}) except all ({came}))"
    assert ask(project, differing) == []


@pytest.mark.parametrize(
    ("view", "key"),
    [("customers", "customer_id"), ("products", "product_id"), ("events", "event_id")],
)
def test_every_other_row_counts_once(project: Path, made_demo: Path, view: str, key: str) -> None:
    staged = schema_of(project, f"stg_webshop__{view}")
    counts = f"select count(*), count(distinct {key}) from"
    made = made_demo / "webshop" / f"{view}.parquet"
    assert ask(project, f"{counts} {staged}") == ask(project, f"{counts} '{made}'")
