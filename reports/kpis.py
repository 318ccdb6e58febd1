"""Figures with their change: the last period of a dataset beside earlier ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from configuration.errors import PlainError
from reports.chart_rows import Source
from reports.formats import FormatName, Formatter, Value
from reports.frames import Field, Frame, describe
from reports.page_file import Kpis, Metric
from reports.sparkline import sparkline_path
from reports.sql import quoted

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_DAYS = {"day": 1, "week": 7, "30 days": 30}
_PERIOD_FORMATS: dict[str, FormatName] = {
    "day": "date", "week": "date", "30 days": "date", "month": "month", "quarter": "month", "year": "year",
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """How a figure compares with an earlier period; `tone` is good, bad or neutral."""

    text: str
    arrow: str
    tone: str
    period: str


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


@dataclass(frozen=True)
class KpiRow:
    """The cards of an item, the period they are about, and the rows behind them."""

    cards: tuple[Card, ...]
    period: str
    frame: Frame


def kpi_row(item: Kpis, source: Source, formatter: Formatter, words: Mapping[str, str]) -> KpiRow:
    """The cards of a KPI item; no cards where the dataset has no rows."""
    names = list(dict.fromkeys(item.metrics))
    measures = [f"{source.page.metric_sql(name)} as {quoted(name)}" for name in names]
    sql = (
        f"select {quoted(item.time)}, {', '.join(measures)} from {quoted(source.table)} "
        f"where {quoted(item.time)} is not null group by 1 order by 1"
    )
    _refuse_adding_up(item, source, names)
    frame = _labelled(
        item, source, describe(source.connection, sql), source.connection.execute(sql).fetchall()
    )
    if not frame.rows:
        return KpiRow((), "", frame)
    times = [value for value in frame.column(item.time) if isinstance(value, date)]
    chosen = frame.fields[0].format
    cards = tuple(
        _card(item, name, source.page.metrics[name], frame, times, chosen, formatter, words["new"])
        for name in item.metrics
    )
    return KpiRow(cards, formatter.text(times[-1], chosen), frame)


def earlier(day: date, grain: str, compare: str) -> date:
    """The beginning of the period that `day`'s is compared with."""
    if compare == "previous_year":
        if grain in ("week", "30 days"):
            return day - timedelta(days=364 if grain == "week" else 365)
        return _months_before(day, 12)
    if grain in _DAYS:
        return day - timedelta(days=_DAYS[grain])
    return _months_before(day, _MONTHS[grain])


def change_between(
    now: Value, before: Value, metric: Metric, period: str, formatter: Formatter, new: str
) -> Change | None:
    """The change in per cent, in points for rates; None where there is nothing to compare with."""
    if not isinstance(now, (int, float, Decimal)) or not isinstance(before, (int, float, Decimal)):
        return None
    now, before = Decimal(str(now)), Decimal(str(before))
    difference = now - before
    if metric.format.startswith("rate"):
        text, size = formatter.text(difference, "change_pp1"), round(difference * 100, 1)
    elif before == 0:
        return Change(new, "", "neutral", period) if now else None
    else:
        per_cent = difference / abs(before) * 100
        text, size = formatter.text(per_cent, "change_pct1"), round(per_cent, 1)
    arrow = "▲" if size > 0 else "▼" if size < 0 else ""
    if size == 0 or metric.better == "neutral":
        tone = "neutral"
    else:
        tone = "good" if (size > 0) == (metric.better == "up") else "bad"
    return Change(text, arrow, tone, period)


def _card(
    item: Kpis,
    name: str,
    metric: Metric,
    frame: Frame,
    times: list[date],
    chosen: FormatName,
    formatter: Formatter,
    new: str,
) -> Card:
    values = dict(zip(times, frame.column(name), strict=True))
    now = values[times[-1]]
    changes = []
    for compare in item.compare:
        start = earlier(times[-1], item.grain, compare)
        period = formatter.text(start, chosen)
        change = change_between(now, values.get(start), metric, period, formatter, new)
        if change:
            changes.append(change)
    short: FormatName = metric.format
    if metric.format in ("currency0",):
        short = "currency_short"
    elif metric.format in ("int", "num0"):
        short = "int" if isinstance(now, (int, Decimal)) and abs(now) < 100_000 else "number_short"  # noqa: PLR2004
    line = [float(v) if isinstance(v, (int, float, Decimal)) else None for v in values.values()]
    return Card(
        name,
        metric.label,
        formatter.text(now, short),
        formatter.text(now, metric.format),
        metric.description,
        tuple(changes),
        sparkline_path(line[-25:]) if item.sparkline else "",
    )


def _labelled(
    item: Kpis, source: Source, fields: tuple[Field, ...], rows: list[tuple[Value, ...]]
) -> Frame:
    metrics = source.page.metrics
    wanted: list[tuple[str, str | None, FormatName | None]] = [
        (item.time, None, item.format or _PERIOD_FORMATS[item.grain])
    ]
    wanted += [
        (field.name, metrics[field.name].label, metrics[field.name].format) for field in fields[1:]
    ]
    return Frame(fields, tuple(rows)).select(wanted)


def _refuse_adding_up(item: Kpis, source: Source, names: list[str]) -> None:
    exact = [name for name in names if not source.page.metrics[name].additive]
    twice = (
        exact
        and source.connection.execute(
            f"select 1 from {quoted(source.table)} group by {quoted(item.time)} having count(*) > 1 limit 1"
        ).fetchone()
    )
    if twice:
        raise PlainError(
            f"'{exact[0]}' cannot be added up, but dataset '{item.dataset}' has several rows for one "
            f"{item.time}",
            where=source.page.problem((*source.location, "dataset"), "").where,
            remedy="Compute it in the dataset's SQL, one row per period.",
        )


def _months_before(day: date, months: int) -> date:
    count = day.year * 12 + day.month - 1 - months
    year, month = divmod(count, 12)
    last = (date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))
