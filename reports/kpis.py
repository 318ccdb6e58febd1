"""Figures with their change: the last period of a dataset beside earlier ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from configuration.errors import PlainError
from reports.charts.rows import Source
from reports.formats import FormatName, Formatter, Value
from reports.frames import Frame, as_number
from reports.language.items import Measure
from reports.language.kpis import Kpis
from reports.language.metrics import Metric
from reports.sparkline import sparkline_path
from reports.sql import quoted

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_DAYS = {"day": 1, "week": 7, "30 days": 30}
_PERIOD_FORMATS: dict[str, FormatName] = {
    "day": "date", "week": "date", "30 days": "date", "month": "month", "quarter": "month", "year": "year",
}  # fmt: skip
SPARKLINE_POINTS = 25
# From here on a card has no room for every digit, and nobody reads them there.
SHORT_COUNT, SHORT_AMOUNT = 100_000, 10_000


@dataclass(frozen=True)
class Change:
    """How a figure compares with an earlier period; `tone` is good, bad or neutral."""

    text: str
    arrow: str
    tone: str
    period: str


@dataclass(frozen=True)
class Target:
    """What a figure aims at; `share` is how much of it is reached, 0 to 100 for a bar."""

    text: str
    reached: str
    share: str
    tone: str


@dataclass(frozen=True)
class Card:
    """One figure as the page shows it."""

    name: str
    label: str
    value: str
    exact: str
    description: str
    changes: tuple[Change, ...]
    sparkline: str
    target: Target | None = None


@dataclass(frozen=True)
class KpiRow:
    """The cards of an item, the period they are about, and the rows behind them."""

    cards: tuple[Card, ...]
    period: str
    frame: Frame
    note: str = ""


@dataclass(frozen=True)
class _Comparisons:
    """The earlier periods to compare with, by name, and a note on those that cannot be."""

    periods: Mapping[str, date]
    note: str


def kpi_row(item: Kpis, source: Source, formatter: Formatter, words: Mapping[str, str]) -> KpiRow:
    """The cards of a KPI item; no cards where the dataset has no rows."""
    names = list(dict.fromkeys(item.metrics))
    if item.time is None:
        return _whole(item, names, source, formatter, words)
    time = _time_sql(item.time, item.grain, source)
    _refuse_adding_up(item, source, time, names)
    rows = source.select(
        [time, *[source.metrics.sql(name) for name in names]],
        where=f"{time} is not null",
        group=[time],
        order=[time],
    )
    fields = [source.field(item.time, None, period_format(item))]
    fields += [source.measure_field(Measure(metric=name)) for name in names]
    frame = Frame(tuple(fields), tuple(rows))
    if not frame.rows:
        return KpiRow((), "", frame)
    times = [value for value in frame.column(item.time) if isinstance(value, date)]
    compared = _comparisons(item, source, times, formatter, words)
    cards = tuple(
        replace(
            _card(item, name, source.metrics[name], frame, compared, formatter, words["new"]),
            target=_target(name, time, source, frame.rows[-1][frame.index(name)], formatter),
        )
        for name in names
    )
    return KpiRow(cards, formatter.text(times[-1], period_format(item)), frame, compared.note)


def _time_sql(time: str, grain: str, source: Source) -> str:
    """The period of a row; rows that go with the page to be filtered may be finer than the figures."""
    is_finer = source.is_filterable and grain in ("week", *_MONTHS)
    return f"cast(date_trunc('{grain}', {quoted(time)}) as date)" if is_finer else quoted(time)


def _whole(
    item: Kpis, names: Sequence[str], source: Source, formatter: Formatter, words: Mapping[str, str]
) -> KpiRow:
    """Figures over all rows: without a time there is nothing to compare with."""
    rows = source.select([source.metrics.sql(name) for name in names], group=["true"])
    fields = [source.measure_field(Measure(metric=name)) for name in names]
    frame = Frame(tuple(fields), tuple(rows))
    if not rows:
        return KpiRow((), "", frame)
    nothing = _Comparisons({}, "")
    cards = tuple(
        replace(
            _card(item, name, source.metrics[name], frame, nothing, formatter, words["new"]),
            target=_target(name, "true", source, rows[0][index], formatter),
        )
        for index, name in enumerate(names)
    )
    return KpiRow(cards, "", frame)


def earlier(day: date, grain: str, compare: str) -> date:
    """The beginning of the period that `day`'s is compared with."""
    if compare == "previous_year":
        if grain in ("week", "30 days"):
            return day - timedelta(days=364 if grain == "week" else 365)
        return months_before(day, 12)
    if grain in _DAYS:
        return day - timedelta(days=_DAYS[grain])
    return months_before(day, _MONTHS[grain])


