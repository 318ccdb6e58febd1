"""How dates are written: one record per format name and locale, derived once from Babel's patterns.

As with numbers, Python and the page's script write with the same record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Literal

from babel import Locale, dates

_SKELETONS = {"day": "MMMd", "day_long": "yMMMEd", "month": "yMMM", "month_long": "yMMMM"}
_ANY_DATE = "yMMMd"
# What Babel calls the parts of a date that also stand alone.
_PARTS = {
    "month_name": "LLLL", "month_of_year": "LLL", "weekday": "ccc", "weekday_name": "cccc", "year": "y",
}  # fmt: skip
DATE_FORMATS = ("date", *_SKELETONS, *_PARTS)

_MonthWidth = Literal["abbreviated", "narrow", "wide"]
_MONTH_WIDTHS: Mapping[int, _MonthWidth] = {3: "abbreviated", 4: "wide", 5: "narrow"}
_DAY_WIDTHS: Mapping[int, _MonthWidth | Literal["short"]] = {**_MONTH_WIDTHS, 6: "short"}

Token = tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class DateFormat:
    """The parts of a date in their order.

    A part is `text` with the text itself, `day`, `month` or `year` with the number of digits, or
    `month_name` (January first) or `weekday` (Monday first) with the names.
    """

    tokens: tuple[Token, ...]

    def write(self, day: date) -> str:
        """`day` as readers see it; of a time of day, its day."""
        return "".join(_written(kind, said, day) for kind, said in self.tokens)

    def as_json(self) -> list[list[Any]]:
        """The record as the page's script reads it."""
        return [[kind, *said] for kind, said in self.tokens]


@lru_cache(maxsize=256)
def date_format(locale: str, name: str) -> DateFormat:
    """The record of a format's name; a name that is not of a date writes day, month and year."""
    known = Locale.parse(locale)
    if name in _PARTS:
        pattern = _PARTS[name]
    else:
        wanted, known_ones = _SKELETONS.get(name, _ANY_DATE), known.datetime_skeletons
        skeleton = wanted if wanted in known_ones else dates.match_skeleton(wanted, known_ones)
        pattern = known_ones[skeleton].pattern
    return DateFormat(
        tuple(_token(kind, said, known) for kind, said in dates.tokenize_pattern(pattern))
    )


def _token(kind: str, said: str | tuple[str, int], locale: Locale) -> Token:
    if kind == "chars" or isinstance(said, str):
        return "text", (str(said),)
    letter, count = said
    if letter in "yYd":
        return "day" if letter == "d" else "year", (str(count),)
    context: Literal["format", "stand-alone"] = "stand-alone" if letter in "Lc" else "format"
    if letter in "ML":
        if count <= 2:  # noqa: PLR2004 - digits; from three on a name
            return "month", (str(count),)
        months = dates.get_month_names(_MONTH_WIDTHS[count], context, locale)
        return "month_name", tuple(str(months[index]) for index in range(1, 13))
    days = dates.get_day_names(_DAY_WIDTHS[max(count, 3)], context, locale)
    return "weekday", tuple(str(days[index]) for index in range(7))


def _written(kind: str, said: tuple[str, ...], day: date) -> str:
    if kind == "text":
        return said[0]
    if kind == "month_name":
        return said[day.month - 1]
    if kind == "weekday":
        return said[day.weekday()]
    number = {"day": day.day, "month": day.month, "year": day.year}[kind]
    return str(number).zfill(int(said[0]))
