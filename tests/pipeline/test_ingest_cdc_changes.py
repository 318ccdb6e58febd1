"""Changes of a real PostgreSQL, one by one, as they arrive in the change log of the lake."""

from __future__ import annotations

from decimal import Decimal

from tests.pipeline.postgres_cdc_server import LONG, CdcLake, cdc_server, shop

__all__ = ["cdc_server", "shop"]


def test_a_copy_comes_first_and_then_each_change_once(shop: CdcLake) -> None:
    shop.run(
        "insert into orders values (1, 'new', 10.50, null, true), (2, 'new', null, 'x', false)"
    )
    shop.load()
    assert shop.operations() == [("snapshot", 1), ("snapshot", 2)]
    shop.run(
        "update orders set status = 'paid' where order_id = 1",
        "insert into orders values (3, 'new', 1, '', null)",
        "delete from orders where order_id = 2",
    )
    shop.load()
    assert shop.operations()[2:] == [("update", 1), ("insert", 3), ("delete", 2)]
    shop.load()
    assert len(shop.operations()) == 5
    assert shop.current() == [
        (1, "paid", Decimal("10.50"), None, True),
        (3, "new", Decimal("1.00"), "", None),
    ]
    assert shop.same()


def test_a_long_value_that_did_not_change_is_kept(shop: CdcLake) -> None:
    shop.run(f"insert into orders values (1, 'new', 1, '{LONG}', true)")
    shop.load()
    shop.run("update orders set status = 'paid'")
    shop.load()
    assert shop.changes("_operation, note is null, _unchanged")[1:] == [("update", True, "note")]
    assert shop.current()[0][3] == LONG
    assert shop.same()


def test_a_long_value_is_sent_with_the_full_row(shop: CdcLake) -> None:
    shop.run("alter table orders replica identity full")
    shop.run(f"insert into orders values (1, 'new', 1, '{LONG}', true)")
    shop.load()
    shop.run("update orders set status = 'paid'", "delete from orders")
    shop.load()
    assert shop.changes("_operation, note, _unchanged")[1:] == [
        ("update", LONG, None),
        ("delete", LONG, None),
    ]


def test_a_changed_key_is_a_removal_and_a_new_row(shop: CdcLake) -> None:
    shop.run(f"insert into orders values (1, 'new', 1, '{LONG}', true), (2, 'new', 2, 'b', true)")
    shop.load()
    shop.run("update orders set order_id = 7 where order_id = 1")
    shop.load()
    assert shop.changes("_operation, order_id, _unchanged")[2:] == [
        ("delete", 1, None),
        ("insert", 7, "note"),
    ]
    assert shop.same()


def test_a_truncated_table_is_empty(shop: CdcLake) -> None:
    shop.run("insert into orders values (1, 'new', 1, 'a', true)")
    shop.load()
    shop.run(
        "begin", "truncate orders", "insert into orders values (2, 'new', 2, 'b', true)", "commit"
    )
    shop.load()
    assert shop.operations()[1:] == [("truncate", None), ("insert", 2)]
    assert shop.same()
