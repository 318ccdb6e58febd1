"""A key is looked for in those files of a mart only whose ids can hold it, and found wherever it is."""

from __future__ import annotations

import random
from pathlib import Path

import duckdb

from tests.pipeline.order_history import OrderHistory


def line(order_no: str, month: int, amount: int = 1, line_no: int = 1) -> str:
    return f"'{order_no}', {line_no}, date '2026-{month:02}-10', 'ann', 'EUR', {amount}"


def load_numbered(shop: OrderHistory) -> None:
    """Ids one after the other: as text 'shop:100' comes before 'shop:98', and all before 'shop:C99'."""
    shop.load("lines", {"a.csv": [line("98", 4), line("99", 4), line("C98", 4)]})
    shop.load("lines", {"b.csv": [line("100", 5), line("101", 5), line("C100", 5)]})
    shop.load("lines", {"c.csv": [line("102", 6), line("103", 6), line("C102", 6)]})


def test_what_is_noted_of_a_file_keeps_lengths_and_kinds_of_ids_apart(shop: OrderHistory) -> None:
    load_numbered(shop)
    shop.build()
    noted = shop.project.query(
        "select key_length, lowest, highest from till.key_ranges"
        " where key_column = 'order_key' and file_path like '%month=2026-05-01%' order by all"
    )
    assert noted == [(8, "shop:100", "shop:101"), (9, "shop:C100", "shop:C100")]


def test_late_lines_find_their_orders_among_ids_of_every_length(shop: OrderHistory) -> None:
    load_numbered(shop)
    shop.build()
    for order_no, month in (("99", "2026-04"), ("101", "2026-05"), ("C102", "2026-06")):
        before = shop.files()
        shop.load("lines", {f"late_{order_no}.csv": [line(order_no, int(month[-2:]), 7, 2)]})
        shop.build()
        assert shop.rewritten(before) == {month}
        assert shop.differences() == 0


def test_an_order_that_moves_leaves_the_month_that_it_was_in(shop: OrderHistory) -> None:
    load_numbered(shop)
    shop.build()
    before = shop.files()
    shop.load("lines", {"moved.csv": [line("101", 6, 5)]})
    shop.build()
    assert shop.rewritten(before) == {"2026-05", "2026-06"}
    assert shop.differences() == 0


def test_a_file_whose_ids_cannot_hold_a_key_is_not_asked_for_it(shop: OrderHistory) -> None:
    """A range that somebody made untrue is believed: the order stays in May as well."""
    load_numbered(shop)
    shop.build()
    with duckdb.connect(str(shop.project.warehouse)) as connection:
        connection.execute(
            "delete from till.key_ranges where file_path like '%month=2026-05-01%' and key_length = 8"
        )
    shop.load("lines", {"moved.csv": [line("101", 6, 5)]})
    shop.build("--select", "order_lines")
    assert shop.project.query(
        "select month(month) from marts.order_lines where order_key = 'shop:101' order by 1"
    ) == [(5,), (6,)]


def test_what_is_not_noted_is_looked_up_in_the_files(shop: OrderHistory) -> None:
    load_numbered(shop)
    shop.build()
    with duckdb.connect(str(shop.project.warehouse)) as connection:
        connection.execute("drop table till.key_ranges")
    before = shop.files()
    shop.load("lines", {"moved.csv": [line("101", 6, 5)]})
    shop.build()
    assert shop.rewritten(before) == {"2026-05", "2026-06"}
    assert shop.differences() == 0


def test_ids_in_no_order_are_found_in_every_month(shop: OrderHistory) -> None:
    draw = random.Random(7)
    ids = [draw.choice(["", "x", "é", ":"]) + str(draw.randrange(10**6)) for _ in range(60)]
    for month in range(4, 8):
        rows = [line(order_no, month) for order_no in ids[month::4]]
        shop.load("lines", {f"{month}.csv": rows})
    # An order without an id: its key is null.
    shop.load("lines", {"none.csv": ["null, 1, date '2026-05-10', 'ann', 'EUR', 1"]})
    shop.build()
    moved = draw.sample(ids, 10)
    shop.load("lines", {"moved.csv": [line(order_no, 8, 5) for order_no in moved]})
    shop.load("lines", {"none2.csv": ["null, 1, date '2026-08-10', 'ann', 'EUR', 2"]})
    build = shop.build()
    assert "touched partitions" in build.message("order_lines")
    assert shop.differences() == 0


def test_a_key_that_another_month_has_is_refused(tmp_path: Path) -> None:
    shop = OrderHistory.start(tmp_path)
    shop.promise({"type": "unique", "columns": ["customer"]})
    for order_no, month, customer in ((1, 4, "k:9"), (2, 5, "k:10"), (3, 6, "k:11")):
        shop.load("lines", {f"{month}.csv": [line(str(order_no), month).replace("ann", customer)]})
    shop.build()
    shop.load("lines", {"again.csv": [line("4", 7).replace("ann", "k:9")]})
    message = shop.project.dbt("build").message("order_lines")
    assert "the key (customer) must be unique" in message
    assert "for example: k:9" in message
