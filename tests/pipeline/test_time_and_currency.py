"""Days, weeks, years and currencies through the whole way: files in local time, an API in UTC, the marts.

The shop's own clock is Madrid's. Its till writes local time; its web shop's API writes UTC, or an offset.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Till, copy_project
from tests.parsed_projects import ParsedProjects
from tests.pipeline.lake_project import Build, LakeProject
from tests.pipeline.scripted_api import Asked, Reply, page, scripted_api

WITHOUT_TESTS = ("--exclude-resource-type", "test", "unit_test")
# So few customers say nothing about what others will do.
FEW_CUSTOMERS = {"lifetime_models_without_figures": "warn"}
WITHOUT_RATES = {**FEW_CUSTOMERS, "order_lines_without_an_exchange_rate": "fail"}
PURCHASES = (
    "receipt_no,purchase_date,client_id,sku,product,category,quantity,unit_price,discount,currency"
)

# Receipt, the till's own time, amount, currency. Amounts are such that a sum tells what is in it.
RECEIPTS = [
    # ISO 8601: 2020 has 53 weeks, and 3 January 2021 is in the last; 30 December 2024 is in week 1 of 2025.
    ("W1", "2020-12-31 12:00:00", "5", "EUR"),
    ("W2", "2021-01-03 23:59:59", "7", "EUR"),
    ("W3", "2021-01-04 00:00:00", "9", "EUR"),
    ("W4", "2024-12-29 12:00:00", "11", "EUR"),
    ("W5", "2024-12-30 12:00:00", "13", "EUR"),
    ("W6", "2025-01-01 12:00:00", "17", "EUR"),
    # February of 28 and of 29 days.
    ("F1", "2023-02-28 23:30:00", "200", "EUR"),
    ("F2", "2024-02-29 23:30:00", "250", "EUR"),
    ("F3", "2024-03-01 00:30:00", "1", "EUR"),
    # The night of 31 March 2024: from 02:00 to 03:00 there is no local time.
    ("S1", "2024-03-30 23:30:00", "1", "EUR"),
    ("S2", "2024-03-31 00:30:00", "10", "EUR"),
    ("S3", "2024-03-31 02:30:00", "100", "EUR"),
    ("S4", "2024-03-31 23:30:00", "1000", "EUR"),
    ("S5", "2024-04-01 00:30:00", "10000", "EUR"),
    # The night of 27 October 2024: from 02:00 to 03:00 comes twice.
    ("A1", "2024-10-26 23:30:00", "1", "EUR"),
    ("A2", "2024-10-27 00:30:00", "10", "EUR"),
    ("A3", "2024-10-27 02:30:00", "100", "EUR"),
    ("A4", "2024-10-27 23:30:00", "1000", "EUR"),
    ("A5", "2024-10-28 00:30:00", "10000", "EUR"),
    # Friday 7 June 2024 has a rate, the week-end none; the dollar's first rate is of that Friday.
    ("C1", "2024-06-07 12:00:00", "100", " gbp "),
    ("C2", "2024-06-09 12:00:00", "100", "GBP"),
    ("C3", "2024-06-10 12:00:00", "100", "GBP"),
    ("C4", "2024-06-06 12:00:00", "100", "USD"),
    ("C5", "2024-06-08 12:00:00", "100", "usd"),
    ("C6", "2024-06-10 12:00:00", "100", "XTS"),
    ("C7", "2024-06-10 12:00:00", "100", ""),
]

# Order, its time as the API writes it, amount.
WEB_ORDERS = [
    ("S1", "2024-03-30T22:30:00Z", "20000"),
    ("S2", "2024-03-30T23:30:00Z", "30000"),
    ("S4", "2024-03-31T21:30:00Z", "40000"),
    ("S5", "2024-04-01T00:30:00+02:00", "50000"),
    ("A1", "2024-10-26T21:30:00Z", "20000"),
    ("A2", "2024-10-27T00:30:00+02:00", "30000"),
    # The hour that comes twice, both times.
    ("A3", "2024-10-27T00:30:00Z", "100000"),
    ("A4", "2024-10-27T01:30:00Z", "200000"),
    ("A5", "2024-10-27T22:30:00Z", "40000"),
    ("A6", "2024-10-27T23:30:00Z", "50000"),
]

LINE = {
    "line_id": "1",
    "line_number": 1,
    "product_id": "P1",
    "quantity": 1,
    "discount_amount": "0",
}

RATES = [
    ("2024-06-07", "GBP", "1.17"),
    ("2024-06-10", "GBP", "1.19"),
    ("2024-06-07", "USD", "0.92"),
]


def purchases(receipts: list[tuple[str, str, str, str]]) -> str:
    rows = [
        f"{receipt},{moment},,SKU-1,Tea,Pantry,1,{amount},0,{currency}"
        for receipt, moment, amount, currency in receipts
    ]
    return "\n".join([PURCHASES, *rows, ""])


def web_answer(asked: Asked) -> Reply:
    """The web shop's API, with orders and rates only."""
    changed = {"updated_at": "2025-01-02T00:00:00Z"}
    records: dict[str, list[dict[str, Any]]] = {
        "orders": [
            changed
            | {"order_id": order, "kind": "sale", "original_order_id": None, "customer_id": None}
            | {"ordered_at": moment, "country_code": "ES", "channel": "web"}
            | {"currency": "EUR", "status": "paid", "lines": [LINE | {"unit_price": amount}]}
            for order, moment, amount in WEB_ORDERS
        ],
        "exchange_rates": [
            changed
            | {"rate_id": f"{day}/{currency}", "rate_date": day, "currency": currency}
            | {"reporting_currency": "EUR", "rate": rate}
            for day, currency, rate in RATES
        ],
    }
    return page(records.get(asked.path.rsplit("/", 1)[-1], []))


