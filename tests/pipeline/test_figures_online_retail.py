"""Online Retail's figures, computed once more from its CSV files by hand, against the marts."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.pipeline.independent_figures import Line, Sales, line_status, net_amount, sales_by
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

# All 38 names that the source uses, looked up by hand in ISO 3166-1.
ISO_CODES = {
    "Australia": "AU",
    "Austria": "AT",
    "Bahrain": "BH",
    "Belgium": "BE",
    "Brazil": "BR",
    "Canada": "CA",
    "Channel Islands": "JE",  # Jersey, the larger of two, stands for both
    "Cyprus": "CY",
    "Czech Republic": "CZ",
    "Denmark": "DK",
    "EIRE": "IE",
    "European Community": "ZZ",  # no country
    "Finland": "FI",
    "France": "FR",
    "Germany": "DE",
    "Greece": "GR",
    "Hong Kong": "HK",
    "Iceland": "IS",
    "Israel": "IL",
    "Italy": "IT",
    "Japan": "JP",
    "Lebanon": "LB",
    "Lithuania": "LT",
    "Malta": "MT",
    "Netherlands": "NL",
    "Norway": "NO",
    "Poland": "PL",
    "Portugal": "PT",
    "RSA": "ZA",
    "Saudi Arabia": "SA",
    "Singapore": "SG",
    "Spain": "ES",
    "Sweden": "SE",
    "Switzerland": "CH",
    "USA": "US",
    "United Arab Emirates": "AE",
    "United Kingdom": "GB",
    "Unspecified": "ZZ",
}
ARTICLE = re.compile(r"[0-9]{5}|DCGS|SP")
POSTAGE = {"POST", "DOT", "C2", "C3"}
LAST_DAY = dt.date(2011, 12, 9)


@pytest.fixture(scope="module")
def lines(online_retail_dir: Path) -> list[Line]:
    rows: set[tuple[str, ...]] = set()
    for file in online_retail_dir.glob("*.csv"):
        with file.open(newline="", encoding="utf-8") as text:
            rows.update(tuple(row) for row in list(csv.reader(text))[1:])
    assert len(rows) == 541_909 - 5_268
    return [_line(*row) for row in rows]


def _line(
    invoice: str,
    stock_code: str,
    _description: str,
    quantity: str,
    moment: str,
    unit_price: str,
    customer: str,
    country: str,
) -> Line:
    article = stock_code.strip()
    line_type = "adjustment"
    if ARTICLE.match(article):
        line_type = "merchandise"
    elif article in POSTAGE:
        line_type = "service"
    return Line(
        order=invoice,
        day=dt.date.fromisoformat(moment[:10]),
        customer="online_retail:" + customer.removesuffix(".0") if customer else None,
        product="online_retail:" + article,
        country=ISO_CODES[country],
        line_type=line_type,
        status=line_status(invoice.startswith("C"), Decimal(quantity), Decimal(unit_price)),
        quantity=Decimal(quantity),
        net_amount=net_amount(Decimal(quantity), Decimal(unit_price)),
        unit_price=Decimal(unit_price),
    )


@pytest.fixture(scope="module")
def whole(lines: list[Line]) -> Sales:
    return sales_by(lines, lambda line: "whole")["whole"]


def test_the_figures_of_the_whole_year(lines: list[Line], whole: Sales) -> None:
    """What is computed here, against what was worked out when the rules were written down."""
    assert len({line.order for line in lines}) == 25_900
    assert len({line.customer for line in lines} - {None}) == 4_372
    assert whole.gross_revenue == Decimal("10538620.97")
    assert whole.returns_amount == Decimal("487840.69")
    assert whole.net_revenue == Decimal("10050780.28")
    assert whole.orders == 19_852


def test_orders_and_lines_agree(
    online_retail_project: Path, lines: list[Line], whole: Sales
) -> None:
    orders = mart_query(online_retail_project, "fct_orders")
    assert duckdb.sql(
        "select sum(gross_revenue), sum(returns_amount), sum(net_revenue), "
        f"count(*) filter (where is_completed), count(*) from {orders}"
    ).fetchall() == [
        (
            whole.gross_revenue,
            whole.returns_amount,
            whole.net_revenue,
            whole.orders,
            len({line.order for line in lines}),
        )
    ]
    order_lines = mart_query(online_retail_project, "fct_order_lines")
    by_kind = duckdb.sql(
        f"select line_type, line_status, count(*) from {order_lines} group by all"
    ).fetchall()
    expected = Counter((line.line_type, line.status) for line in lines)
    assert {(kind, status): count for kind, status, count in by_kind} == expected


def test_every_day_week_and_month_agrees(online_retail_project: Path, lines: list[Line]) -> None:
    days = sales_by(lines, lambda line: line.day)
    assert_sales_agree(online_retail_project, "sales_daily", "order_date", days, calendar=True)
    weeks = sales_by(lines, lambda line: line.day - dt.timedelta(days=line.day.weekday()))
    assert_sales_agree(online_retail_project, "sales_weekly", "week_start", weeks, calendar=True)
    months = sales_by(lines, lambda line: line.day.replace(day=1))
    assert_sales_agree(online_retail_project, "sales_monthly", "month_start", months, calendar=True)
    assert len(months) == 13


def test_moving_averages_and_growth_agree(online_retail_project: Path, lines: list[Line]) -> None:
    days = sales_by(lines, lambda line: line.day)
    rows = mart_rows(
        online_retail_project,
        "sales_daily",
        "order_date",
        ["net_revenue_7_day_average", "net_revenue_30_day_average", "growth_pct"],
    )
    first = min(days)
    calendar = [first + dt.timedelta(days=n) for n in range((LAST_DAY - first).days + 1)]
    assert sorted(rows) == calendar
    net = [days[day].net_revenue if day in days else Decimal(0) for day in calendar]
    for place, day in enumerate(calendar):
        last_7, last_30, growth = rows[day]
        assert (last_7 is None) == (place < 6)
        assert (last_30 is None) == (place < 29)
        if place >= 6:
            assert abs(last_7 - sum(net[place - 6 : place + 1]) / 7) <= Decimal("0.0001")
        if place >= 29:
            assert abs(last_30 - sum(net[place - 29 : place + 1]) / 30) <= Decimal("0.0001")
        if place == 0 or net[place - 1] == 0:
            assert growth is None
        else:
            change = 100 * (net[place] - net[place - 1]) / net[place - 1]
            assert growth == pytest.approx(float(change), abs=1e-9)


def test_every_country_agrees(online_retail_project: Path, lines: list[Line]) -> None:
    countries = sales_by(lines, lambda line: line.country)
    assert_sales_agree(
        online_retail_project, "country_kpis", "country_code", countries, calendar=False
    )
    # Two of the 38 names are no country.
    assert len(countries) == 37


def test_every_product_agrees(online_retail_project: Path, lines: list[Line]) -> None:
    assert_products_agree(online_retail_project, lines)


def test_every_customer_agrees(online_retail_project: Path, lines: list[Line]) -> None:
    assert_customers_agree(online_retail_project, lines, LAST_DAY)


def test_every_cohort_agrees(online_retail_project: Path, lines: list[Line]) -> None:
    assert_cohorts_agree(online_retail_project, lines, LAST_DAY)


def test_every_pair_of_products_agrees(online_retail_project: Path, lines: list[Line]) -> None:
    assert_pairs_agree(online_retail_project, lines)


def test_every_distribution_agrees(online_retail_project: Path, lines: list[Line]) -> None:
    assert_distributions_agree(online_retail_project, lines)


def test_the_summary_compares_full_months(online_retail_project: Path, lines: list[Line]) -> None:
    """9 December is not the end of its month: November is the last full one."""
    months = sales_by(lines, lambda line: line.day.replace(day=1))
    summary = mart_query(online_retail_project, "executive_summary")
    assert duckdb.sql(
        "select comparison, period_start, comparison_start, value, comparison_value "
        f"from {summary} where figure = 'net_revenue' order by comparison"
    ).fetchall() == [
        (
            "previous_month",
            dt.date(2011, 11, 1),
            dt.date(2011, 10, 1),
            months[dt.date(2011, 11, 1)].net_revenue,
            months[dt.date(2011, 10, 1)].net_revenue,
        ),
        (
            "same_month_last_year",
            dt.date(2011, 11, 1),
            dt.date(2010, 11, 1),
            months[dt.date(2011, 11, 1)].net_revenue,
            None,
        ),
    ]
