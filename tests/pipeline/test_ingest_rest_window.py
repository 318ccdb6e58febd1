"""A backfill: the days that are asked for come, whatever the cursor stands at, and it stays where it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.dry_run import plan
from ingest.results import Window
from tests.pipeline.rest_lake import RestLake, order, orders_table
from tests.pipeline.scripted_api import Asked, Reply, ScriptedApi, page, scripted_api

SINCE = {"column": "updated_at", "param": "updated_since", "lookback": "0d"}
BOTH = SINCE | {"until_param": "updated_until"}
RECORDS = [
    order(1, "2025-03-01T23:59:59Z"),
    order(2, "2025-03-02T00:00:00Z"),
    order(3, "2025-03-03T23:59:59.999999Z"),
    order(4, "2025-03-04T00:00:00Z"),
    order(5, "2025-03-09T12:00:00Z"),
]


def window(start: int | None, end: int | None) -> Window:
    """Days of March 2025, both included."""
    days = [None if day is None else dt.date(2025, 3, day) for day in (start, end)]
    return Window(*days)


def answer(asked: Asked) -> Reply:
    since = asked.parameters.get("updated_since", "")
    until = asked.parameters.get("updated_until", "9")  # included, as some APIs do
    return page([one for one in RECORDS if since <= str(one["updated_at"]) <= until])


@pytest.fixture
def api() -> Iterator[ScriptedApi]:
    with scripted_api(answer) as served:
        yield served


@pytest.fixture
def lake(tmp_path: Path) -> RestLake:
    return RestLake(tmp_path)


def ids(lake: RestLake) -> list[str]:
    return [row[0] for row in lake.rows()]


@pytest.mark.parametrize("cursor", [SINCE, BOTH], ids=["since", "since and until"])
def test_a_window_is_asked_for_and_its_days_are_whole(
    lake: RestLake, api: ScriptedApi, cursor: dict[str, Any]
) -> None:
    lake.declare(api.url, orders_table(cursor=cursor))
    result = lake.ingest(window=window(2, 3)).tables[0]
    assert (result.rows_read, result.rows_loaded) == (2, 2)
    assert ids(lake) == ["A2", "A3"]
    asked = {"updated_since": "2025-03-02T00:00:00Z", "updated_until": "2025-03-04T00:00:00Z"}
    if cursor is SINCE:
        del asked["updated_until"]
    assert api.asked_for("/orders") == [asked]
    left_out = "2 records are" if cursor is SINCE else "1 record is"
    assert f"web.orders: {left_out} not of these days, so not read" in lake.said


def test_the_cursor_stays_where_it_was(lake: RestLake, api: ScriptedApi) -> None:
    lake.declare(api.url, orders_table(cursor=BOTH))
    lake.ingest(window=window(2, 3))
    (first,) = lake.records()
    assert (first.cursor_before, first.cursor_after) == (None, None)
    assert (first.window_start, first.window_end) == (
        "2025-03-02T00:00:00Z",
        "2025-03-04T00:00:00Z",
    )
    lake.ingest()  # begins where a first load does: what lies before the window is not skipped
    assert api.asked_for("/orders")[-1] == {}
    assert set(ids(lake)) == {"A1", "A2", "A3", "A4", "A5"}
    lake.ingest(window=window(1, 2))  # all of it is known
    assert len(lake.records()) == 2
    RECORDS[0]["status"] = "mended"
    try:
        lake.ingest(window=window(1, 2))
    finally:
        RECORDS[0]["status"] = "paid"
    assert [each.cursor_after for each in lake.records()][1:] == ["2025-03-09T12:00:00Z"] * 2
    assert ("A1", "mended") in [row[:2] for row in lake.rows()]


@pytest.mark.parametrize(("start", "end", "found"), [(4, None, ["A4", "A5"]), (None, 1, ["A1"])])
def test_a_window_may_be_open(
    lake: RestLake, api: ScriptedApi, start: int | None, end: int | None, found: list[str]
) -> None:
    lake.declare(api.url, orders_table(cursor=SINCE))
    lake.ingest(window=window(start, end))
    assert ids(lake) == found


def test_a_record_without_a_readable_time_is_rejected_not_left_out(lake: RestLake) -> None:
    records = [order(1, "soon"), order(2, "2025-03-02T08:00:00Z"), order(3, None)]
    with scripted_api(lambda asked: page(records)) as api:
        lake.declare(api.url, orders_table(cursor=SINCE, max_rejected=0.9))
        result = lake.ingest(window=window(2, 2)).tables[0]
    assert (result.rows_read, result.rows_loaded, result.rows_rejected) == (3, 1, 2)


def test_days_of_a_date_are_asked_for_as_dates(lake: RestLake) -> None:
    columns = [{"name": "order_id"}, {"name": "day", "type": "date"}]
    records = [{"order_id": f"A{n}", "day": f"2025-03-0{n}"} for n in range(1, 6)]
    cursor = {"column": "day", "param": "from", "until_param": "to"}
    with scripted_api(lambda asked: page(records)) as api:
        lake.declare(api.url, orders_table(columns=columns, cursor=cursor))
        lake.ingest(window=window(2, 3))
        assert api.asked_for("/orders") == [{"from": "2025-03-02", "to": "2025-03-04"}]
    assert ids(lake) == ["A2", "A3"]


def test_a_number_has_no_days(lake: RestLake) -> None:
    columns = [{"name": "order_id"}, {"name": "number", "type": "integer"}]
    with scripted_api(lambda asked: page([])) as api:
        lake.declare(
            api.url, orders_table(columns=columns, cursor={"column": "number", "param": "after"})
        )
        error = str(lake.ingest(window=window(1, 2)).tables[0].error)
        assert "its cursor 'number' is a number, which has no days" in error
        (found,) = plan(lake.sources(), lake.lake, lake.folder, window=window(1, 2))
        assert found.problem == error
        assert api.asked == []


def test_a_dry_run_says_what_the_window_asks_for(lake: RestLake, api: ScriptedApi) -> None:
    lake.declare(api.url, orders_table(cursor=SINCE))
    lake.ingest()
    (found,) = plan(lake.sources(), lake.lake, lake.folder, window=window(2, 3))
    assert found.request is not None
    assert (found.request.since, found.request.reached) == ("2025-03-02T00:00:00Z", None)


def test_lists_of_the_parents_of_these_days_are_asked_for_again(lake: RestLake) -> None:
    def both(asked: Asked) -> Reply:
        return answer(asked) if asked.path == "/orders" else page([{"note": str(len(api.asked))}])

    notes = {
        "name": "notes",
        "path": "/orders/{order_id}/notes",
        "parent": {"table": "orders", "column": "order_id"},
        "data_selector": "data",
        "columns": [{"name": "note"}],
    }
    with scripted_api(both) as api:
        lake.declare(api.url, orders_table(cursor=BOTH), notes)
        lake.ingest()
        before = lake.records("notes")[0].cursor_after
        api.asked.clear()
        lake.ingest(window=window(2, 3))
        assert [one.path for one in api.asked][1:] == ["/orders/A2/notes", "/orders/A3/notes"]
    assert lake.records("notes")[-1].cursor_after == before
    assert len(lake.rows("notes")) == 5
