"""Where axes carry a label, and which: few, round, distinct, in the page's language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from reports.formats import FormatName, Formatter

_STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)
_DAY_STEPS = (1, 2, 7, 14)
_SHORT_RANGE_DAYS = 62
_LONG_NUMBER = 10_000
_MOST_LOG_TICKS = 7

# Formats of an axis, shortest first; the first that tells all ticks apart is taken.
AXIS_FORMATS: tuple[tuple[str, tuple[FormatName, ...]], ...] = (
    ("currency", ("currency_short", "currency2")),
    ("rate", ("rate0", "rate1", "rate2")),
    ("pct", ("pct0", "pct1", "pct2")),
    ("change_pct", ("change_pct0", "change_pct1")),
    ("num1", ("num1", "num2", "num3")),
    ("num2", ("num1", "num2", "num3")),
    ("", ("number_short", "num1", "num2", "num3")),
)


@dataclass(frozen=True)
class Tick:
    """A label at a place: a number, or an ISO date."""

    at: float | str
    text: str


def value_steps(low: float, high: float, *, most: int = 5) -> list[Decimal]:
    """Round values that cover low to high, both ends included, at most `most` where possible."""
    bottom, top = Decimal(str(low)), Decimal(str(high))
    if bottom == top:
        top = bottom + (abs(bottom) if bottom else Decimal(1))
    rough = (top - bottom) / (most - 1)
    power = Decimal(1).scaleb(rough.adjusted())
    for step in (factor * power for factor in (*_STEPS, Decimal(20), Decimal(25))):
        first = (bottom / step).to_integral_value(rounding="ROUND_FLOOR")
        last = (top / step).to_integral_value(rounding="ROUND_CEILING")
        if last - first < most:
            return [step * count for count in range(int(first), int(last) + 1)]
    return [bottom, top]


def value_ticks(
    values: Sequence[float], chosen: FormatName, formatter: Formatter, *, zero: bool
) -> list[Tick]:
    """Ticks of a number axis over `values`, with zero in it when asked."""
    ends = [*values, 0.0] if zero else list(values)
    return _labelled(value_steps(min(ends), max(ends)) if ends else [], chosen, formatter)


def log_ticks(
    values: Sequence[float], chosen: FormatName, formatter: Formatter
) -> tuple[list[Tick], tuple[float, float]]:
    """Ticks of a logarithmic axis over `values` above zero, and its ends: 1, 2, 5, 10 ..., or powers of ten."""
    low, high = Decimal(str(min(values))), Decimal(str(max(values)))
    powers = range(low.adjusted(), high.adjusted() + 2)
    steps = [Decimal(digit).scaleb(power) for power in powers for digit in (1, 2, 5)]
    first = max(index for index, step in enumerate(steps) if step <= low)
    last = min(index for index, step in enumerate(steps) if step >= high)
    covered = steps[first : max(last, first + 1) + 1]
    ends = (float(covered[0]), float(covered[-1]))
    if len(covered) > _MOST_LOG_TICKS:
        covered = [step for step in covered if step == Decimal(1).scaleb(step.adjusted())]
    return _labelled(covered, chosen, formatter), ends


def _labelled(steps: Sequence[Decimal], chosen: FormatName, formatter: Formatter) -> list[Tick]:
    texts = short_texts(steps, chosen, formatter)
    return [Tick(float(step), text) for step, text in zip(steps, texts, strict=True)]


def short_texts(
    values: Sequence[Decimal | float], chosen: FormatName, formatter: Formatter
) -> list[str]:
    """In the shortest format that tells them apart; big numbers never with all their digits."""
    if chosen.startswith("num") and any(abs(float(value)) >= _LONG_NUMBER for value in values):
        chosen = "number_short"
    names = next(names for start, names in AXIS_FORMATS if chosen.startswith(start))
    texts: list[str] = []
    for name in names:
        texts = [formatter.text(value, name) for value in values]
        if len(set(texts)) == len(texts):
            break
    return texts


def date_ticks(first: date, last: date, formatter: Formatter, *, most: int) -> list[Tick]:
    """Ticks of a date axis: month beginnings, or days on a short one; the year below its first."""
    days = (last - first).days
    if days <= _SHORT_RANGE_DAYS:
        step = next((step for step in _DAY_STEPS if days // step < most), 30)
        # Counted from the end: the last day is the one readers look for.
        places = [last - timedelta(days=step * n) for n in range(days // step, -1, -1)]
        return [Tick(place.isoformat(), formatter.text(place, "day")) for place in places]
    months = [
        date(year, month, 1)
        for year in range(first.year, last.year + 1)
        for month in range(1, 13)
        if first <= date(year, month, 1) <= last
    ]
    for step in _MONTH_STEPS:
        places = [place for place in months if (place.year * 12 + place.month - 1) % step == 0]
        if len(places) <= most:
            break
    return [
        Tick(place.isoformat(), _month_text(place, places[index - 1] if index else None, formatter))
        for index, place in enumerate(places)
    ]


def _month_text(place: date, before: date | None, formatter: Formatter) -> str:
    month = formatter.text(place, "month_of_year")
    return month if before and before.year == place.year else f"{month}<br>{place.year}"