def change_between(
    now: Value, before: Value, metric: Metric, period: str, formatter: Formatter, new: str
) -> Change | None:
    """The change in per cent, in points for rates; None where there is nothing to compare with."""
    if as_number(now) is None or as_number(before) is None:
        return None
    current, past = Decimal(str(now)), Decimal(str(before))
    difference = current - past
    if metric.format.startswith("rate"):
        text, size = formatter.text(difference, "change_pp1"), round(difference * 100, 1)
    elif past == 0:
        return Change(new, "", "neutral", period) if current else None
    else:
        per_cent = difference / abs(past) * 100
        text, size = formatter.text(per_cent, "change_pct1"), round(per_cent, 1)
    arrow = "▲" if size > 0 else "▼" if size < 0 else ""
    if size == 0 or metric.better == "neutral":
        tone = "neutral"
    else:
        tone = "good" if (size > 0) == (metric.better == "up") else "bad"
    return Change(text, arrow, tone, period)


def _comparisons(
    item: Kpis,
    source: Source,
    times: Sequence[date],
    formatter: Formatter,
    words: Mapping[str, str],
) -> _Comparisons:
    """A part of a period beside a whole one misleads, so neither of two may be incomplete."""
    written, last = period_format(item), times[-1]
    wanted: dict[str, date] = {}
    for compare in item.compare or ():
        start = earlier(last, item.grain, compare)
        is_window = item.grain == "30 days" and compare == "previous"
        name = words["days_before"].format(days=30) if is_window else formatter.text(start, written)
        if start in times:
            wanted[name] = start
    partial = _incomplete(item, source)
    if wanted and last in partial:
        return _Comparisons({}, words["not_compared"].format(period=formatter.text(last, written)))
    left_out = [name for name, start in wanted.items() if start in partial]
    kept = {name: start for name, start in wanted.items() if start not in partial}
    notes = [words["not_compared_with"].format(period=name) for name in left_out]
    return _Comparisons(kept, " ".join(notes))


def _incomplete(item: Kpis, source: Source) -> set[date]:
    """The periods of which the dataset says that they are not complete."""
    if item.incomplete is None or item.time is None:
        return set()
    time = _time_sql(item.time, item.grain, source)
    found = source.select([time], where=f"{quoted(item.incomplete)} and {time} is not null")
    return {row[0] for row in found if isinstance(row[0], date)}


def _card(
    item: Kpis,
    name: str,
    metric: Metric,
    frame: Frame,
    compared: _Comparisons,
    formatter: Formatter,
    new: str,
) -> Card:
    column = frame.column(name)
    values = dict(zip(frame.column(item.time), column, strict=True)) if item.time else {}
    now = column[-1]
    changes = [
        change_between(now, values.get(start), metric, period, formatter, new)
        for period, start in compared.periods.items()
    ]
    line = [as_number(value) for value in column[-SPARKLINE_POINTS:]]
    return Card(
        name,
        metric.label,
        formatter.text(now, short_format(metric.format, now)),
        formatter.text(now, metric.format),
        metric.description,
        tuple(change for change in changes if change),
        sparkline_path(line) if item.sparkline else "",
    )


def _target(
    name: str, time: str, source: Source, now: Value, formatter: Formatter
) -> Target | None:
    metric, aim, value = source.metrics[name], source.target_of(name, time), as_number(now)
    if aim is None or value is None:
        return None
    # A ratio to a target of nothing, or to one below nothing, says nothing.
    share = value / aim if aim > 0 else None
    reached = value >= aim if metric.better == "up" else value <= aim
    return Target(
        formatter.text(aim, short_format(metric.format, aim)),
        formatter.text(share, "rate0") if share is not None else "",
        f"{min(max(share, 0.0), 1.0) * 100:.1f}" if share is not None else "",
        "neutral" if metric.better == "neutral" else "good" if reached else "bad",
    )


def short_format(chosen: FormatName, value: Value) -> FormatName:
    """The format of a card, where a figure has room for about seven characters."""
    size = abs(as_number(value) or 0.0)
    if chosen == "currency0" or (chosen == "currency2" and size >= SHORT_AMOUNT):
        return "currency_short"
    if chosen in ("int", "num0"):
        return "int" if size < SHORT_COUNT else "number_short"
    return chosen


def period_format(item: Kpis) -> FormatName:
    """How the periods of an item are written."""
    return item.format or _PERIOD_FORMATS[item.grain]


def _refuse_adding_up(item: Kpis, source: Source, time: str, names: list[str]) -> None:
    exact = [name for name in names if not source.metrics[name].additive]
    if exact and source.has_several([time]):
        raise PlainError(
            f"'{exact[0]}' cannot be added up, but dataset '{item.dataset}' has several rows for one "
            f"{item.time}",
            where=source.place(("dataset",)),
            remedy="Compute it in the dataset's SQL, one row per period.",
        )


def months_before(day: date, months: int) -> date:
    """A day so many months earlier; the last of a shorter month where there is none."""
    count = day.year * 12 + day.month - 1 - months
    year, month = divmod(count, 12)
    last = (date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))
