"""Marts that follow the units of another: those whose rows changed are computed anew, no others."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.pipeline.order_history import OrderHistory
from tests.pipeline.test_external_histories import Chance
from till.release_build import mart_files

CUSTOMERS = """
select
    customer,
    count(*) as lines,
    cast(sum(amount) as decimal(18, 4)) as amount,
    min(day) as first_day,
    max(day) as last_day
from {{ ref('order_lines') }}
where customer is not null and {{ touched_only('customer') }}
group by customer
"""
FOLLOWS = {"follows": "order_lines", "unit": "customer"}


def follow(shop: OrderHistory) -> OrderHistory:
    shop.project.model("customers_summed", CUSTOMERS, incremental=FOLLOWS)
    shop.build()
    return shop


@pytest.fixture(scope="module")
def summed_shop(built_shop: OrderHistory, tmp_path_factory: pytest.TempPathFactory) -> OrderHistory:
    """The shop with a row per customer, and their lines of a year; tests take a copy."""
    shop = built_shop.copy_to(tmp_path_factory.mktemp("followed") / "project")
    # So many rows that the months of a few are less than a quarter of all.
    rows = [
        f"'L{number}', 1, date '2025-{number % 12 + 1:02}-03', 'c{number % 5}', 'EUR', {number}"
        for number in range(120)
    ]
    shop.load("lines", {"2025.csv": rows})
    return follow(shop)


@pytest.fixture
def followed(summed_shop: OrderHistory, tmp_path: Path) -> OrderHistory:
    return summed_shop.copy_to(tmp_path / "project")


def differences(shop: OrderHistory) -> list[tuple[object, ...]]:
    """Rows of the mart that its query would not give, and the other way round."""
    whole = CUSTOMERS.replace("{{ ref('order_lines') }}", "marts.order_lines").replace(
        "{{ touched_only('customer') }}", "true"
    )
    mart = "select * from marts.customers_summed"
    return shop.project.query(f"({mart} except all {whole}) union all ({whole} except all {mart})")


def test_a_new_line_computes_its_customer_anew(followed: OrderHistory) -> None:
    followed.load("lines", {"apr.csv": ["'E', 1, date '2026-04-02', 'ann', 'EUR', 60"]})
    message = followed.build().message("customers_summed")
    assert message == "7 rows in 1 touched partitions, 0 files kept"
    assert differences(followed) == []


def test_other_customers_are_not_computed_again(followed: OrderHistory) -> None:
    """Theirs are the rows of the former file: what the query would give for them now does not show."""
    before = followed.project.query("select * from marts.customers_summed order by all")
    followed.load("lines", {"apr.csv": ["'E', 1, date '2026-04-02', 'zoe', 'EUR', 60"]})
    followed.build("--select", "order_lines")
    (name, *_) = followed.files()["2025-05"]
    file = followed.project.lake_path(f"marts/order_lines/month=2025-05-01/{name}")
    other = f"select * replace (cast(amount + 1 as decimal(18, 4)) as amount) from '{file}'"
    duckdb.execute(f"copy ({other}) to '{file}.other' (format parquet)")
    Path(f"{file}.other").replace(file)
    followed.build("--select", "customers_summed")
    after = followed.project.query("select * from marts.customers_summed order by all")
    assert [row for row in after if row[0] != "zoe"] == before
    assert len(after) == len(before) + 1


def test_a_customer_who_is_gone_from_a_month_is_seen(followed: OrderHistory) -> None:
    """eve's only line goes with the new version of its file; the month keeps another line."""
    line = "'F', 1, date '2025-05-20', 'eve', 'EUR', 1"
    followed.load("lines", {"may.csv": [line]})
    followed.build()
    assert followed.project.query("select lines from marts.customers_summed where customer = 'eve'")
    followed.load(
        "lines", {"may.csv": ["'G', 1, date '2025-05-21', 'ann', 'EUR', 1"]}, replaces=["may.csv"]
    )
    assert "touched" in followed.build().message("customers_summed")
    assert differences(followed) == []
    assert not followed.project.query("select 1 from marts.customers_summed where customer = 'eve'")


