"""Where an incremental load begins: what was reached, less the lookback, in the API's own terms."""

from __future__ import annotations

import datetime as dt

import pytest

from ingest.incremental.cursor import cursor_text, later, reached_by, request_from
from ingest.rest.declaration import Cursor


def cursor(lookback: str = "0d", initial: str | None = None) -> Cursor:
    return Cursor(column="updated_at", param="since", lookback=lookback, initial=initial)


@pytest.mark.parametrize("initial", [None, "2024-01-01T00:00:00Z"])
def test_the_first_request_asks_from_the_initial_value(initial: str | None) -> None:
    assert request_from(cursor("1d", initial), "timestamp", None) == initial


@pytest.mark.parametrize(
    ("kind", "lookback", "reached", "asked"),
    [
        ("timestamp", "0d", "2025-03-01T10:00:00Z", "2025-03-01T10:00:00Z"),
        ("timestamp", "30m", "2025-03-01T00:10:00Z", "2025-02-28T23:40:00Z"),
        ("timestamp", "12h", "2025-03-01T10:00:00.25Z", "2025-02-28T22:00:00.250000Z"),
        ("timestamp", "45s", "2025-03-01T10:00:00Z", "2025-03-01T09:59:15Z"),
        ("timestamp", "2w", "2024-03-01T10:00:00Z", "2024-02-16T10:00:00Z"),
        ("timestamp", "90", "2025-03-01T10:00:00Z", "2025-03-01T09:58:30Z"),
        ("date", "1d", "2024-03-01", "2024-02-29"),
        ("date", "0d", "2024-03-01", "2024-03-01"),
        # part of a day is a day: less would be no lookback at all
        ("date", "12h", "2024-03-01", "2024-02-29"),
        ("date", "25h", "2024-03-01", "2024-02-28"),
        ("integer", "100", "1250", "1150"),
        ("integer", "0", "9007199254740993", "9007199254740993"),
    ],
)
def test_later_requests_ask_from_what_was_reached_less_the_lookback(
    kind: str, lookback: str, reached: str, asked: str
) -> None:
    assert request_from(cursor(lookback, "1"), kind, reached) == asked


def test_a_lookback_reaches_no_further_than_the_calendar() -> None:
    back = cursor("1000000w")
    assert request_from(back, "timestamp", "2025-03-01T10:00:00Z") == "0001-01-01T00:00:00Z"
    assert request_from(back, "date", "2025-03-01") == "0001-01-01"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (dt.datetime(2025, 3, 1, 10), "2025-03-01T10:00:00Z"),  # noqa: DTZ001 - UTC, as in Parquet
        (dt.datetime(2025, 3, 1, 10, 0, 0, 5), "2025-03-01T10:00:00.000005Z"),  # noqa: DTZ001
        (dt.date(2025, 3, 1), "2025-03-01"),
        (42, "42"),
    ],
)
def test_a_value_becomes_text_that_apis_understand(value: object, text: str) -> None:
    assert cursor_text(value) == text


NOW = dt.datetime(2025, 3, 1, 10, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("value", "reached"),
    [
        (dt.datetime(2025, 3, 1, 10, 29, 59), "2025-03-01T10:29:59Z"),  # noqa: DTZ001
        (dt.datetime(2925, 3, 1), "2025-03-01T10:30:00Z"),  # noqa: DTZ001 - 2925 for 2025
        (dt.date(2025, 3, 1), "2025-03-01"),
        (dt.date(2025, 3, 2), "2025-03-01"),
        (9_999_999_999, "9999999999"),
    ],
)
def test_a_date_in_the_future_does_not_move_the_cursor_beyond_now(
    value: object, reached: str
) -> None:
    assert reached_by(value, NOW) == reached


@pytest.mark.parametrize(
    ("kind", "reached", "seen", "furthest"),
    [
        ("integer", "9", "10", "10"),
        ("integer", "10", "9", "10"),
        ("integer", None, "10", "10"),
        ("date", "2025-03-01", "2025-02-28", "2025-03-01"),
        (
            "timestamp",
            "2025-03-01T10:00:00Z",
            "2025-03-01T10:00:00.000001Z",
            "2025-03-01T10:00:00.000001Z",
        ),
        ("timestamp", "2025-03-01T10:00:00Z", None, "2025-03-01T10:00:00Z"),
        ("timestamp", None, None, None),
    ],
)
def test_a_cursor_never_goes_back(
    kind: str, reached: str | None, seen: str | None, furthest: str | None
) -> None:
    assert later(kind, reached, seen) == furthest