def ingest(
    till: Till, folder: Path, receipts: list[tuple[str, str, str, str]], *sources: str
) -> None:
    """Load both shops, or the named ones, on a machine whose own clock is New York's."""
    (folder / "demo/shop").mkdir(parents=True, exist_ok=True)
    (folder / "demo/shop/purchases.csv").write_text(purchases(receipts))
    (folder / "demo/shop/clients.csv").write_text(
        "client_id,name,email,country,signup_date\nC1,Ann,,ES,2020-01-01\n"
    )
    declared = (folder / "ingest/sources.yml").read_text()
    without_demo = declared.replace("demo: {folder: demo}\n", "").replace(":-demo-token}", "}")
    (folder / "shops.yml").write_text(without_demo)
    with scripted_api(web_answer) as api:
        surroundings = {
            "TILL_DEMO_API": api.url,
            "TILL_DEMO_TOKEN": "any",
            "TZ": "America/New_York",
        }
        done = till(folder, "ingest", *sources, "--sources", "shops.yml", environ=surroundings)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def shops(
    tmp_path_factory: pytest.TempPathFactory, till: Till, parsed: ParsedProjects
) -> LakeProject:
    """Both shops, loaded and built."""
    folder = copy_project(tmp_path_factory.mktemp("time_and_currency") / "project")
    parsed.lend("demo", folder)
    ingest(till, folder, RECEIPTS)
    project = LakeProject(folder)
    project.succeed("build", *WITHOUT_TESTS)
    return project


@pytest.fixture(scope="module")
def laws(shops: LakeProject) -> Build:
    """The data tests that read several marts."""
    return shops.dbt("test", "--select", "test_type:singular")


def broken(tests: Build) -> dict[str, str]:
    """The tests that do not pass, with what became of them."""
    return {
        name: test.status
        for name, test in tests.nodes.items()
        if test.status not in ("pass", "success")
    }


def net_revenue(project: LakeProject, mart: str, period: str, where: str) -> dict[str, Decimal]:
    rows = project.query(
        f"select cast({period} as varchar), net_revenue from marts.{mart} "
        f"where ({where}) and orders > 0"
    )
    return {str(key): Decimal(value) for key, value in rows}


def test_orders_around_the_clock_changes_are_of_their_local_day(shops: LakeProject) -> None:
    days = "order_date between '2024-03-29' and '2024-04-02'"
    assert net_revenue(shops, "sales_daily", "order_date", days) == {
        "2024-03-30": 1 + 20000,
        "2024-03-31": 10 + 100 + 1000 + 30000 + 40000,
        "2024-04-01": 10000 + 50000,
    }
    days = "order_date between '2024-10-25' and '2024-10-29'"
    assert net_revenue(shops, "sales_daily", "order_date", days) == {
        "2024-10-26": 1 + 20000,
        "2024-10-27": 10 + 100 + 1000 + 30000 + 100000 + 200000 + 40000,
        "2024-10-28": 10000 + 50000,
    }


def test_times_are_stored_in_utc_whoever_wrote_them(shops: LakeProject) -> None:
    rows = shops.query(
        "select order_key, cast(ordered_at as varchar) from marts.fct_orders "
        "where order_id in ('A3', 'A4', 'A5', 'S5') order by all"
    )
    assert rows == [
        ("shop:A3", "2024-10-27 01:30:00"),  # of the two, the second
        ("shop:A4", "2024-10-27 22:30:00"),
        ("shop:A5", "2024-10-27 23:30:00"),
        ("shop:S5", "2024-03-31 22:30:00"),
        ("webshop:A3", "2024-10-27 00:30:00"),
        ("webshop:A4", "2024-10-27 01:30:00"),
        ("webshop:A5", "2024-10-27 22:30:00"),
        ("webshop:S5", "2024-03-31 22:30:00"),
    ]


def test_weeks_are_those_of_iso_8601_across_the_new_year(shops: LakeProject) -> None:
    found = shops.query(
        "select cast(week_start as varchar), iso_year, iso_week, cast(net_revenue as integer) "
        "from marts.sales_weekly "
        "where week_start in ('2020-12-28', '2021-01-04', '2024-12-23', '2024-12-30') order by 1"
    )
    assert found == [
        ("2020-12-28", 2020, 53, 5 + 7),
        ("2021-01-04", 2021, 1, 9),
        ("2024-12-23", 2024, 52, 11),
        ("2024-12-30", 2025, 1, 13 + 17),
    ]
    days = shops.query(
        "select cast(date_day as varchar), iso_year, iso_week from marts.dim_dates "
        "where date_day in ('2020-12-31', '2021-01-03', '2021-01-04', '2024-12-30') order by 1"
    )
    assert days == [
        ("2020-12-31", 2020, 53),
        ("2021-01-03", 2020, 53),
        ("2021-01-04", 2021, 1),
        ("2024-12-30", 2025, 1),
    ]


