"""Rows of touched orders are read at their places in the raw files; none is missed or looked for twice."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from tests.pipeline.order_history import INCREMENTAL_LINES, OrderHistory

# Three lines an order, 90,000 lines: more than four stretches of a file. The last row is one more line of
# order 7, far from the others and spelled otherwise.
MANY_LINES = """
select
    case when i = 89999 then ' 7' else cast(i // 3 as varchar) end as order_no,
    cast(case when i = 89999 then 9 else i % 3 end as integer) as line_no,
    date '2026-01-01' + cast(i // 3000 as integer) as day,
    'ann' as customer,
    'EUR' as currency,
    cast(i as decimal(18, 4)) as amount,
    'many.csv' as _file
from range(90000) as every_line (i)
"""


def load_many(shop: OrderHistory, rows: str, added: Sequence[str] = ()) -> None:
    shop.loads += 1
    load_id = f"{1_790_000_000 + shop.loads}.{shop.loads:06d}"
    shop.project.load("shop", "lines", load_id, rows, inputs=["many.csv"], added=added)


def places_table(shop: OrderHistory) -> str:
    ((name,),) = shop.project.query(
        "select table_name from duckdb_tables() where starts_with(table_name, 'places_')"
    )
    return f"till.{name}"


def test_a_late_line_finds_its_order_anywhere_in_a_large_file(shop: OrderHistory) -> None:
    load_many(shop, MANY_LINES)
    shop.build()
    before = shop.files()
    shop.load("lines", {"late.csv": ["'7 ', 2, date '2026-01-01', 'ann', 'EUR', 1000"]})
    shop.build()
    assert shop.rewritten(before) == {"2026-01"}
    assert shop.differences() == 0
    assert shop.project.query(
        "select count(*), sum(amount) from marts.order_lines where order_key = 'shop:7'"
    ) == [(4, 21 + 22 + 1000 + 89999)]
    places = shop.project.query(
        f"select place from {places_table(shop)} where path is not null order by place"
    )
    assert places == [(0,), (21,), (22,), (23,), (89999,)]


def test_a_column_that_hides_the_numbers_of_rows_loses_none(shop: OrderHistory) -> None:
    load_many(
        shop,
        f"select *, 'no number' as file_row_number from ({MANY_LINES})",
        added=["file_row_number"],
    )
    shop.build()
    shop.load("lines", {"late.csv": ["'7', 2, date '2026-01-01', 'ann', 'EUR', 1000"]})
    assert "touched partitions" in shop.build().message("order_lines")
    assert shop.differences() == 0


def test_what_was_found_serves_the_next_model_and_is_forgotten_with_the_next_load(
    shop: OrderHistory,
) -> None:
    """A place goes under the feet of the second model, which shows that it does not look again."""
    incremental = {**INCREMENTAL_LINES, "after": ["order_lines"]}
    sql = "-- depends_on: {{ ref('order_lines') }}\nselect * from {{ ref('order_lines_whole') }}"
    shop.project.model("line_copies", sql, partition_by="month", incremental=incremental)
    shop.build()
    late = shop.load("lines", {"late.csv": ["'A', 7, date '2026-01-09', 'ann', 'EUR', 5"]})
    shop.build("--select", "order_lines")
    first = places_table(shop)
    with duckdb.connect(str(shop.project.warehouse)) as connection:
        connection.execute(f"delete from {first} where path like '%load_id={late}/%'")
    shop.build("--select", "line_copies")
    late_line = "select count(*) from marts.{} where order_key = 'shop:A' and line_no = 7"
    assert shop.project.query(late_line.format("order_lines")) == [(1,)]
    assert shop.project.query(late_line.format("line_copies")) == [(0,)]
    shop.load("lines", {"later.csv": ["'A', 8, date '2026-01-09', 'ann', 'EUR', 5"]})
    shop.build()
    assert places_table(shop) != first
    assert shop.project.query(late_line.format("line_copies")) == [(1,)]
    assert shop.differences() == 0
