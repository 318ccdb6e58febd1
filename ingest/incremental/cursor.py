"""Where an incremental load begins and ends, as text for requests and records."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from ingest.incremental.declaration import CursorBlock


def cursor_text(value: object) -> str:
    """A cursor's value as records keep it and as APIs take it: ISO 8601 in UTC, or a number."""
    if isinstance(value, datetime):
        text = value.replace(tzinfo=UTC).isoformat(timespec="microseconds")
        return text.removesuffix("+00:00").removesuffix(".000000") + "Z"
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def request_from(cursor: CursorBlock, kind: str, reached: str | None) -> str | None:
    """The value to ask from: what was reached less the lookback; at first, `initial`."""
    if reached is None:
        return cursor.initial
    back = cursor.lookback_units
    if kind == "integer":
        return str(int(reached) - back)
    start = datetime.fromisoformat(reached).replace(tzinfo=None)
    try:
        start -= timedelta(seconds=back)
    except OverflowError:
        start = datetime.min  # noqa: DTZ901 - UTC, naive like all times in the lake
    # A date is asked for as a whole, so part of a day of lookback is a day.
    return cursor_text(start.date() if kind == "date" else start)


def reached_by(value: object, now: datetime) -> str:
    """How far a load came whose highest value is `value`: no further than `now` (UTC).

    One record dated next year by mistake would else hide everything that changes until then.
    """
    if isinstance(value, datetime):
        return cursor_text(min(value, now.astimezone(UTC).replace(tzinfo=None)))
    if isinstance(value, date):
        return cursor_text(min(value, now.astimezone(UTC).date()))
    return cursor_text(value)


def later(kind: str, reached: str | None, seen: str | None) -> str | None:
    """The further of the two; a cursor never goes back."""
    known = [each for each in (reached, seen) if each is not None]
    if kind == "integer":
        return max(known, key=int, default=None)
    return max(known, key=datetime.fromisoformat, default=None)
