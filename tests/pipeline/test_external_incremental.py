"""Incremental marts: only touched months are written, and the rows are those of a whole build."""

from __future__ import annotations

from pathlib import Path

import duckdb

from tests.pipeline.order_history import INCREMENTAL_LINES, OrderHistory


def test_new_lines_rewrite_their_month_only(shop: OrderHistory) -> None:
    lines, orders = shop.files(), shop.files("orders")
    shop.load("lines", {"apr.csv": ["'E', 1, date '2026-04-02', 'ann', 'EUR', 60"]})
    build = shop.build()
    assert shop.rewritten(lines) == {"2026-04"}
    assert shop.rewritten(orders, "orders") == {"2026-04"}
    assert shop.differences() == 0
    assert build.message("order_lines") == "1 rows in 1 touched partitions, 3 files kept"


def test_nothing_new_writes_nothing(shop: OrderHistory) -> None:
    before = (shop.files(), shop.files("orders"))
    state = shop.project.lake_path("marts/_state/order_lines.json").stat().st_mtime_ns
    build = shop.build()
    assert (shop.files(), shop.files("orders")) == before
    assert shop.project.lake_path("marts/_state/order_lines.json").stat().st_mtime_ns == state
    assert build.message("order_lines") == "nothing new, 3 files kept"
    assert shop.differences() == 0


def test_a_late_line_rewrites_the_month_it_belongs_to(shop: OrderHistory) -> None:
    before = shop.files()
    shop.load("lines", {"late.csv": ["'F', 1, date '2026-01-31', 'ann', 'EUR', 5"]})
    shop.build()
    assert shop.rewritten(before) == {"2026-01"}
    assert shop.differences() == 0


def test_an_order_that_moves_rewrites_both_months(shop: OrderHistory) -> None:
    before = shop.files()
    shop.load("lines", {"fix.csv": ["'A', 1, date '2026-03-05', 'ann', 'EUR', 10"]})
    shop.build()
    assert shop.rewritten(before) == {"2026-01", "2026-03"}
    assert sorted(shop.files()) == ["2026-02", "2026-03"], "January has no rows left"
    assert sorted(shop.files("orders")) == ["2026-02", "2026-03"]
    assert shop.differences() == 0


def test_a_changed_file_rewrites_the_months_of_its_old_version(shop: OrderHistory) -> None:
    """C is gone from the new version of the file; its line in March goes too."""
    before = shop.files()
    shop.load(
        "lines",
        {"feb.csv": ["'B', 1, date '2026-02-10', 'bob', 'USD', 21"]},
        replaces=["feb.csv"],
    )
    shop.build()
    assert shop.rewritten(before) == {"2026-02", "2026-03"}
    assert shop.project.query(
        "select sum(amount) from marts.order_lines where month != '2026-01-01'"
    ) == [(21 * 0.5 + 50,)]
    assert shop.differences() == 0


def test_an_order_across_months_is_whole_when_only_its_second_month_is_touched(
    shop: OrderHistory,
) -> None:
    """D lies in March beside a line of C; C's row in February must not lose a line, nor March gain one."""
    before = shop.files("orders")
    shop.load("lines", {"mar2.csv": ["'D', 2, date '2026-03-08', null, 'EUR', 1"]})
    shop.build()
    assert shop.rewritten(before, "orders") == {"2026-03"}
    assert shop.project.query("select lines from marts.orders where order_key = 'shop:C'") == [(2,)]
    assert shop.differences() == 0


def test_an_order_across_months_is_whole_when_only_its_first_month_is_touched(
    shop: OrderHistory,
) -> None:
    before = shop.files("orders")
    shop.load("lines", {"feb2.csv": ["'B', 2, date '2026-02-11', 'bob', 'EUR', 1"]})
    shop.build()
    assert shop.rewritten(before, "orders") == {"2026-02"}
    assert shop.project.query(
        "select lines, amount from marts.orders where order_key = 'shop:C'"
    ) == [(2, 70)]
    assert shop.differences() == 0


def test_a_customer_who_moves_rewrites_the_months_in_which_they_bought(shop: OrderHistory) -> None:
    before = shop.files()
    shop.load("customers", {"c2.csv": ["'ann', 'IT', 'old'"]})
    shop.build()
    assert shop.rewritten(before) == {"2026-01"}
    assert shop.differences() == 0


def test_a_new_customer_who_never_bought_rewrites_nothing(shop: OrderHistory) -> None:
    before = shop.files()
    shop.load("customers", {"c2.csv": ["'eve', 'IT', 'old'"]})
    shop.build()
    assert shop.rewritten(before) == set()
    shop.load("customers", {"c3.csv": ["'eve', 'PT', 'old'"]})
    shop.load("lines", {"apr.csv": ["'E', 1, date '2026-04-02', 'eve', 'EUR', 60"]})
    shop.build()
    assert shop.rewritten(before) == {"2026-04"}
    assert shop.differences() == 0


