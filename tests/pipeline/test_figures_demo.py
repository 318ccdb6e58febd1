"""The demo's figures, from what was planted and computed once more by hand, against the marts."""

from __future__ import annotations

import csv
import datetime as dt
import json
from bisect import bisect_right
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from tests.pipeline.independent_figures import Line, line_status, net_amount, sales_by
from tests.pipeline.released_marts import (
    assert_customers_agree,
    assert_products_agree,
    assert_sales_agree,
    mart_query,
    mart_rows,
)
from tests.pipeline.released_statistics import (
    assert_cohorts_agree,
    assert_distributions_agree,
    assert_pairs_agree,
)

MADRID = ZoneInfo("Europe/Madrid")
LAST_DAY = dt.date(2025, 12, 31)
# What is no merchandise, as docs/guides/demo.md tells it.
SERVICES = {"DELIVERY", "SHIPPING"}
ADJUSTMENTS = {"FEE", "VOUCHER", "CORRECTION"}


@pytest.fixture(scope="module")
def planted(demo_project: Path) -> Any:
    """The generator's own account of what it put into the files."""
    return json.loads((demo_project / "demo" / "expected.json").read_text())


@pytest.fixture(scope="module")
def lines(demo_project: Path) -> list[Line]:
    demo = demo_project / "demo"
    return [*till_lines(demo, demo_project / "till" / "demo" / "story"), *web_lines(demo)]


def line_type(product: str) -> str:
    if product in SERVICES:
        return "service"
    return "adjustment" if product in ADJUSTMENTS else "merchandise"


def till_lines(demo: Path, story: Path) -> list[Line]:
    """The readable lines of purchases.csv, exact duplicates once, with the clients' countries."""
    iso_codes = {
        spelling.strip().lower(): row["country_code"]
        for row in csv.DictReader((story / "countries.csv").read_text().splitlines())
        for spelling in row["spellings"].split("|")
    }
    with (demo / "shop" / "clients.csv").open(newline="", encoding="utf-8") as text:
        countries = {
            row["client_id"]: iso_codes.get(row["country"].strip().lower(), "ZZ")
            for row in csv.DictReader(text)
        }
    with (demo / "shop" / "purchases.csv").open(newline="", encoding="utf-8") as text:
        rows = {tuple(row.items()) for row in csv.DictReader(text)}
    found = [till_line(dict(row), countries) for row in rows]
    return [line for line in found if line is not None]


def till_line(row: dict[str, str], countries: dict[str, str]) -> Line | None:
    day = till_day(row["purchase_date"])
    if day is None or not row["quantity"].lstrip("-").isdigit():
        return None
    quantity, price = Decimal(row["quantity"]), Decimal(row["unit_price"])
    return Line(
        order="shop:" + row["receipt_no"],
        day=day,
        customer="shop:" + row["client_id"] if row["client_id"] else None,
        product="shop:" + row["sku"].strip(),
        country=countries.get(row["client_id"], "ZZ"),
        line_type=line_type(row["sku"].strip()),
        status=line_status(False, quantity, price),
        quantity=quantity,
        net_amount=net_amount(quantity, price, Decimal(row["discount"])),
        unit_price=price,
    )


def till_day(text: str) -> dt.date | None:
    """The till writes Madrid's clock in three ways; 31/02 is no day."""
    for form in ("%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M", "%b %d %Y %I:%M%p"):
        try:
            return dt.datetime.strptime(text, form).date()  # noqa: DTZ007 - local on purpose
        except ValueError:
            continue
    return None


