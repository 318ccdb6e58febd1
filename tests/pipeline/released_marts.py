"""What readers of the current release of a project see in its marts."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from tests.pipeline.independent_figures import (
    CustomerFigures,
    Line,
    Sales,
    abc_classes,
    customer_figures,
    sales_by,
)

ADDED_UP = ("gross_revenue", "returns_amount", "net_revenue", "orders", "customers", "units")


def current_release(project: Path) -> Path:
    """The folder of the release that readers use."""
    lake = project / "lake"
    current = json.loads((lake / "current.json").read_text())
    return lake / "releases" / str(current["release_id"])


def mart_names(project: Path) -> list[str]:
    """The marts of the current release."""
    return sorted(json.loads((current_release(project) / "release.json").read_text())["marts"])


def mart_query(project: Path, model: str) -> str:
    """A mart of the current release, to stand in a `from`."""
    release = current_release(project)
    manifest = json.loads((release / "release.json").read_text())
    files = [str(release / file["path"]) for file in manifest["marts"][model]["files"]]
    return f"(select * from read_parquet({files!r}, hive_partitioning = false))"


def mart_rows(
    project: Path, model: str, key: str, columns: Sequence[str]
) -> dict[Any, tuple[Any, ...]]:
    """The columns of every row of a mart, by its key."""
    rows = duckdb.sql(
        f"select {key}, {', '.join(columns)} from {mart_query(project, model)}"
    ).fetchall()
    found = {row[0]: row[1:] for row in rows}
    assert len(found) == len(rows), f"{model} has two rows for one {key}"
    return found


def assert_sales_agree(
    project: Path, model: str, key: str, expected: Mapping[Any, Sales], calendar: bool
) -> None:
    """Every row of the mart has the figures expected, to the last decimal.

    In a calendar, rows without anything expected are there and have 0; elsewhere there are none.
    """
    rows = mart_rows(project, model, key, ADDED_UP)
    wanted = {
        one: tuple(getattr(sales, name) for name in ADDED_UP) for one, sales in expected.items()
    }
    if calendar:
        wanted = {one: (Decimal(0),) * 3 + (0, 0, Decimal(0)) for one in rows} | wanted
    assert rows == wanted


def assert_products_agree(project: Path, lines: Sequence[Line]) -> None:
    """product_kpis has every product's figures, share and class."""
    merchandise = [line for line in lines if line.line_type == "merchandise"]
    products = sales_by(merchandise, lambda line: line.product)
    assert_sales_agree(project, "product_kpis", "product_key", products, calendar=False)
    rows = mart_rows(project, "product_kpis", "product_key", ["abc_class", "market_share"])
    assert {product: row[0] for product, row in rows.items()} == abc_classes(products)
    whole = sum(sales.gross_revenue for sales in products.values())
    for product, (_, share) in rows.items():
        assert abs(share - float(products[product].gross_revenue / whole)) < 1e-12, product


def assert_customers_agree(project: Path, lines: Sequence[Line], as_of_date: dt.date) -> None:
    """customer_kpis has every known customer's figures, days, scores and flags."""
    expected = customer_figures(lines, as_of_date)
    named = [
        "first_order_date",
        "last_order_date",
        "order_days",
        "r_score",
        "f_score",
        "m_score",
        "recency_days",
        "is_active",
        "is_at_risk",
    ]
    money = ["gross_revenue", "returns_amount", "net_revenue", "orders", "units"]
    rows = mart_rows(project, "customer_kpis", "customer_key", [*money, *named])

    def wanted(one: CustomerFigures) -> tuple[Any, ...]:
        return (
            *(getattr(one.sales, name) for name in money),
            *(getattr(one, name) for name in named),
        )

    assert rows == {customer: wanted(one) for customer, one in expected.items()}
