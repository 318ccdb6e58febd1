"""Which files belong to the days of a backfill: those whose names say so.

sales-2010-12-01.csv   20101201.csv   2010_12_01_1530.csv   2010/12/01/sales.csv   a day
sales_2010-12.csv                                                                   each day of the month
2010-12-01_2010-12-07.csv                                                           from the first to the last
"""

from __future__ import annotations

import posixpath
import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from typing import Protocol

from configuration.errors import PlainError
from ingest.results import Window

UNDATED = "has no date in its name"
# The last part takes a time, as in 20101201T153000 and 201012011530.
_DAY = re.compile(r"(?<!\d)(\d{4})([-_./]?)(\d{2})\2(\d{2})(?=T?\d{4,6}(?!\d)|(?!\d))")
_MONTH = re.compile(r"(?<!\d)(\d{4})[-_./](\d{2})(?!\d)")
_YEARS = range(1970, 2200)


class WindowTask(Protocol):
    """What of a load the choice needs; `left_out` is filled."""

    @property
    def window(self) -> Window | None:
        """The days, or none."""

    @property
    def left_out(self) -> dict[str, str]:
        """Why each file is left out."""

    @property
    def where(self) -> str:
        """How messages call the table."""


def in_window(paths: Sequence[str], task: WindowTask) -> list[str]:
    """The files of the window's days; raises PlainError when no file has a date in its name."""
    window = task.window
    if window is None:
        return list(paths)
    chosen = []
    for path in paths:
        days = days_of(path)
        if days is None:
            task.left_out[path] = UNDATED
        elif window.start is not None and days[1] < window.start:
            task.left_out[path] = f"{days[1]} is before --from"
        elif window.end is not None and days[0] > window.end:
            task.left_out[path] = f"{days[0]} is after --to"
        else:
            chosen.append(path)
    if len(task.left_out) == len(paths) and set(task.left_out.values()) == {UNDATED}:
        raise PlainError(
            "no file has a date in its name, so --from and --to cannot choose among them",
            where=task.where,
            remedy="Load the table without them, or name files like sales-2024-03-09.csv.",
        )
    return chosen


def days_of(path: str) -> tuple[date, date] | None:
    """The first and the last day that the file's name tells; where it has none, those of its folders."""
    for text in (posixpath.basename(path), path):
        days = _found(text)
        if days:
            return min(days), max(days)
    return None


def _found(text: str) -> list[date]:
    days = [
        day
        for year, _, month, of_month in _DAY.findall(text)
        if (day := _date(int(year), int(month), int(of_month))) is not None
    ]
    if days:
        return days
    for year, month in _MONTH.findall(text):
        first = _date(int(year), int(month), 1)
        if first is not None:
            days += [first, first.replace(day=monthrange(first.year, first.month)[1])]
    return days


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year in _YEARS else None
    except ValueError:
        return None
