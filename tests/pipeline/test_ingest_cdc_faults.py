"""What goes wrong between a shop's PostgreSQL and the lake: told in a sentence, no change lost or doubled."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.pipeline.postgres_cdc_server import (
    ORDER_COLUMNS,
    CdcLake,
    orders_table,
    shop,
)

__all__ = ["shop"]

ROW = "insert into orders values ({}, 'new', 1, 'a', true)"


def test_transactions_around_the_copy_count_once(shop: CdcLake) -> None:
    """One is open while the copy is taken, one began before it and ended before it."""
    with shop.server.session() as open_one, shop.server.session() as other:
        shop.run("create table elsewhere (id integer)")
        # It has a number, and has not written to the orders yet: the copy need not wait for it.
        open_one.run("begin", "insert into elsewhere values (1)")
        other.run(ROW.format(1))
        # The slot waits for all who are writing when it is made, so it must be there already.
        open_one.run("commit")
        shop.run(
            f"select pg_create_logical_replication_slot('{shop.slot}', 'pgoutput')::text",
            "create publication till_shop for table orders",
            "select pg_drop_replication_slot(slot_name) from pg_replication_slots",
            f"select pg_create_logical_replication_slot('{shop.slot}', 'pgoutput')::text",
        )
        other.run(ROW.format(2))
        open_one.run("begin", "insert into elsewhere values (2)")
        shop.load()
        open_one.run(ROW.format(3), "commit")
    assert shop.operations() == [("snapshot", 1), ("snapshot", 2)]
    shop.load()
    # The insert of 2 came through the slot, too, and the copy had seen it.
    assert shop.operations()[2:] == [("insert", 3)]
    assert shop.same()


def test_nothing_new_moves_the_slot_all_the_same(shop: CdcLake) -> None:
    shop.load()
    before = shop.confirmed()
    shop.run("create table elsewhere as select generate_series(1, 1000)")
    (result,) = shop.ingest().tables
    assert str(result) == "shop.orders: nothing new"
    assert len(shop.records()) == 1
    assert shop.run(f"select '{shop.confirmed()}'::pg_lsn > '{before}'::pg_lsn") == [(True,)]


def test_the_slot_waits_for_a_table_that_could_not_be_loaded(shop: CdcLake) -> None:
    shop.run("create table notes (id integer primary key, text text)")
    columns = [{"name": "id", "type": "integer"}, {"name": "text", "type": "integer"}]
    notes = {"name": "notes", "key": ["id"], "columns": columns}
    shop.declare(orders_table(), notes)
    shop.load()
    shop.run("begin", ROW.format(1), "insert into notes values (1, 'word')", "commit")
    assert "'word' is not a whole number" in shop.refused()
    assert shop.operations() == [("insert", 1)]
    columns[1]["type"] = "text"
    shop.declare(orders_table(), notes)
    shop.load()
    assert shop.changes("_operation, id, text", "notes") == [("insert", 1, "word")]
    assert shop.operations() == [("insert", 1)]


def test_an_added_column_is_told_and_a_dropped_one_stops(shop: CdcLake) -> None:
    shop.load()
    shop.run(
        ROW.format(1),
        "alter table orders add column colour text",
        "insert into orders values (2, 'new', 1, 'a', true, 'red')",
    )
    shop.load()
    assert "shop.orders: not declared, so not loaded: colour" in shop.said
    assert shop.operations() == [("insert", 1), ("insert", 2)]
    shop.run("alter table orders rename column note to remark", ROW.format(3)[:-1] + ", null)")
    said = shop.refused()
    assert said == (
        "shop.orders: the column note is gone from public.orders. If it was dropped, remove it from the "
        "sources file and run again; if it was renamed, give its new name as header and run till ingest "
        "--reload shop.orders."
    )
    assert len(shop.operations()) == 2
    renamed = [
        {**each, "header": "remark"} if each["name"] == "note" else each for each in ORDER_COLUMNS
    ]
    shop.declare(orders_table(columns=[*renamed, {"name": "colour"}]))
    shop.load(reload=True)
    assert shop.changes("_operation, order_id, note, colour") == [
        ("snapshot", 1, "a", None),
        ("snapshot", 2, "a", "red"),
        ("snapshot", 3, "a", None),
    ]


def test_a_lost_slot_is_told_and_a_new_copy_makes_it_good(shop: CdcLake) -> None:
    shop.run(ROW.format(1))
    shop.load()
    shop.run(ROW.format(2), "select pg_drop_replication_slot(slot_name) from pg_replication_slots")
    assert shop.refused() == (
        f"shop: the replication slot {shop.slot} is gone, so changes may be missing. "
        "Run till ingest --reload shop: it takes a new copy of each table."
    )
    # Made anew by hand, it still lacks what came before.
    shop.run(f"select pg_create_logical_replication_slot('{shop.slot}', 'pgoutput')::text")
    assert "made anew or read by somebody else" in shop.refused()
    shop.load("shop.orders", reload=True)
    assert shop.operations() == [("snapshot", 1), ("snapshot", 2)]
    shop.run(ROW.format(3))
    shop.load()
    assert shop.same()


def test_a_slot_that_the_server_gave_up_is_made_anew_by_a_reload(shop: CdcLake) -> None:
    shop.load()
    shop.run("alter system set max_slot_wal_keep_size = '1MB'", "select pg_reload_conf()")
    shop.run("create table big as select repeat('x', 100) from generate_series(1, 1000)")
    shop.run(*["select pg_switch_wal()::text", "insert into big values ('y')"] * 5, "checkpoint")
    shop.run("alter system reset max_slot_wal_keep_size", "select pg_reload_conf()")
    assert "the server has given up the replication slot" in shop.refused()
    shop.run(ROW.format(1))
    shop.load(reload=True)
    shop.run(ROW.format(2))
    shop.load()
    assert shop.operations() == [("snapshot", 1), ("insert", 2)]


def test_rows_that_do_not_fit_are_rejected_with_their_reason(shop: CdcLake) -> None:
    columns = [*ORDER_COLUMNS[:3], {"name": "note", "type": "integer"}]
    shop.declare(orders_table(columns=columns, max_rejected=0.5))
    shop.run("insert into orders values (1, 'new', 1, '5', true), (2, 'new', 1, 'word', true)")
    shop.load()
    shop.run(
        "delete from orders where order_id = 2", "insert into orders values (3, 'a', 1, 'b', true)"
    )
    shop.load()
    assert shop.operations() == [("snapshot", 1), ("delete", 2)]
    assert [row[:2] for row in shop.rejected()] == [
        ("note", "note: 'b' is not a whole number"),
        ("note", "note: 'word' is not a whole number"),
    ]
    read = [(each.rows_read, each.rows_loaded, each.rows_rejected) for each in shop.records()]
    assert read == [(2, 1, 1), (2, 1, 1)]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("alter table orders drop constraint orders_pkey", "has no primary key"),
        ("alter table orders replica identity nothing", "has no primary key"),
        ("drop table orders", "there is no table public.orders"),
        ("alter table orders drop column note", "has no column note"),
        ("create publication till_shop for table orders with (publish = 'insert')",
         "does not send every update and delete and truncate"),
        ("create publication till_shop for table orders where (order_id > 5)",
         "sends only some rows"),
        ("create publication till_shop for table orders (order_id, status)", "leaves out amount"),
    ],
)  # fmt: skip
def test_what_could_not_be_followed_is_refused_before_anything_is_made(
    shop: CdcLake, statement: str, said: str
) -> None:
    shop.run(statement)
    assert said in shop.refused()
    assert shop.run("select count(*) from pg_replication_slots") == [(0,)]


def test_a_role_without_the_rights_is_told_which(shop: CdcLake) -> None:
    shop.run("drop role if exists follower", "create role follower login")
    shop.user = "follower"
    assert "Let the owner of the table run: create publication" in shop.refused()
    shop.run("create publication till_shop for table orders")
    assert "the role may not use replication slots" in shop.refused()
    shop.run("alter role follower replication")
    assert 'grant select on "public"."orders"' in shop.refused()
    shop.run(
        "grant usage on schema public to follower",
        "grant select on orders to follower",
        ROW.format(1),
    )
    shop.load()
    shop.run(ROW.format(2))
    shop.load()
    assert shop.operations() == [("snapshot", 1), ("insert", 2)]
    shop.run("drop owned by follower", "drop role follower")


def test_a_server_that_is_not_there_shows_no_secret(shop: CdcLake) -> None:
    shop.database = "nowhere"
    assert 'database "nowhere" does not exist' in shop.refused()
    shop.database, shop.password = "postgres", "s3cret%zz"  # pragma: allowlist secret
    assert "***" in shop.refused()


def test_a_reload_takes_the_place_of_the_log_and_a_dry_run_takes_nothing(shop: CdcLake) -> None:
    shop.run(ROW.format(1))
    (before,) = shop.plans()
    assert before.request is not None
    assert before.request.address == f"a copy of public.orders (slot {shop.slot})"
    assert shop.run("select count(*) from pg_replication_slots") == [(0,)]
    shop.load()
    shop.run("update orders set status = 'paid'")
    (after,) = shop.plans()
    assert after.request is not None
    assert after.request.since == shop.records()[-1].cursor_after
    shop.load()
    shop.load("shop.orders", reload=True)
    assert shop.changes("_operation, status") == [("snapshot", "paid")]
    shop.run(ROW.format(2))
    shop.load()
    assert shop.operations()[1:] == [("insert", 2)]


def test_a_table_that_is_declared_later_gets_its_own_copy(shop: CdcLake) -> None:
    shop.run(ROW.format(1), "create table notes (id integer primary key)")
    shop.run("insert into notes values (5)")
    shop.load()
    notes = {"name": "notes", "key": ["id"], "columns": [{"name": "id", "type": "integer"}]}
    shop.declare(orders_table(), notes)
    shop.run(ROW.format(2), "insert into notes values (6)")
    shop.load()
    shop.run("insert into notes values (7)")
    shop.load()
    assert shop.operations() == [("snapshot", 1), ("insert", 2)]
    assert shop.changes("_operation, id", "notes") == [
        ("snapshot", 5),
        ("snapshot", 6),
        ("insert", 7),
    ]


def test_what_happens_between_a_copy_and_the_look_at_the_slot_is_not_lost(shop: CdcLake) -> None:
    """In one run: the new table is copied, then changed, and then the changes of the other are read."""
    shop.run("create table notes (id integer primary key)", "insert into notes values (1)")
    shop.load()
    notes = {"name": "notes", "key": ["id"], "columns": [{"name": "id", "type": "integer"}]}
    shop.declare(notes, orders_table())
    shop.run(ROW.format(1))

    class Progress(list[str]):
        def append(self, said: str) -> None:
            if said.startswith("shop.notes: 1 row "):
                shop.run("insert into notes values (2) on conflict do nothing")

    shop.said = Progress()
    shop.load()
    shop.load()
    assert shop.changes("_operation, id", "notes") == [("snapshot", 1), ("insert", 2)]
    assert shop.operations() == [("insert", 1)]


def test_a_copy_waits_for_who_was_writing_before_the_table_was_published(shop: CdcLake) -> None:
    shop.run("create table notes (id integer primary key)")
    shop.load()
    notes = {"name": "notes", "key": ["id"], "columns": [{"name": "id", "type": "integer"}]}
    shop.declare(orders_table(), notes)
    with shop.server.session() as writer, ThreadPoolExecutor(1) as pool:
        writer.run("begin", "insert into notes values (1)")
        loading = pool.submit(shop.load)
        waiting = "select count(*) > 0 from pg_stat_activity where wait_event = 'PgSleep'"
        while shop.run(waiting) != [(True,)]:
            assert not loading.done()
        writer.run("commit")
        loading.result()
    assert shop.changes("_operation, id", "notes") == [("snapshot", 1)]


def test_a_big_transaction_stays_whole(shop: CdcLake) -> None:
    shop.load()
    shop.run(
        "begin",
        "insert into orders select n, 'new', n, 'note ' || n, true from generate_series(1, 60000) n",
        "update orders set paid = false where order_id % 10 = 0",
        "commit",
    )
    shop.load()
    found = shop.changes("_operation, _lsn, _position")
    assert Counter(each[0] for each in found) == {"insert": 60_000, "update": 6_000}
    assert len({each[1] for each in found}) == 1
    assert len({each[2] for each in found}) == 66_000


def test_a_server_without_logical_replication_is_told(shop: CdcLake) -> None:
    shop.run("alter system set wal_level = replica")
    shop.server.restart()
    try:
        assert shop.refused().startswith("shop.orders: the server's wal_level is replica")
    finally:
        shop.run("alter system set wal_level = logical")
        shop.server.restart()
