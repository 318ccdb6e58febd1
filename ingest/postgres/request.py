"""What a load asks a database for, and what its answer replaces: a value, decided before any connection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from configuration.errors import PlainError
from ingest.incremental.cursor import cursor_text, request_from
from ingest.lake.manifest import Superseded
from ingest.postgres.declaration import PostgresSource, PostgresTable
from ingest.results import PlanContext, Window


@dataclass(frozen=True)
class Span:
    """Which values of the cursor are asked for: from `start` (included) to `end` (not), as records keep them.

    `with_empty`: rows without a value too; a backfill of some days does not want them.
    """

    start: str | None = None
    end: str | None = None
    with_empty: bool = True


@dataclass(frozen=True)
class PostgresRequest:
    """`reached` is how far the last load came; `moves`: whether this one moves it."""

    span: Span
    reached: str | None
    replaces: tuple[Superseded, ...]
    moves: bool


def postgres_request(
    context: PlanContext, source: PostgresSource, table: PostgresTable
) -> PostgresRequest:
    """Decide it from what is in the lake; raises PlainError for days that cannot be told apart."""
    if table.cursor is None:
        # The whole table holds every day that a window could name.
        return PostgresRequest(Span(), None, _former(context, source, table), moves=False)
    reached = context.manifest.cursor(source.name, table.name)
    if context.window is not None:
        span = _days(context.window, table.cursor_type, f"{source.name}.{table.name}")
        # What lies between the window and the cursor has still to be asked for: it stays where it is.
        return PostgresRequest(span, reached, (), moves=False)
    if context.reload:
        span = Span(_initial(table))
        return PostgresRequest(span, None, _former(context, source, table), moves=True)
    start = _initial(table)
    if reached is not None:
        start = request_from(table.cursor, table.cursor_type, reached)
    return PostgresRequest(Span(start), reached, (), moves=True)


def _initial(table: PostgresTable) -> str | None:
    """The cursor's initial value, written as records write it."""
    initial = table.cursor.initial if table.cursor else None
    if initial is None or table.cursor_type == "integer":
        return initial
    moment = datetime.fromisoformat(initial)
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return cursor_text(moment.date() if table.cursor_type == "date" else moment)


def _days(window: Window, kind: str, where: str) -> Span:
    if kind == "integer":
        raise PlainError(
            "the cursor of this table is a number, so its days cannot be told apart",
            where=where,
            remedy="Leave it out of this backfill, or load it again whole with --reload.",
        )

    def text(day: date | None) -> str | None:
        if day is None or kind == "date":
            return None if day is None else cursor_text(day)
        return cursor_text(datetime.combine(day, time()))

    is_last = window.end is None or window.end == date.max
    end = None if is_last or window.end is None else window.end + timedelta(days=1)
    return Span(text(window.start), text(end), with_empty=False)


def _former(
    context: PlanContext, source: PostgresSource, table: PostgresTable
) -> tuple[Superseded, ...]:
    """The loads that a whole new copy of the table replaces."""
    live = context.manifest.live_inputs(source.name, table.name)
    return tuple(Superseded(each.load_id, each.input.path) for each in live)