def web_lines(demo: Path) -> list[Line]:
    """The lines of the orders that the API serves, in euros at the rate of the day."""
    rates: dict[str, list[tuple[str, Decimal]]] = defaultdict(list)
    for day, currency, rate in sorted(
        duckdb.sql(
            f"select rate_date, currency, rate from '{demo}/webshop/exchange_rates.parquet'"
        ).fetchall()
    ):
        rates[currency].append((day, Decimal(rate)))
    orders = duckdb.sql(
        "select order_id, kind, customer_id, ordered_at, country_code, currency, lines "
        f"from '{demo}/webshop/orders.parquet'"
    ).fetchall()
    found = []
    for order, kind, customer, ordered_at, country, currency, order_lines in orders:
        day = ordered_at.replace(tzinfo=dt.UTC).astimezone(MADRID).date()
        rate = Decimal(1) if currency == "EUR" else last_rate(rates[currency], day)
        for line in order_lines:
            quantity, price = Decimal(line["quantity"]), Decimal(line["unit_price"])
            discount = Decimal(line["discount_amount"])
            found.append(
                Line(
                    order="webshop:" + order,
                    day=day,
                    customer="webshop:" + customer if customer else None,
                    product="webshop:" + line["product_id"],
                    country=country,
                    line_type=line_type(line["product_id"]),
                    status=line_status(kind == "return", quantity, price),
                    quantity=quantity,
                    net_amount=net_amount(quantity, price, discount, rate),
                    unit_price=net_amount(Decimal(1), price, rate=rate),
                )
            )
    return found


def last_rate(rates: list[tuple[str, Decimal]], day: dt.date) -> Decimal:
    """The rate of the day or, on a day without one, the last earlier one."""
    place = bisect_right(rates, day.isoformat(), key=lambda rate: rate[0])
    return rates[place - 1][1]


def test_every_row_that_was_planted_was_read(demo_project: Path, planted: Any) -> None:
    log = mart_rows(
        demo_project,
        "ingest_log",
        "source_name || '.' || table_name",
        ["rows_read", "rows_loaded", "rows_rejected"],
    )
    purchases = planted["files"]["shop/purchases.csv"]
    rejected = purchases["rejected_rows"]
    clients = planted["files"]["shop/clients.csv"]["rows"]
    expected = {
        "shop.purchases": (purchases["rows"], purchases["rows"] - rejected, rejected),
        "shop.clients": (clients, clients, 0),
    }
    for name, resource in planted["resources"].items():
        expected[f"webshop.{name}"] = (resource["rows"], resource["rows"], 0)
    children = planted["resources"]["orders"]["children"]["lines"]
    expected["webshop.orders__lines"] = (children, children, 0)
    assert log == expected


def test_the_tills_figures_are_those_that_were_planted(demo_project: Path, planted: Any) -> None:
    purchases = planted["files"]["shop/purchases.csv"]
    dirt, figures = purchases["dirt"], purchases["figures"]
    order_lines = mart_query(demo_project, "fct_order_lines")
    ((lines, adjustments, services, void, gross_lines, returns),) = duckdb.sql(
        f"""
        select
            count(*),
            count(*) filter (where line_type = 'adjustment'),
            count(*) filter (where line_type = 'service'),
            count(*) filter (where line_status = 'void'),
            count(*) filter (where line_type != 'adjustment' and line_status = 'completed'),
            count(*) filter (where line_type != 'adjustment' and line_status = 'returned')
        from {order_lines} where source_name = 'shop'
        """
    ).fetchall()
    assert lines == (
        purchases["rows"]
        - purchases["rejected_rows"]
        - dirt["duplicate_rows"]
        - dirt["impossible_date"]
    )
    assert adjustments == purchases["adjustment_rows"]
    assert services == purchases["service_rows"]
    assert void == dirt["zero_quantity"] + dirt["negative_price"] + dirt["zero_price"]
    assert gross_lines == figures["completed_lines"]
    assert returns == purchases["return_rows"]
    orders = mart_query(demo_project, "fct_orders")
    assert duckdb.sql(
        "select sum(gross_revenue), sum(returns_amount), count(*) filter (where is_completed) "
        f"from {orders} where source_name = 'shop'"
    ).fetchall() == [
        (Decimal(figures["gross_revenue"]), Decimal(figures["returns_amount"]), figures["orders"])
    ]