def test_what_the_mart_does_not_take_from_a_lookup_rewrites_nothing(shop: OrderHistory) -> None:
    before = shop.files()
    shop.load("customers", {"c2.csv": ["'ann', 'ES', 'new address'"]})
    shop.build()
    assert shop.rewritten(before) == set()
    assert shop.differences() == 0


def test_a_rate_that_changes_rewrites_every_month_of_its_orders(shop: OrderHistory) -> None:
    """B lies in February alone, so that month; then B gets a line in May, and both follow."""
    before = shop.files()
    shop.load("rates", {"r2.csv": ["'USD', date '2026-02-10', 0.25"]})
    shop.build()
    assert shop.rewritten(before) == {"2026-02"}
    shop.load("lines", {"may.csv": ["'B', 3, date '2026-05-01', 'bob', 'EUR', 1"]})
    shop.build()
    before = shop.files()
    shop.load("rates", {"r3.csv": ["'USD', date '2026-02-10', 2"]})
    shop.build()
    assert shop.rewritten(before) == {"2026-02", "2026-05"}
    assert shop.differences() == 0


def test_a_mart_in_one_file_takes_over_the_rows_that_nothing_touched(shop: OrderHistory) -> None:
    sql = "select * from {{ ref('order_lines_whole') }}"
    shop.project.model("order_lines", sql, incremental=INCREMENTAL_LINES)
    shop.build()
    shop.load("lines", {"apr.csv": ["'A', 9, date '2026-04-02', 'ann', 'EUR', 60"]})
    shop.load("customers", {"c2.csv": ["'bob', 'IT', 'old'"]})
    build = shop.build("--select", "order_lines")
    assert build.message("order_lines").endswith("in 1 touched partitions, 0 files kept")
    whole = "select * from intermediate.order_lines_whole"
    assert shop.project.query(f"select * from marts.order_lines except all {whole}") == []
    assert shop.project.query(f"{whole} except all select * from marts.order_lines") == []


def test_rows_of_untouched_orders_are_not_computed_again(shop: OrderHistory) -> None:
    """They are those of the former file: what the query would give for them now does not show."""
    before = shop.project.query("select * from marts.order_lines order by all")
    raw = f"raw/shop/lines/load_id={shop.known['lines/feb.csv']}/data.parquet"
    raw_file = shop.project.lake_path(raw)
    other = "select * replace (cast(amount + 1 as decimal(18, 4)) as amount)"
    duckdb.execute(f"copy ({other} from '{raw_file}') to '{raw_file}.other' (format parquet)")
    Path(f"{raw_file}.other").replace(raw_file)
    shop.load("lines", {"feb2.csv": ["'N', 1, date '2026-02-11', 'bob', 'EUR', 1"]})
    shop.build("--select", "order_lines")
    after = shop.project.query("select * from marts.order_lines order by all")
    assert [row for row in after if row[0] != "shop:N"] == before


# In which month a customer bought first: `onwards`, and another query in an increment.
FIRST_MONTHS = """
{%- set all_months %}
    select customer, min(month) as month from {{ ref('order_lines') }} group by customer
{%- endset %}
{%- set touched_months %}
    select touched.customer, min(touched.month) as month from {{ ref('order_lines') }} as touched
    anti join (
        select customer from {{ ref('order_lines') }} where not {{ touched_only('month') }}
    ) as earlier on touched.customer = earlier.customer
    where {{ touched_only('touched.month') }}
    group by touched.customer
{%- endset %}
select * from ({{ once(all_months, in_an_increment=touched_months) }})
"""


def test_what_depends_on_earlier_partitions_is_written_from_the_first_touched_one_on(
    shop: OrderHistory,
) -> None:
    incremental = {"follows": "order_lines", "onwards": True}
    shop.project.model("first_months", FIRST_MONTHS, partition_by="month", incremental=incremental)
    shop.load("lines", {"jan.csv": ["'J', 1, date '2026-01-20', 'zoe', 'EUR', 1"]})
    shop.load("lines", {"may.csv": ["'M', 1, date '2026-05-20', 'zoe', 'EUR', 1"]})
    shop.load("lines", {"jun.csv": ["'N', 1, date '2026-06-20', 'tom', 'EUR', 1"]})
    shop.build()

    def first_month(customer: str) -> str:
        ((month,),) = shop.project.query(
            f"select strftime(month, '%Y-%m') from marts.first_months where customer = '{customer}'"
        )
        return str(month)

    assert (first_month("zoe"), first_month("tom")) == ("2026-01", "2026-06")
    # Gone from January: counted in May, whose lines did not change.
    shop.load(
        "lines",
        {"jan.csv": ["'J', 1, date '2026-01-20', 'tom', 'EUR', 1"]},
        replaces=["jan.csv"],
    )
    assert "touched partitions" in shop.build().message("first_months")
    assert (first_month("zoe"), first_month("tom")) == ("2026-05", "2026-01")
    before = shop.files("first_months")
    shop.load("lines", {"jul.csv": ["'O', 1, date '2026-07-20', 'eve', 'EUR', 1"]})
    assert "1 touched partitions" in shop.build().message("first_months")
    assert first_month("eve") == "2026-07"
    assert shop.rewritten(before, "first_months") == {"2026-07"}