def test_a_month_that_is_written_anew_with_the_same_customers_touches_none(
    followed: OrderHistory,
) -> None:
    """Only a line of nobody came: the month has another file, every customer the same rows."""
    followed.load("lines", {"x.csv": ["'X', 1, date '2025-05-20', null, 'EUR', 1"]})
    assert followed.build().message("customers_summed") == "nothing new, 1 files kept"
    followed.load("lines", {"y.csv": ["'Y', 1, date '2025-05-20', 'ann', 'EUR', 1"]})
    assert "touched" in followed.build().message("customers_summed")
    assert differences(followed) == []


def test_a_mart_that_missed_a_build_is_built_whole(followed: OrderHistory) -> None:
    for day in (1, 2):
        followed.load(
            "lines", {f"{day}.csv": [f"'M{day}', 1, date '2025-05-0{day}', 'ann', 'EUR', 1"]}
        )
        followed.build("--select", "order_lines")
    message = followed.build().message("customers_summed")
    assert "order_lines no longer has the rows that it was built from" in message
    assert differences(followed) == []


def test_most_months_at_once_are_not_kept_to_compare(followed: OrderHistory) -> None:
    """To compare nearly all rows would cost more than to sum them."""
    followed.load("customers", {"c2.csv": [f"'c{number}', 'IT', ''" for number in range(5)]})
    assert "built whole" in followed.build().message("customers_summed")
    assert differences(followed) == []


def test_a_release_holds_no_file_that_is_kept_to_compare(followed: OrderHistory) -> None:
    followed.load("lines", {"apr.csv": ["'E', 1, date '2025-05-02', 'ann', 'EUR', 60"]})
    followed.build()
    marts = followed.project.lake_path("marts")
    on_disk = set((marts / "order_lines").rglob("*.parquet"))
    released = set(mart_files(marts, "order_lines"))
    assert len(on_disk) == len(released) + 1
    assert {path.parent for path in on_disk - released} == {marts / "order_lines/month=2025-05-01"}
    rows = duckdb.execute(
        "select count(*) from read_parquet(?)", [[str(path) for path in released]]
    )
    assert rows.fetchall() == followed.project.query("select count(*) from marts.order_lines")
    followed.build()
    assert set((marts / "order_lines").rglob("*.parquet")) == on_disk, "kept until the next change"


def test_rows_of_units_that_did_not_change_are_refused(followed: OrderHistory) -> None:
    sql = CUSTOMERS.replace(" and {{ touched_only('customer') }}", "")
    followed.project.model("customers_summed", sql, incremental=FOLLOWS)
    followed.build()
    followed.load("lines", {"apr.csv": ["'E', 1, date '2025-04-02', 'ann', 'EUR', 60"]})
    build = followed.project.dbt("build")
    assert "rows of units that did not change" in build.message("customers_summed")


def test_units_of_a_mart_without_partitions_cannot_be_followed(shop: OrderHistory) -> None:
    shop.project.model("one_file", "select * from {{ ref('order_lines') }}")
    sql = CUSTOMERS.replace("order_lines", "one_file")
    shop.project.model("customers_summed", sql, incremental={**FOLLOWS, "follows": "one_file"})
    build = shop.project.dbt("build")
    assert "one_file has no partition_by" in build.message("customers_summed")


def test_random_histories_give_what_a_whole_build_gives(followed: OrderHistory) -> None:
    chance = Chance(3, followed)
    chance.load_new_files()
    in_part = 0
    for number in range(6):
        chance.step()
        message = followed.build("--select", "order_lines", "customers_summed").message(
            "customers_summed"
        )
        assert differences(followed) == [], f"step {number}: {message}"
        in_part += "touched" in message
    assert in_part > 0
