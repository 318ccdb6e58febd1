"""PostgreSQL by cursor: only what is new is asked for, nothing is missed, and a backfill moves nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from ingest.dry_run import plan
from ingest.lake.manifest import read_manifest
from ingest.results import Window
from tests.pipeline.postgres_lake import ORDER_COLUMNS, PostgresLake

SINCE = {"column": "updated_at", "lookback": "1d"}
MONDAY = "'2025-03-03 10:00+01'"
TUESDAY = "'2025-03-04 10:00+01'"


def ids(lake: PostgresLake) -> list[int]:
    return [row[0] for row in lake.rows(columns="order_id")]


# -- by cursor


def test_only_what_is_new_is_asked_for(shop_database: PostgresLake) -> None:
    shop_database.make_orders(f"(1, 1, {MONDAY})", f"(2, 2, {TUESDAY})")
    shop_database.declare(shop_database.table(cursor={**SINCE, "lookback": "0d"}))
    shop_database.loaded()
    assert shop_database.records()[0].cursor_after == "2025-03-04T09:00:00Z"
    assert shop_database.loaded().load_id is None
    shop_database.run(
        "update orders set amount = 0 where order_id = 1",  # its time stays: not asked for
        "insert into orders values (3, 3, '2025-03-05 10:00+00')",
    )
    assert shop_database.loaded().rows_read == 2  # the last one comes again, with the new one
    assert ids(shop_database) == [1, 2, 2, 3]
    record = shop_database.records()[-1]
    assert (record.window_start, record.cursor_before) == ("2025-03-04T09:00:00Z",) * 2
    assert record.cursor_after == "2025-03-05T10:00:00Z"
    assert record.supersedes == ()


@pytest.mark.parametrize(("lookback", "found"), [("1d", [1, 2, 3]), ("0d", [1, 3])])
def test_a_row_that_was_committed_late_is_found_by_the_lookback(
    shop_database: PostgresLake, lookback: str, found: list[int]
) -> None:
    shop_database.make_orders("(1, 1, '2025-03-03 10:00+00')")
    shop_database.declare(shop_database.table(cursor={**SINCE, "lookback": lookback}))
    with shop_database.server.connect(autocommit=False) as slow, slow.cursor() as cursor:
        cursor.execute("insert into counter.orders values (2, 2, '2025-03-03 11:00+00')")
        shop_database.run("insert into orders values (3, 3, '2025-03-03 12:00+00')")
        shop_database.loaded()
        assert ids(shop_database) == [1, 3]  # the cursor is beyond a row that nobody sees yet
        slow.commit()
    shop_database.loaded()
    assert sorted(set(ids(shop_database))) == found


@pytest.mark.parametrize(
    ("server_type", "kind", "values", "reached"),
    [
        ("timestamp", "timestamp", ["2025-03-03 10:00", "2025-03-03 10:00:00.000001"], None),
        ("date", "timestamp", ["2025-03-03", "2025-03-04"], "2025-03-04T00:00:00Z"),
        ("numeric", "integer", ["7", "12"], "12"),
    ],
)
def test_a_cursor_is_asked_in_the_type_of_its_column(
    shop_database: PostgresLake, server_type: str, kind: str, values: list[str], reached: str | None
) -> None:
    shop_database.run(
        f"create table orders (order_id int, changed {server_type})",
        f"insert into orders values (1, '{values[0]}')",
    )
    columns = [ORDER_COLUMNS[0], {"name": "changed", "type": kind}]
    table = shop_database.table(columns=columns, cursor={"column": "changed"})
    shop_database.declare(table)
    shop_database.loaded()
    assert shop_database.loaded().load_id is None
    shop_database.run(f"insert into orders values (2, '{values[1]}')")
    assert shop_database.loaded().rows_loaded == 2
    if reached:
        assert shop_database.records()[-1].cursor_after == reached


def test_a_cursor_of_text_is_refused(shop_database: PostgresLake) -> None:
    shop_database.run(
        "create table orders (order_id int, changed text)", "insert into orders values (1, '7')"
    )
    columns = [ORDER_COLUMNS[0], {"name": "changed", "type": "integer"}]
    cursor = {"column": "changed", "initial": "5"}
    shop_database.declare(shop_database.table(columns=columns, cursor=cursor))
    assert "the cursor's column 'changed' is text in the database" in shop_database.refused()


def test_a_row_without_its_cursor_is_rejected_and_counted_once(shop_database: PostgresLake) -> None:
    shop_database.make_orders(f"(1, 1, {MONDAY})", "(2, 2, null)")
    shop_database.declare(shop_database.table(cursor=SINCE, max_rejected=0.5))
    result = shop_database.loaded()
    assert (result.rows_read, result.rows_loaded, result.rows_rejected) == (2, 1, 1)
    assert shop_database.rejected()[0][1] == "updated_at is empty"
    assert shop_database.loaded().load_id is None  # it came again, and is known
    shop_database.run("insert into orders values (3, 3, null)")
    assert shop_database.loaded().rows_rejected == 2


def test_the_first_load_begins_at_initial_and_a_reload_too(shop_database: PostgresLake) -> None:
    shop_database.make_orders(f"(1, 1, {MONDAY})", f"(2, 2, {TUESDAY})")
    cursor = {**SINCE, "initial": "2025-03-04"}
    shop_database.declare(shop_database.table(cursor=cursor))
    shop_database.loaded()
    assert ids(shop_database) == [2]
    shop_database.run(
        "delete from orders", "insert into orders values (3, 3, '2025-03-04 01:00+00')"
    )
    shop_database.loaded(reload=True)
    assert ids(shop_database) == [3]
    assert shop_database.records()[-1].cursor_after == "2025-03-04T01:00:00Z"


def test_a_row_dated_in_the_future_hides_nothing(shop_database: PostgresLake) -> None:
    shop_database.make_orders(f"(1, 1, {MONDAY})", "(2, 2, '2999-01-01')")
    shop_database.declare(shop_database.table(cursor=SINCE))
    now = datetime(2025, 3, 5, tzinfo=UTC)
    shop_database.loaded(now=now)
    shop_database.run("insert into orders values (3, 3, '2025-03-05 01:00+00')")
    shop_database.loaded(now=now)
    assert sorted(set(ids(shop_database))) == [1, 2, 3]


# -- backfill


def test_a_window_loads_its_days_whatever_the_cursor_says(shop_database: PostgresLake) -> None:
    shop_database.make_orders(
        "(1, 1, '2025-03-02 23:59:59.999999+00')",
        "(2, 2, '2025-03-03 00:00+00')",
        "(3, 3, '2025-03-04 23:59:59.999999+00')",
        "(4, 4, '2025-03-05 00:00+00')",
        "(5, 5, '2025-04-01 00:00+00')",
    )
    shop_database.declare(shop_database.table(cursor={**SINCE, "initial": "2025-04-01"}))
    shop_database.loaded()
    assert ids(shop_database) == [5]
    window = Window(date(2025, 3, 3), date(2025, 3, 4))
    assert shop_database.loaded(window=window).rows_loaded == 2
    assert ids(shop_database) == [2, 3, 5]
    record = shop_database.records()[-1]
    assert (record.window_start, record.window_end) == (
        "2025-03-03T00:00:00Z",
        "2025-03-05T00:00:00Z",
    )
    assert record.cursor_after == "2025-04-01T00:00:00Z"
    assert shop_database.loaded(window=window).load_id is None
    assert shop_database.loaded(window=Window(date(2025, 3, 5), None)).rows_loaded == 2
    assert sorted(set(ids(shop_database))) == [2, 3, 4, 5]


def test_a_window_before_the_first_load_hides_nothing_from_it(shop_database: PostgresLake) -> None:
    shop_database.make_orders(f"(1, 1, {MONDAY})", f"(2, 2, {TUESDAY})")
    shop_database.declare(shop_database.table(cursor={**SINCE, "lookback": "0d"}))
    shop_database.loaded(window=Window(date(2025, 3, 4), None))
    assert ids(shop_database) == [2]
    shop_database.loaded()
    assert sorted(set(ids(shop_database))) == [1, 2]


def test_days_of_a_cursor_that_is_a_number_cannot_be_told(shop_database: PostgresLake) -> None:
    shop_database.make_orders("(1, 1, null)")
    shop_database.declare(shop_database.table(cursor={"column": "order_id"}))
    window = Window(date(2025, 3, 3), None)
    (result,) = shop_database.ingest(window=window).tables
    assert "is a number, so its days cannot be told apart" in str(result.error)
    (told,) = plan(shop_database.sources(), shop_database.lake, shop_database.folder, window=window)
    assert told.problem == str(result.error)


# -- dry run


def test_a_dry_run_says_what_would_be_asked_and_connects_to_nothing(
    shop_database: PostgresLake,
) -> None:
    shop_database.make_orders(f"(1, 1, {MONDAY})")
    tables = (shop_database.table(cursor=SINCE), shop_database.table(name="all"))
    shop_database.declare(*tables)
    shop_database.ingest()
    shop_database.address = (
        "postgresql://clerk:secret@127.0.0.1:1/nowhere"  # pragma: allowlist secret
    )

    def told(**options: object) -> list[tuple[str, object, object, object, int]]:
        plans = plan(shop_database.sources(), shop_database.lake, shop_database.folder, **options)  # type: ignore[arg-type]
        asked = [one.request for one in plans if one.request]
        return [(r.address, r.parameter, r.since, r.reached, len(r.replaces)) for r in asked]

    name = "counter.orders"
    assert told() == [
        (name, "updated_at", "2025-03-02T09:00:00Z", "2025-03-03T09:00:00Z", 0),
        (name, None, None, None, 1),
    ]
    assert told(reload=True)[0] == (name, "updated_at", None, None, 1)
    window = Window(date(2025, 3, 3), date(2025, 3, 4))
    days = "2025-03-03T00:00:00Z until before 2025-03-05T00:00:00Z"
    assert told(window=window)[0] == (name, "updated_at", days, None, 0)
    assert len(read_manifest(shop_database.lake).records) == 2