def test_the_29th_of_february_is_compared_by_whole_months(shops: LakeProject) -> None:
    found = shops.query(
        "select net_revenue, previous_year_net_revenue, growth_year_pct from marts.sales_monthly "
        "where month_start = '2024-02-01'"
    )
    assert found == [(Decimal(250), Decimal(200), 25.0)]
    march = "order_date between '2024-02-28' and '2024-03-02'"
    assert net_revenue(shops, "sales_daily", "order_date", march) == {
        "2024-02-29": Decimal(250),
        "2024-03-01": Decimal(1),
    }


def test_a_day_without_a_rate_takes_the_last_one_before(shops: LakeProject) -> None:
    rows = shops.query(
        "select order_id, currency, exchange_rate, net_amount from marts.fct_order_lines "
        "where order_id like 'C%' order by order_id"
    )
    assert rows == [
        ("C1", "GBP", Decimal("1.17"), Decimal(117)),
        ("C2", "GBP", Decimal("1.17"), Decimal(117)),  # Sunday, at Friday's rate
        ("C3", "GBP", Decimal("1.19"), Decimal(119)),
        ("C4", "USD", None, None),  # the day before its first rate
        ("C5", "USD", Decimal("0.92"), Decimal(92)),
        ("C6", "XTS", None, None),
        ("C7", None, None, None),
    ]


def test_lines_without_a_rate_are_kept_and_counted(shops: LakeProject, laws: Build) -> None:
    orders = shops.query(
        "select order_id, lines, lines_without_amount, net_revenue, is_completed "
        "from marts.fct_orders where lines_without_amount > 0 order by order_id"
    )
    assert orders == [(order, 1, 1, Decimal(0), True) for order in ("C4", "C6", "C7")]
    # 3 of 36 lines, far above the budget of ten in a thousand: the build makes no release.
    assert broken(laws) == WITHOUT_RATES


def test_another_reporting_currency_and_zone(tmp_path: Path, shops: LakeProject) -> None:
    """Pounds are reported, and the rates are against the euro: no other rate is made up from them."""
    project = shops.copy_to(tmp_path / "project")
    variables: Mapping[str, Any] = {
        "reporting_currency": "GBP",
        "business_timezone": "Pacific/Auckland",
        "as_of_date": "2025-02-10",
    }
    arguments = ("--vars", json.dumps(variables))
    project.succeed("build", *WITHOUT_TESTS, *arguments)
    amounts = project.query(
        "select currency, count(*), sum(net_amount), count(net_amount) from marts.fct_order_lines "
        "group by currency order by currency nulls last"
    )
    assert amounts == [
        ("EUR", 29, None, 0),
        ("GBP", 3, Decimal(300), 3),
        ("USD", 2, None, 0),
        ("XTS", 1, None, 0),
        (None, 1, None, 0),
    ]
    # Saturday night in Madrid is Sunday in Auckland. The till writes local time, wherever it stands.
    days = project.query(
        "select order_key, cast(order_date as varchar) from marts.fct_orders "
        "where order_id in ('A1', 'A5') order by all"
    )
    assert days == [
        ("shop:A1", "2024-10-26"),
        ("shop:A5", "2024-10-28"),
        ("webshop:A1", "2024-10-27"),
        ("webshop:A5", "2024-10-28"),
    ]
    # As of a day after the last order: the calendar goes on to it, and February 2025 is not over.
    months = project.query(
        "select cast(max(month_start) as varchar), bool_or(is_complete) "
        "filter (where month_start = '2025-02-01') from marts.sales_monthly"
    )
    assert months == [("2025-02-01", False)]
    laws = project.dbt("test", "--select", "test_type:singular", *arguments)
    assert broken(laws) == WITHOUT_RATES


def test_a_shop_of_a_single_day(tmp_path: Path, shops: LakeProject, till: Till) -> None:
    """Nothing can be compared yet, and everything is built."""
    project = shops.copy_to(tmp_path / "project")
    project.lake_path().rename(tmp_path / "former_lake")
    ingest(till, project.folder, [("R1", "2024-02-29 10:00:00", "10", "EUR")], "shop")
    project.succeed("build", *WITHOUT_TESTS)
    assert project.query(
        "select cast(order_date as varchar), net_revenue, growth_pct, net_revenue_7_day_average, "
        "seasonality_index from marts.sales_daily"
    ) == [("2024-02-29", Decimal(10), None, None, 1.0)]
    assert project.query("select is_complete, growth_pct from marts.sales_monthly") == [
        (False, None)
    ]
    assert project.query("select is_complete, growth_pct from marts.sales_weekly") == [
        (False, None)
    ]
    assert broken(project.dbt("test", "--select", "test_type:singular")) == FEW_CUSTOMERS
