"""One load after the other: what is asked for, what comes again, and what is not worth a record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.rest_lake import RestLake, order, orders_table
from tests.pipeline.scripted_api import Asked, Reply, ScriptedApi, as_json, page, scripted_api

SINCE = {"column": "updated_at", "param": "updated_since", "lookback": "2h"}
LINES = {"name": "orders__lines", "path": "lines", "columns": [{"name": "sku"}]}


class OrderBook:
    """A resource that a test changes between loads: pages of two, what changed since a moment."""

    def __init__(self, *records: dict[str, Any]) -> None:
        self.records = list(records)

    def answer(self, asked: Asked) -> Reply:
        if set(asked.parameters) - {"updated_since", "cursor", "limit"}:
            return as_json({"error": f"unknown parameter in {asked.parameters}"}, 400)
        since = asked.parameters.get("updated_since", "")
        start = int(asked.parameters.get("cursor", "0"))
        found = sorted(
            (one for one in self.records if str(one["updated_at"]) >= since),
            key=lambda one: (str(one["updated_at"]), str(one["order_id"])),
        )
        following = str(start + 2) if start + 2 < len(found) else None
        return page(found[start : start + 2], following)


@pytest.fixture
def book() -> OrderBook:
    return OrderBook(
        order(1, "2025-03-01T08:00:00Z"),
        order(2, "2025-03-01T09:00:00Z"),
        order(3, "2025-03-01T12:00:00Z"),
    )


@pytest.fixture
def api(book: OrderBook) -> Iterator[ScriptedApi]:
    with scripted_api(book.answer) as served:
        yield served


@pytest.fixture
def lake(tmp_path: Path) -> RestLake:
    return RestLake(tmp_path)


# -- with a cursor


def test_the_first_load_asks_for_everything_and_the_next_less_the_lookback(
    lake: RestLake, api: ScriptedApi, book: OrderBook
) -> None:
    lake.declare(api.url, orders_table(cursor=SINCE, params={"limit": 2}))
    lake.ingest()
    book.records.append(order(4, "2025-03-02T07:30:00Z"))
    lake.ingest()
    lake.ingest()
    assert api.asked_for("/orders") == [
        {"limit": "2"},
        {"limit": "2", "cursor": "2"},
        {"limit": "2", "updated_since": "2025-03-01T10:00:00Z"},
        {"limit": "2", "updated_since": "2025-03-02T05:30:00Z"},
    ]


def test_the_first_load_may_begin_later(lake: RestLake, api: ScriptedApi) -> None:
    lake.declare(api.url, orders_table(cursor={**SINCE, "initial": "2025-03-01T09:00:00Z"}))
    assert lake.ingest_one().rows_loaded == 2
    assert api.asked_for("/orders") == [{"updated_since": "2025-03-01T09:00:00Z"}]


def test_a_record_says_what_was_asked_for_and_how_far_it_came(
    lake: RestLake, api: ScriptedApi, book: OrderBook
) -> None:
    lake.declare(api.url, orders_table(cursor=SINCE))
    lake.ingest()
    book.records.append(order(4, "2025-03-01T15:00:00Z"))
    lake.ingest()
    first, second = lake.records()
    assert (first.cursor_before, first.window_start) == (None, None)
    assert (first.cursor_after, first.window_end) == ("2025-03-01T12:00:00Z",) * 2
    assert second.cursor_before == "2025-03-01T12:00:00Z"
    assert second.window_start == "2025-03-01T10:00:00Z"
    assert (second.cursor_after, second.window_end) == ("2025-03-01T15:00:00Z",) * 2
    assert second.supersedes == ()
    # the third order came again, as part of the lookback
    assert (second.rows_read, second.rows_loaded, second.rows_rejected) == (2, 2, 0)


def test_nothing_new_leaves_no_load(lake: RestLake, api: ScriptedApi) -> None:
    lake.declare(api.url, orders_table(cursor=SINCE))
    lake.ingest()
    before = lake.files()
    again = lake.ingest_one()
    assert (again.load_id, again.rows_loaded, again.error) == (None, 0, None)
    assert lake.files() == before


def test_an_api_that_has_nothing_yet_leaves_no_load_and_is_asked_for_everything_again(
    lake: RestLake, api: ScriptedApi, book: OrderBook
) -> None:
    records, book.records[:] = list(book.records), []
    lake.declare(api.url, orders_table(cursor=SINCE))
    assert lake.ingest_one().load_id is None
    book.records[:] = records
    assert lake.ingest_one().rows_loaded == 3


def test_a_version_that_is_new_is_loaded_beside_the_old_one(
    lake: RestLake, api: ScriptedApi, book: OrderBook
) -> None:
    lake.declare(api.url, orders_table(cursor=SINCE))
    lake.ingest()
    book.records[0] = order(1, "2025-03-02T08:00:00Z", status="shipped")
    lake.ingest()
    assert [row[:2] for row in lake.rows() if row[0] == "A1"] == [
        ("A1", "paid"),
        ("A1", "shipped"),
    ]


def test_a_late_row_within_the_lookback_is_found(
    lake: RestLake, api: ScriptedApi, book: OrderBook
) -> None:
    lake.declare(api.url, orders_table(cursor=SINCE))
    lake.ingest()
    book.records.append(order(5, "2025-03-01T10:00:00Z"))  # two hours before the last one
    book.records.append(order(6, "2025-03-01T09:59:59Z"))  # a second too late
    lake.ingest()
    assert {row[0] for row in lake.rows()} == {"A1", "A2", "A3", "A5"}
    assert lake.records()[-1].cursor_after == "2025-03-01T12:00:00Z"


def test_a_row_of_the_same_moment_as_the_last_one_is_found(
    lake: RestLake, api: ScriptedApi, book: OrderBook
) -> None:
    lake.declare(api.url, orders_table(cursor={**SINCE, "lookback": "0d"}))
    lake.ingest()
    book.records.append(order(7, "2025-03-01T12:00:00Z"))
    lake.ingest()
    assert {row[0] for row in lake.rows()} == {"A1", "A2", "A3", "A7"}


def test_a_rejected_row_that_comes_again_is_no_news(
    lake: RestLake, api: ScriptedApi, book: OrderBook
) -> None:
    book.records.append(order(8, "2025-03-01T12:00:00Z", amount="much"))
    lake.declare(api.url, orders_table(cursor=SINCE, max_rejected=0.5))
    lake.ingest()
    assert lake.ingest_one().load_id is None
    book.records.append(order(9, "2025-03-01T12:00:00Z", amount="little"))
    assert lake.ingest_one().rows_rejected == 2


def test_a_rejected_row_that_comes_again_does_not_stop_the_rows_beside_it(
    lake: RestLake, api: ScriptedApi, book: OrderBook
) -> None:
    book.records.append(order(8, "2025-03-01T12:00:00Z", amount="much"))
    lake.declare(api.url, orders_table(cursor=SINCE, max_rejected=0.3))  # one of four was allowed
    lake.ingest()
    book.records.append(order(9, "2025-03-01T13:00:00Z"))
    assert lake.ingest_one().error is None  # the lookback has the bad row and two others
    assert "A9" in {row[0] for row in lake.rows()}
    book.records.append(order(10, "2025-03-01T13:00:00Z", amount="more"))
    book.records.append(order(11, "2025-03-01T13:00:00Z", amount="most"))
    assert "2 of 5 rows do not fit" in str(lake.ingest_one().error)


def test_a_row_dated_in_the_future_hides_nothing_that_comes_after_it(
    lake: RestLake, api: ScriptedApi, book: OrderBook
) -> None:
    book.records.append(order(8, "2925-03-01T12:00:00Z"))
    lake.declare(api.url, orders_table(cursor=SINCE))
    lake.ingest()
    (record,) = lake.records()
    assert record.cursor_after == record.started_at
    assert lake.ingest_one().load_id is None
    assert api.asked_for("/orders")[-1]["updated_since"] < record.started_at


def test_a_failed_load_leaves_the_cursor_where_it_was(
    lake: RestLake, api: ScriptedApi, book: OrderBook
) -> None:
    lake.declare(api.url, orders_table(cursor=SINCE))
    lake.ingest()
    book.records.append(order(4, "2025-03-02T10:00:00Z", amount="much"))
    book.records.append(order(5, "2025-03-02T11:00:00Z", amount="more"))
    assert lake.ingest_one().error is not None
    for record in book.records[-2:]:
        record["amount"] = "1.00"
    lake.ingest()
    assert {row[0] for row in lake.rows()} == {"A1", "A2", "A3", "A4", "A5"}


def test_a_child_alone_that_is_new_is_loaded(
    lake: RestLake, api: ScriptedApi, book: OrderBook
) -> None:
    for record in book.records:
        record["lines"] = [{"sku": "oil"}]
    lake.declare(api.url, orders_table(cursor=SINCE, children=[LINES]))
    lake.ingest()
    assert [each.load_id for each in lake.ingest().tables] == [None, None]
    book.records[2]["lines"].append({"sku": "salt"})  # and its updated_at stays as it was
    lake.ingest()
    newest = lake.records("orders__lines")[-1].load_id
    assert newest == lake.records()[-1].load_id
    assert ("A3", "salt") in lake.rows("orders__lines", "order_id, sku")


def test_a_whole_number_may_be_the_cursor(lake: RestLake) -> None:
    columns = [{"name": "order_id"}, {"name": "sequence", "type": "integer"}]
    cursor = {"column": "sequence", "param": "after", "lookback": "5"}
    table = orders_table(columns=columns, cursor=cursor)
    with scripted_api(lambda asked: page([{"order_id": "A1", "sequence": 120}])) as api:
        lake.declare(api.url, table)
        lake.ingest()
        lake.ingest()
        assert api.asked_for("/orders") == [{}, {"after": "115"}]


# -- what a small increment lacks


def test_a_column_that_no_new_record_has_is_empty_there(
    lake: RestLake, api: ScriptedApi, book: OrderBook
) -> None:
    for record in book.records:
        record["lines"] = [{"sku": "oil"}]
    lake.declare(api.url, orders_table(cursor=SINCE | {"lookback": "0d"}, children=[LINES]))
    lake.ingest()
    late = order(4, "2025-03-02T10:00:00Z")
    del late["status"]
    book.records[:] = [late]
    assert lake.ingest_one().error is None
    assert lake.rows(columns="order_id, status")[-1] == ("A4", None)
    assert len(lake.rows("orders__lines")) == 3


def test_a_column_that_no_record_ever_had_is_an_error(
    lake: RestLake, api: ScriptedApi, book: OrderBook
) -> None:
    lake.declare(api.url, orders_table(cursor=SINCE))
    lake.ingest()
    columns = [*orders_table()["columns"], {"name": "vat_id"}]
    lake.declare(api.url, orders_table(cursor=SINCE, columns=columns))
    assert "no record has 'vat_id'" in str(lake.ingest_one().error)


def test_a_key_that_no_new_record_has_rejects_them(
    lake: RestLake, api: ScriptedApi, book: OrderBook
) -> None:
    lake.declare(api.url, orders_table(cursor=SINCE | {"lookback": "0d"}))
    lake.ingest()
    late = order(4, "2025-03-02T10:00:00Z")
    late["id"] = late.pop("order_id")
    book.answer = lambda asked: page([late])  # type: ignore[method-assign]
    with scripted_api(book.answer) as renamed:
        lake.declare(renamed.url, orders_table(cursor=SINCE | {"lookback": "0d"}))
        assert "1 of 1 rows do not fit" in str(lake.ingest_one().error)


# -- without a cursor


def test_a_table_without_a_cursor_is_replaced_whole(
    lake: RestLake, api: ScriptedApi, book: OrderBook
) -> None:
    lake.declare(api.url, orders_table())
    lake.ingest()
    book.records[:] = [order(2, "2025-03-01T09:00:00Z"), order(4)]
    assert lake.ingest_one().rows_loaded == 2
    assert [row[0] for row in lake.rows()] == ["A2", "A4"]
    first, second = lake.records()
    assert [(each.load_id, each.path) for each in second.supersedes] == [(first.load_id, "/orders")]
    assert (second.cursor_before, second.cursor_after, second.window_start) == (None, None, None)


def test_the_same_whole_copy_again_leaves_no_load(lake: RestLake, api: ScriptedApi) -> None:
    lake.declare(api.url, orders_table())
    lake.ingest()
    before = lake.files()
    assert lake.ingest_one().load_id is None
    assert lake.files() == before


def test_a_row_that_took_the_place_of_a_twin_is_news(
    lake: RestLake, api: ScriptedApi, book: OrderBook
) -> None:
    book.records[:] = [order(1), order(2)]
    lake.declare(api.url, orders_table(key=None))
    lake.ingest()
    book.records[:] = [order(1), order(1)]  # as many rows as before, and none that is new
    lake.ingest()
    assert [row[0] for row in lake.rows()] == ["A1", "A1"]


def test_a_table_that_became_empty_is_empty(
    lake: RestLake, api: ScriptedApi, book: OrderBook
) -> None:
    lake.declare(api.url, orders_table())
    lake.ingest()
    book.records.clear()
    assert lake.ingest_one().load_id is not None
    assert lake.rows() == []
    assert lake.ingest_one().load_id is None


def test_children_of_a_whole_copy_are_replaced_with_it(
    lake: RestLake, api: ScriptedApi, book: OrderBook
) -> None:
    for record in book.records:
        record["lines"] = [{"sku": "oil"}, {"sku": "salt"}]
    lake.declare(api.url, orders_table(children=[LINES]))
    lake.ingest()
    del book.records[1:]
    book.records[0]["lines"] = [{"sku": "tea"}]
    lake.ingest()
    assert lake.rows("orders__lines", "order_id, sku") == [("A1", "tea")]


# -- parameters


def test_parameters_are_sent_as_apis_write_them(lake: RestLake) -> None:
    with scripted_api(lambda asked: page([order(1)])) as api:
        params = {"archived": False, "paid": True, "limit": 5, "min": 0.5, "q": "a&b c"}
        lake.declare(api.url, orders_table(params=params))
        lake.ingest()
    assert api.asked_for("/orders") == [
        {"archived": "false", "paid": "true", "limit": "5", "min": "0.5", "q": "a&b c"}
    ]
