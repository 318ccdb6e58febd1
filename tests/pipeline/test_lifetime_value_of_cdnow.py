"""CDNOW's purchases through the whole house: the marts say what Fader, Hardie and Lee published."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import Till
from tests.parsed_projects import ParsedProjects
from tests.pipeline.small_shop import SmallShop, make_small_shop

HEADER = (
    "receipt_no,purchase_date,client_id,sku,product,category,quantity,unit_price,discount,currency"
)


def write_purchases(sample: Path, target: Path) -> None:
    """Weeks 1 to 39 as a till's export.

    Eight customers bought once, for 0 dollars. Published, these are purchases; here a line without a price
    is void, so they pay a cent. It is a first purchase, whose value no model looks at.
    """
    with target.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(HEADER.split(","))
        for number, line in enumerate(sample.read_text().splitlines()):
            _, customer, day, _, dollars = line.split()
            if day > "19970930":
                continue
            when = f"{day[:4]}-{day[4:6]}-{day[6:]} 12:00:00"
            price = "0.01" if dollars == "0.00" else dollars
            goods = ("CD", "Compact disc", "Music", 1, price, "0.00", "EUR")
            rows.writerow((f"R{number}", when, customer, *goods))


@dataclass(frozen=True)
class Lakes:
    """One copy of the project, with a lake for each set of purchases.

    They are made under one name: with another, dbt would parse all of its files again.
    """

    shop: SmallShop
    till: Till
    dbt: Till

    def build(self, lake: str) -> str:
        """Build customer_lifetime_value with all that it needs, and name the lake; gives what dbt said."""
        environ = {"TILL_LAKE": "lake"}
        selected = ("--select", "+customer_lifetime_value", "--indirect-selection", "cautious")
        without = ("--exclude-resource-type", "unit_test", "--vars", "{active_sources: [shop]}")
        built = self.dbt(self.shop.root, "build", *selected, *without, environ=environ)
        assert built.returncode == 0, built.stdout
        (self.shop.root / "lake").rename(self.shop.root / lake)
        return built.stdout

    def mart(
        self, lake: str, name: str, columns: str, where: str = "true"
    ) -> list[tuple[Any, ...]]:
        """Rows of a mart."""
        file = self.shop.root / lake / "marts" / f"{name}.parquet"
        return duckdb.sql(f"select {columns} from '{file}' where {where}").fetchall()


@pytest.fixture(scope="module")
def lakes(
    tmp_path_factory: pytest.TempPathFactory, till: Till, dbt: Till, parsed: ParsedProjects
) -> Lakes:
    shop = make_small_shop(tmp_path_factory.mktemp("cdnow") / "project")
    parsed.lend("small_shop", shop.root)
    return Lakes(shop, till, dbt)


@pytest.fixture(scope="module")
def cdnow(lakes: Lakes, test_data: Path) -> Lakes:
    """The lake `cdnow`. The last purchase is of the last day of week 39: as_of_date needs no setting."""
    write_purchases(test_data / "cdnow" / "CDNOW_sample.txt", lakes.shop.purchases)
    options = ("--sources", lakes.shop.sources)
    loaded = lakes.till(lakes.shop.root, "ingest", *options, environ={"TILL_LAKE": "lake"})
    assert loaded.returncode == 0, loaded.stdout + loaded.stderr
    lakes.build("cdnow")
    return lakes


def test_the_parameters_are_those_that_were_published(cdnow: Lakes) -> None:
    rows = cdnow.mart(
        "cdnow", "clv_model_parameters", "parameter, value, log_likelihood, customers, status"
    )
    found = {row[0]: row[1] for row in rows}
    assert {name: round(found[name], 3) for name in ("r", "alpha", "a", "b")} == {
        "r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426,
    }  # fmt: skip
    assert {name: round(found[name], 2) for name in ("p", "q", "gamma")} == {
        "p": 6.25, "q": 3.74, "gamma": 15.44,
    }  # fmt: skip
    said = {(round(row[2], 1), row[3], row[4]) for row in rows}
    assert said == {(-9582.4, 2357, "converged"), (-4055.9, 946, "converged")}


def test_a_customer_is_worth_what_the_formulas_say(cdnow: Lakes) -> None:
    """Customer 0001: two repeat purchases of 44.69 dollars, the last one 30.43 weeks after the first."""
    ((x, recency, age, revenue, alive, churn, expected, value, lifetime),) = cdnow.mart(
        "cdnow",
        "customer_lifetime_value",
        "repeat_purchases, recency_weeks, age_weeks, repeat_revenue, p_alive, churn_probability, "
        "expected_orders, expected_order_value, lifetime_value_12m",
        where="customer_id = '0001'",
    )
    assert (x, round(recency, 2), round(age, 2), float(revenue)) == (2, 30.43, 38.86, 44.69)
    # 0.7929 / (2.4259 + 1) x ((4.4136 + 38.857) / (4.4136 + 30.429)) ** (0.2426 + 2) is 0.376.
    assert alive == pytest.approx(1 / 1.376, abs=0.0005)
    assert churn == 1 - alive
    # 6.2496 x (15.4435 + 44.69) / (6.2496 x 2 + 3.7442 - 1)
    assert float(value) == pytest.approx(24.655, abs=0.005)
    assert float(lifetime) == pytest.approx(expected * float(value), abs=0.0005)


def test_a_shop_without_an_order_builds_and_is_warned(lakes: Lakes) -> None:
    assert "WARN 2 lifetime_models_without_figures" in lakes.build("empty")
    assert lakes.mart("empty", "customer_lifetime_value", "count(*)") == [(0,)]
    columns = "count(*), count(value), max(customers)"
    assert lakes.mart("empty", "clv_model_parameters", columns) == [(7, 0, 0)]
