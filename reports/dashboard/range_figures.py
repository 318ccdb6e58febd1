"""Figures over the days that a reader has chosen, beside as many days before them.

The static page computes the same in its script (`liveCards` in assets/script/live.js); here DuckDB does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from reports.charts.rows import Source
from reports.dashboard.choice import Span
from reports.formats import Formatter, Value
from reports.kpis import Card, change_between, months_before, short_format
from reports.language.kpis import Kpis
from reports.sql import quoted


@dataclass(frozen=True)
class RangeFigures:
    """The cards of a range, and a note on periods that they cannot be compared with."""

    cards: tuple[Card, ...]
    note: str


@dataclass(frozen=True)
class _Days:
    """The figures of some days; `has_rows` is false where the data knows nothing of them."""

    values: tuple[Value, ...]
    has_rows: bool
    is_partial: bool


def range_figures(
    item: Kpis,
    cards: Sequence[Card],
    source: Source,
    span: Span,
    earliest: date,
    others: str,
    compare: Sequence[str],
    formatter: Formatter,
    words: Mapping[str, str],
) -> RangeFigures:
    """The cards of an item over `span`; `cards` are those of its last period, with their lines.

    `source` has the rows of all days, `others` is the SQL of the other filters, `earliest` the first day of
    the data. A part of a range beside a whole one misleads: days before that are not compared with.
    """
    names = [card.name for card in cards]
    current = _days(item, names, source, span.first, span.last, others)
    periods: list[tuple[str, _Days]] = []
    notes = []
    for kind in compare:
        first, last, name = _before(span, kind, words)
        before = _days(item, names, source, first, last, others)
        if not before.has_rows or first < earliest or before.is_partial:
            notes.append(words["not_compared_with"].format(period=name))
        else:
            periods.append((name, before))
    shown = [] if current.is_partial else periods
    found = []
    for index, card in enumerate(cards):
        metric, value = source.metrics[card.name], current.values[index]
        changes = [
            change_between(value, days.values[index], metric, name, formatter, words["new"])
            for name, days in shown
        ]
        found.append(
            replace(
                card,
                value=formatter.text(value, short_format(metric.format, value)),
                exact=formatter.text(value, metric.format),
                changes=tuple(change for change in changes if change),
                target=None,
            )
        )
    return RangeFigures(tuple(found), " ".join(notes))


def _before(span: Span, kind: str, words: Mapping[str, str]) -> tuple[date, date, str]:
    if kind == "previous":
        days = (span.last - span.first).days + 1
        size = timedelta(days=days)
        return (
            span.first - size,
            span.first - timedelta(days=1),
            words["days_before"].format(days=days),
        )
    return months_before(span.first, 12), months_before(span.last, 12), words["year_before"]


def _days(
    item: Kpis, names: Sequence[str], source: Source, first: date, last: date, others: str
) -> _Days:
    partial = f"coalesce(bool_or({quoted(item.incomplete)}), false)" if item.incomplete else "false"
    condition = f"{quoted(item.time or '')} between date '{first}' and date '{last}'"
    rows = source.select(
        [*[source.metrics.sql(name) for name in names], "count(*)", partial],
        where=f"{condition} and {others}" if others else condition,
        group=["true"],
    )
    if not rows:
        return _Days((None,) * len(names), has_rows=False, is_partial=False)
    return _Days(rows[0][: len(names)], has_rows=bool(rows[0][-2]), is_partial=bool(rows[0][-1]))
