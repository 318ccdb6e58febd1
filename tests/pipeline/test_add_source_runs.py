"""What `till add-source` writes runs without an edit: csv_spectrum, Online Retail by day, the demo's API."""

from __future__ import annotations

import csv
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from ruamel.yaml import YAML

from tests.conftest import Till, copy_project
from tests.pipeline.add_source_command import Command
from tests.pipeline.demo_client import PATIENT, read_all
from till.demo.server import DEFAULT_TOKEN, serve

DAYS = ("2010-12-01.csv", "2011-12-09.csv")
TOKEN = "SHOP_TOKEN"


HOSTILE = [
    "order", "select", '"quoted"', "it's", "{{ evil }}", "{% raw %}", 'a"; drop table x; --',
    "line\nbreak", "x" * 200, "x" * 201, "Ärger", "AERGER", "ärger", "😀", "1st", "_file", "_load_id",
    "a,b", "true", "null", "#c", " lead", "a:b", "- x", "[1]", "{x: y}", "&anchor", "*alias", "!tag",
    "%", "\\n back", "tab\there", "column", "Column", "COLUMN", "group", "_index", "*/",
]  # fmt: skip


@pytest.fixture(scope="module")
def api(small_demo: Path) -> Iterator[str]:
    with serve(small_demo, port=0, behaviour=PATIENT) as url:
        yield url


@pytest.fixture(scope="module")
def spectrum(test_data: Path) -> dict[str, Path]:
    """Each file of csv_spectrum, by the name of its source."""
    found = {}
    for folder in ("csvs", "csvs_true_crlf"):
        for path in sorted((test_data / "csv_spectrum" / folder).glob("*.csv")):
            found[f"{folder}_{path.stem}"] = path
    assert len(found) == 15
    return found


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory,
    spectrum: dict[str, Path],
    online_retail_dir: Path,
    api: str,
    till: Till,
    dbt: Till,
) -> Path:
    """A copy of the project with all of them added, checked, loaded and built."""
    root = copy_project(tmp_path_factory.mktemp("added") / "project")
    retail = root / "data" / "retail"
    retail.mkdir(parents=True)
    for name in DAYS:
        shutil.copyfile(online_retail_dir / name, retail / name)
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("TILL_LAKE", "DO_NOT_TRACK", "DBT_SEND_ANONYMOUS_USAGE_STATS"):
            patch.setenv(variable, os.environ.get(variable, "lake"))
        patch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
        patch.setenv(TOKEN, DEFAULT_TOKEN)
        add = Command(root, patch)
        add("retail", "data/retail", "--without-demo", "--currency", "GBP", "--channel", "web",
            "--timezone", "Europe/London")  # fmt: skip
        for name, path in spectrum.items():
            target = root / "data" / name / path.name
            target.parent.mkdir()
            shutil.copyfile(path, target)
            add(name, f"data/{name}")
        with (root / "data" / "hostile.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([HOSTILE, *hostile_rows()])
        add("hostile", "data/hostile.csv")
        add("web", f"{api}/v1", "--path", "/orders", "--path", "/customers", "--path",
            "/exchange_rates", "--token-env", TOKEN, "--cursor-param", "updated_since")  # fmt: skip
    environ = {TOKEN: DEFAULT_TOKEN}
    for command in (["check"], ["ingest"]):
        done = till(root, *command, environ=environ)
        assert done.returncode == 0, done.stdout + done.stderr
    done = dbt(root, "build", "--quiet", "--indirect-selection", "cautious", "--select", "staging",
               "intermediate.web", environ=environ)  # fmt: skip
    assert done.returncode == 0, done.stdout
    return root


def hostile_rows() -> list[list[str]]:
    return [[str(place) for place in range(len(HOSTILE))], ["x"] * len(HOSTILE)]


def rows(project: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(project / "lake" / "warehouse.duckdb"), read_only=True) as warehouse:
        warehouse.execute(f"set file_search_path = '{project}'")
        return warehouse.execute(query).fetchall()


def test_each_row_of_csv_spectrum_is_staged_as_it_is(
    project: Path, spectrum: dict[str, Path]
) -> None:
    for name, path in spectrum.items():
        with path.open(encoding="utf-8", newline="") as file:
            header, *wanted = csv.reader(file)
        found = rows(
            project,
            "select table_name from information_schema.tables "
            f"where table_schema = 'staging' and starts_with(table_name, 'stg_{name}__')",
        )
        (only,) = [each[0] for each in found]
        staged = rows(
            project, f"select columns(c -> c not in ('_load_id', '_loaded_at')) from staging.{only}"
        )
        assert len(header) == len(staged[0]), name
        as_text = [tuple("" if each is None else str(each) for each in row) for row in staged]
        assert Counter(as_text) == Counter(tuple(row) for row in wanted), name


def test_hostile_headers_end_in_models_that_run(project: Path) -> None:
    staged = rows(project, "from staging.stg_hostile__rows")
    assert sorted(list(row[: len(HOSTILE)]) for row in staged) == sorted(hostile_rows())
    declared = YAML(typ="safe").load((project / "ingest" / "sources.yml").read_text("utf-8"))
    (source,) = (each for each in declared["sources"] if each["name"] == "hostile")
    columns = source["tables"][0]["columns"]
    assert [each.get("header", each["name"]) for each in columns] == HOSTILE


def test_every_line_of_the_days_is_an_order_line(project: Path) -> None:
    wanted: Counter[tuple[str, str, str, Decimal, Decimal]] = Counter()
    for name in DAYS:
        with (project / "data" / "retail" / name).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                quantity, price = Decimal(row["Quantity"]), Decimal(row["UnitPrice"])
                customer = row["CustomerID"].removesuffix(".0")
                wanted[row["InvoiceNo"], row["StockCode"], customer, quantity, price] += 1
    found = rows(
        project,
        "select order_id, product_id, coalesce(customer_id, ''), quantity, unit_price, count(*) "
        "from staging.stg_retail__sales group by all",
    )
    assert {row[:5]: row[5] for row in found} == wanted
    currencies = rows(project, "select distinct currency, channel from staging.stg_retail__sales")
    assert currencies == [("GBP", "web")]
    (first,) = rows(project, "select min(ordered_at) from staging.stg_retail__sales")[0]
    assert first.isoformat() == "2010-12-01T08:26:00"  # London is on UTC in December


def test_every_line_of_the_api_is_an_order_line_with_what_its_order_says(
    project: Path, api: str
) -> None:
    orders = read_all(api, "orders", limit=1000)
    wanted = {
        f"{order['order_id']}:{line['line_id']}": (
            order["customer_id"],
            order["currency"],
            line["product_id"],
            Decimal(str(line["unit_price"])),
        )
        for order in orders
        for line in order["lines"]
    }
    found = rows(
        project,
        "select order_line_id, customer_id, currency, product_id, unit_price, set_aside_reason "
        "from intermediate.int_web_orders_lines_joined",
    )
    assert {row[0]: row[1:5] for row in found} == wanted
    assert {row[5] for row in found} == {None}
    assert len(found) == len(wanted)


def test_a_second_load_brings_nothing_twice(project: Path, till: Till) -> None:
    done = till(project, "ingest", environ={TOKEN: DEFAULT_TOKEN})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "retail.sales: nothing new" in done.stdout
