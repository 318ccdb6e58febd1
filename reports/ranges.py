"""Ranges of days that readers choose with one click, reckoned from the last day of the data."""

from __future__ import annotations

from datetime import date, timedelta


def range_of(preset: str, first: date, last: date) -> tuple[date, date]:
    """First and last day of a preset, both included, cut to the days that there are.

    `3m` are three whole months back from the last day; `last_month` is the whole month before its own.
    """
    start, end = first, last
    if preset.endswith("d") and preset[:-1].isdigit():
        start = last - timedelta(days=int(preset[:-1]) - 1)
    elif preset.endswith("m") and preset[:-1].isdigit():
        start = _months_before(last, int(preset[:-1])) + timedelta(days=1)
        if (last + timedelta(days=1)).day == 1:  # a month's end: whole months, also in February
            start = _months_before(last.replace(day=1), int(preset[:-1]) - 1)
    elif preset == "mtd":
        start = last.replace(day=1)
    elif preset == "qtd":
        start = last.replace(month=(last.month - 1) // 3 * 3 + 1, day=1)
    elif preset == "ytd":
        start = last.replace(month=1, day=1)
    elif preset == "last_month":
        end = last.replace(day=1) - timedelta(days=1)
        start = end.replace(day=1)
    elif preset == "last_year":
        start, end = date(last.year - 1, 1, 1), date(last.year - 1, 12, 31)
    return max(start, first) if end >= first else first, max(end, first)


def whole_months(start: date, end: date) -> tuple[date, date]:
    """The first day of the month of `start`, and the last one of that of `end`."""
    following = (end.replace(day=1) + timedelta(days=31)).replace(day=1)
    return start.replace(day=1), following - timedelta(days=1)


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (following - timedelta(days=1)).day))
