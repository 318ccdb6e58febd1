"""The questions of `analyses/` compile, run on the demo's marts, and answer in the columns they describe."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from tests.conftest import ROOT, Till

QUESTIONS = sorted(path.stem for path in (ROOT / "analyses").glob("*.sql"))


@pytest.fixture(scope="module")
def compiled(demo_project: Path, dbt: Till, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the questions as SQL without Jinja."""
    target = tmp_path_factory.mktemp("target")
    done = dbt(
        demo_project,
        *("compile", "--select", "path:analyses", "--target-path", str(target), "--quiet"),
        environ={
            "TILL_LAKE": "lake",
            "DBT_PARTIAL_PARSE_FILE_PATH": str(demo_project / "target" / "partial_parse.msgpack"),
        },
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return target / "compiled" / "tillhouse" / "analyses"


@pytest.fixture(scope="module")
def warehouse(demo_project: Path) -> Any:
    """The demo's warehouse, read only. Its views name the marts' files from the project's folder on."""
    connection = duckdb.connect(demo_project / "lake" / "warehouse.duckdb", read_only=True)
    connection.execute("set file_search_path = ?", [str(demo_project)])
    yield connection
    connection.close()


def answer(warehouse: Any, compiled: Path, question: str) -> list[dict[str, Any]]:
    """Every row of the answer, by column."""
    result = warehouse.execute((compiled / f"{question}.sql").read_text())
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_answered_in_the_columns_described(
    question: str, compiled: Path, warehouse: Any
) -> None:
    (described,) = yaml.safe_load((ROOT / "analyses" / f"{question}.yml").read_text())["analyses"]
    assert described["name"] == question
    assert described["description"].startswith("One row per ")
    assert all(column["description"].strip() for column in described["columns"])
    rows = answer(warehouse, compiled, question)
    assert rows, f"{question} has no answer on the demo"
    assert list(rows[0]) == [column["name"] for column in described["columns"]]


def test_the_readme_lists_every_question() -> None:
    readme = (ROOT / "analyses" / "README.md").read_text()
    assert [name for name in QUESTIONS if f"[{name}]({name}.sql)" not in readme] == []


def test_the_price_rise_of_the_demo_is_found(compiled: Path, warehouse: Any) -> None:
    """Prices rose on 1 January 2025 (docs/guides/demo.md), by a few per cent."""
    changes = answer(warehouse, compiled, "price_change_effects")
    planted = [row for row in changes if row["changed_month"] == dt.date(2025, 1, 1)]
    assert len(planted) > 100
    assert all(0 < row["price_change_pct"] < 10 for row in planted)
    assert len(planted) > 0.9 * len(changes)


def test_a_cohort_is_measured_over_its_first_180_days(compiled: Path, warehouse: Any) -> None:
    """The whole answer once more, customer by customer."""
    orders = warehouse.execute(
        "select customer_key, order_date, gross_revenue from marts.fct_orders"
        " where is_completed and customer_key is not null"
    ).fetchall()
    by_customer = defaultdict(list)
    for customer, day, revenue in orders:
        by_customer[customer].append((day, revenue))
    cohorts: dict[dt.date, list[list[tuple[dt.date, Decimal]]]] = defaultdict(list)
    for bought in by_customer.values():
        first = min(day for day, _ in bought)
        early = [one for one in bought if one[0] <= first + dt.timedelta(days=180)]
        cohorts[first.replace(day=1)].append(early)
    as_of = max(day for _, day, _ in orders)
    expected = {
        month: (
            len(customers),
            sum(len(bought) for bought in customers),
            sum(revenue for bought in customers for _, revenue in bought),
            sum(len({day for day, _ in bought}) > 1 for bought in customers),
        )
        for month, customers in cohorts.items()
        if (month + dt.timedelta(days=31)).replace(day=1) + dt.timedelta(days=179) <= as_of
    }
    rows = answer(warehouse, compiled, "cohorts_by_value")
    found = {
        row["cohort_month"]: (
            row["customers"],
            round(row["orders_per_customer"] * row["customers"]),
            round(row["repeat_rate"] * row["customers"]),
        )
        for row in rows
    }
    assert found == {month: (one[0], one[1], one[3]) for month, one in expected.items()}
    for row in rows:
        assert abs(row["gross_revenue"] - expected[row["cohort_month"]][2]) <= Decimal("0.005")


def test_the_places_of_returns_make_the_whole(compiled: Path, warehouse: Any) -> None:
    ((returned,),) = warehouse.execute(
        "select sum(returns_amount) from marts.product_kpis"
    ).fetchall()
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    shares: dict[str, float] = defaultdict(float)
    for row in answer(warehouse, compiled, "sources_of_returns"):
        amounts[row["place_kind"]] += row["returns_amount"]
        shares[row["place_kind"]] += row["share_of_returns"]
    assert dict(amounts) == dict.fromkeys(("channel", "country", "category", "product"), returned)
    assert all(abs(share - 1) < 1e-9 for share in shares.values())


def test_only_customers_with_a_habit_are_late(compiled: Path, warehouse: Any) -> None:
    rows = answer(warehouse, compiled, "customers_about_to_leave")
    assert {row["silence"] for row in rows} == {"late", "gone silent"}
    assert all((row["gaps_missed"] >= 6) == (row["silence"] == "gone silent") for row in rows)
    ((late,),) = warehouse.execute(
        "select count(*) from marts.customer_kpis"
        " where order_days >= 3 and recency_days >= 2.95 * mean_days_between_orders"
    ).fetchall()
    assert len(rows) == late


def test_pairs_are_bought_together_more_than_by_chance(compiled: Path, warehouse: Any) -> None:
    rows = answer(warehouse, compiled, "products_bought_together")
    assert len({row["product_key"] for row in rows}) == 20
    assert all(row["lift"] > 1 and row["orders_together"] >= 5 for row in rows)
    one = rows[0]
    ((together,),) = warehouse.execute(
        "select count(*) from (select order_key from marts.fct_order_lines"
        " where product_key in (?, ?) and line_type = 'merchandise' and line_status = 'completed'"
        " group by order_key having count(distinct product_key) = 2)",
        [one["product_key"], one["other_product_key"]],
    ).fetchall()
    assert one["orders_together"] == together
