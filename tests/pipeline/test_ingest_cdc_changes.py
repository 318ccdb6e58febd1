"""Changes of a real PostgreSQL, one by one, as they arrive in the change log of the lake."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from tests.pipeline.postgres_cdc_server import LONG, CdcLake, orders_table, shop

__all__ = ["shop"]


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
        "begin",
        "truncate orders",
        "insert into orders values (4, 'new', 10.50, 'last', true)",
        "commit",
    )
    shop.load()
    expected = [
        *[("snapshot", 1), ("snapshot", 2), ("update", 1), ("insert", 3), ("delete", 2)],
        *[("truncate", None), ("insert", 4)],
    ]
    assert shop.operations() == expected
    assert shop.changes("amount, note", "orders")[3] == (Decimal("1.00"), "")
    shop.load()
    assert shop.operations() == expected
    assert shop.current() == [(4, "new", Decimal("10.50"), "last", True)]
    assert shop.same()


def test_a_long_value_that_did_not_change_is_kept_also_under_another_key(shop: CdcLake) -> None:
    shop.run(
        f"insert into orders values (1, 'new', 1, '{LONG}', true), (2, 'new', 1, '{LONG}', true)"
    )
    shop.load()
    shop.run(
        "update orders set status = 'paid' where order_id = 1",
        "update orders set order_id = 7 where order_id = 1",
        # With the whole old row the value is there.
        "alter table orders replica identity full",
        "update orders set status = 'paid' where order_id = 2",
    )
    shop.load()
    assert shop.changes("_operation, order_id, note, _unchanged")[2:] == [
        ("update", 1, None, "note"),
        ("delete", 1, None, None),
        ("insert", 7, None, "note"),
        ("update", 2, LONG, None),
    ]
    assert shop.current()[1][3] == LONG
    assert shop.same()


def test_a_value_is_the_same_in_the_copy_and_in_a_change(shop: CdcLake) -> None:
    shop.run(
        "create table kinds (id integer primary key, bought_at timestamptz, day date, share float8, "
        "code char(5), is_new boolean, tags text[], content bytea, net inet, document jsonb)"
    )
    texts = ("code", "is_new", "tags", "content", "net", "document")
    columns = [
        {"name": "id", "type": "integer"},
        {"name": "bought_at", "type": "timestamp"},
        {"name": "day", "type": "date"},
        {"name": "share", "type": "double"},
        *({"name": name} for name in texts),
    ]
    shop.declare(orders_table(name="kinds", key=["id"], columns=columns))
    row = (
        "insert into kinds values ({}, '2026-07-01 12:00:00.25+02', '2026-07-01', 0.1, 'ab', true, "
        "'{{a,\"b c\"}}', 'Ae', '10.0.0.1', '{{\"a\": 1}}')"
    )
    shop.run(row.format(1))
    shop.load()
    shop.run("set datestyle = 'german'", "set timezone = 'Asia/Tokyo'", row.format(2))
    shop.load()
    copied, changed = shop.changes(
        "* exclude (id, _operation, _lsn, _position, _committed_at)", "kinds"
    )
    assert copied == changed
    moment = datetime(2026, 7, 1, 10, 0, 0, 250000)  # noqa: DTZ001 - UTC
    assert copied[:5] == (moment, date(2026, 7, 1), 0.1, "ab   ", "t")
    assert copied[5:9] == ('{a,"b c"}', "\\x4165", "10.0.0.1", '{"a": 1}')


def test_a_database_is_named_by_its_parts_as_for_tables_that_are_copied(shop: CdcLake) -> None:
    shop.run("insert into orders values (1, 'new', 1, null, true)")
    parts = {"host": str(shop.server.folder), "database": "postgres", "user": "postgres"}
    shop.declare(connection=None, **parts)
    shop.load()
    assert shop.operations() == [("snapshot", 1)]