def test_the_webshops_counts_are_those_that_were_planted(demo_project: Path, planted: Any) -> None:
    expected = planted["resources"]["orders"]
    orders = mart_query(demo_project, "fct_orders")
    assert duckdb.sql(
        "select count(*), count(*) filter (where is_completed), count(*) filter (where has_returns),"
        f" count(*) filter (where customer_key is null), sum(lines) from {orders} "
        "where source_name = 'webshop'"
    ).fetchall() == [
        (
            expected["rows"],
            expected["sales"],
            expected["returns"],
            expected["without_customer"],
            expected["children"]["lines"],
        )
    ]
    customers = mart_query(demo_project, "dim_customers")
    by_source = duckdb.sql(f"select source_name, count(*) from {customers} group by all").fetchall()
    assert dict(by_source) == {
        "shop": planted["files"]["shop/clients.csv"]["clients"],
        "webshop": planted["resources"]["customers"]["rows"],
    }


def test_every_day_week_and_month_agrees(demo_project: Path, lines: list[Line]) -> None:
    days = sales_by(lines, lambda line: line.day)
    assert_sales_agree(demo_project, "sales_daily", "order_date", days, calendar=True)
    weeks = sales_by(lines, lambda line: line.day - dt.timedelta(days=line.day.weekday()))
    assert_sales_agree(demo_project, "sales_weekly", "week_start", weeks, calendar=True)
    months = sales_by(lines, lambda line: line.day.replace(day=1))
    assert_sales_agree(demo_project, "sales_monthly", "month_start", months, calendar=True)
    assert len(months) == 24


def test_every_country_agrees(demo_project: Path, lines: list[Line]) -> None:
    countries = sales_by(lines, lambda line: line.country)
    assert_sales_agree(demo_project, "country_kpis", "country_code", countries, calendar=False)


def test_every_product_agrees(demo_project: Path, lines: list[Line]) -> None:
    assert_products_agree(demo_project, lines)


def test_every_customer_agrees(demo_project: Path, lines: list[Line]) -> None:
    assert_customers_agree(demo_project, lines, LAST_DAY)


def test_every_cohort_agrees(demo_project: Path, lines: list[Line]) -> None:
    assert_cohorts_agree(demo_project, lines, LAST_DAY)


def test_every_pair_of_products_agrees(demo_project: Path, lines: list[Line]) -> None:
    assert_pairs_agree(demo_project, lines)


def test_every_distribution_agrees(demo_project: Path, lines: list[Line]) -> None:
    assert_distributions_agree(demo_project, lines)


def test_every_event_is_there_on_its_day_in_madrid(demo_project: Path) -> None:
    events = duckdb.sql(
        f"select event_id, occurred_at from '{demo_project}/demo/webshop/events.parquet'"
    ).fetchall()
    expected = {
        event: moment.replace(tzinfo=dt.UTC).astimezone(MADRID).date() for event, moment in events
    }
    rows = mart_rows(demo_project, "fct_events", "event_id", ["event_date", "event_month"])
    assert rows == {event: (day, day.replace(day=1)) for event, day in expected.items()}
    assert len(rows) == len(events) > 30_000


def test_every_column_of_every_model_is_described(demo_project: Path) -> None:
    """In the order in which it has them; contracts see to the types of marts."""
    manifest = json.loads((demo_project / "target" / "manifest.json").read_text())
    with duckdb.connect(str(demo_project / "lake" / "warehouse.duckdb"), read_only=True) as con:
        columns = defaultdict(list)
        for schema, table, column in con.execute(
            "select table_schema, table_name, column_name from information_schema.columns "
            "order by ordinal_position"
        ).fetchall():
            columns[schema, table].append(column)
    nodes = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed") and node["config"]["enabled"]
    ]
    assert len(nodes) >= 30
    for node in nodes:
        assert list(node["columns"]) == columns[node["schema"], node["alias"]], node["name"]
        assert all(column["description"] for column in node["columns"].values()), node["name"]
