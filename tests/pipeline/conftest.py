"""Demos and whole runs that several tests look at, each made once per session. Look, do not change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Till, copy_project
from tests.parsed_projects import ParsedProjects
from tests.pipeline.canary import canary, is_in
from tests.pipeline.order_history import OrderHistory
from tests.pipeline.postgres_lake import PostgresLake
from tests.pipeline.postgres_server import USER, PostgresServer, postgres_server
from till.demo.generate import generate

ONLINE_RETAIL_SOURCES = "examples/online_retail/sources.yml"


def run_online_retail(project: Path, folder: Path, till: Till, **environ: str) -> None:
    """`till run` over the CSV files of `folder`."""
    done = till(
        project,
        "run",
        "--sources",
        ONLINE_RETAIL_SOURCES,
        environ={"ONLINE_RETAIL_DIR": str(folder), **environ},
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def online_retail_project(
    tmp_path_factory: pytest.TempPathFactory,
    online_retail_dir: Path,
    till: Till,
    parsed: ParsedProjects,
) -> Path:
    """A copy of the project after one run over all of Online Retail."""
    project = copy_project(tmp_path_factory.mktemp("online_retail") / "project")
    parsed.lend("online_retail", project)
    run_online_retail(project, online_retail_dir, till)
    parsed.keep("online_retail", project)
    return project


@pytest.fixture(scope="session")
def demo_project(
    tmp_path_factory: pytest.TempPathFactory, till: Till, parsed: ParsedProjects
) -> Path:
    """A copy of the project after one run over the demo at scale 1, which the run itself makes."""
    project = copy_project(tmp_path_factory.mktemp("demo") / "project")
    parsed.lend("demo", project)
    done = till(project, "run", environ={"TILL_DEMO_TOKEN": canary("demo")})
    assert done.returncode == 0, done.stdout + done.stderr
    assert not is_in((done.stdout + done.stderr).encode())
    parsed.keep("demo", project)
    return project


@pytest.fixture(scope="session")
def small_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's folder: about 300 customers and 5,000 orders. To be read, never changed."""
    folder = tmp_path_factory.mktemp("small_demo")
    generate(folder, scale=0.2)
    return folder


@pytest.fixture(scope="session")
def expected(small_demo: Path) -> dict[str, Any]:
    """What the generator says it planted."""
    document: dict[str, Any] = json.loads((small_demo / "expected.json").read_text("utf-8"))
    return document


@pytest.fixture(scope="session")
def built_shop(tmp_path_factory: pytest.TempPathFactory) -> OrderHistory:
    """Three months, one order each, and one (C) that reaches from February into March."""
    shop = OrderHistory.start(tmp_path_factory.mktemp("shop") / "project")
    shop.load("customers", {"c.csv": ["'ann', 'ES', 'old'", "'bob', 'FR', 'old'"]})
    shop.load("rates", {"r.csv": ["'USD', date '2026-02-10', 0.5"]})
    shop.load(
        "lines",
        {
            "jan.csv": ["'A', 1, date '2026-01-05', 'ann', 'EUR', 10"],
            "feb.csv": [
                "'B', 1, date '2026-02-10', 'bob', 'USD', 20",
                "'C', 1, date '2026-02-28', 'bob', 'EUR', 30",
                "'C', 2, date '2026-03-01', 'bob', 'EUR', 40",
            ],
            "mar.csv": ["'D', 1, date '2026-03-07', null, 'EUR', 50"],
        },
    )
    shop.build()
    return shop


@pytest.fixture
def shop(built_shop: OrderHistory, tmp_path: Path) -> OrderHistory:
    return built_shop.copy_to(tmp_path / "project")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server. Each test makes what it needs in a schema of its own."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def shop_database(postgres: PostgresServer, tmp_path: Path) -> Iterator[PostgresLake]:
    """An empty schema that the shop's user may read, and a lake for it."""
    lake = PostgresLake(tmp_path / "shop", postgres, "counter")
    postgres.run(
        "create schema counter",
        f"grant usage on schema counter to {USER}",
        f"alter default privileges in schema counter grant select on tables to {USER}",
    )
    yield lake
    postgres.run("drop schema counter cascade")
