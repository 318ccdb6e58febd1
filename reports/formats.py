"""Named formats: how a value is written for readers. Every figure is formatted here, once.

The page, the hover text and the table below a chart show the same string, so they cannot disagree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal, get_args

from reports.date_formats import DATE_FORMATS, date_format
from reports.number_formats import number_format

FormatName = Literal[
    "text",
    "int",
    "num0",
    "num1",
    "num2",
    "num3",
    "number_short",
    "rate0",
    "rate1",
    "rate2",
    "pct0",
    "pct1",
    "pct2",
    "change_pct0",
    "change_pct1",
    "change_pp1",
    "currency0",
    "currency2",
    "currency_short",
    "date",
    "day",
    "day_long",
    "month",
    "month_long",
    "month_name",
    "year",
    "weekday",
    "weekday_name",
    "month_of_year",
]
FORMATS: tuple[str, ...] = get_args(FormatName)
# Numbers that are shown as names, or count nothing.
NAMES_OF_NUMBERS = frozenset({"weekday", "weekday_name", "month_name", "month_of_year", "year"})
MISSING = "\N{EN DASH}"

Value = str | int | float | Decimal | date | datetime | bool | None | list["Value"]

_EXACT = frozenset({Decimal, int, date})
_EXACT_FROM = 1e7  # from here on, ten significant digits would lose cents
_NAME_ENDS: tuple[tuple[tuple[str, ...], FormatName], ...] = (
    (("_revenue", "_amount", "monetary"), "currency0"),
    (("_value", "_price", "_cost"), "currency2"),
    (("_rate", "_share"), "rate1"),
    (("_pct",), "pct1"),
    (("_index",), "num2"),
)


def default_format(name: str, sql_type: str) -> FormatName:
    """The format of a column whose author names none, from our naming rules and its DuckDB type."""
    if sql_type.startswith(("DATE", "TIMESTAMP")):
        return "month" if name.endswith("month_start") else "date"
    sql_type = sql_type.removesuffix("[]")
    if not is_numeric(sql_type):
        return "text"
    if name.startswith(("net_revenue", "gross_revenue")):
        return "currency0"
    for ends, chosen in _NAME_ENDS:
        if name.endswith(ends):
            return chosen
    return "int" if "INT" in sql_type else "num2"


def is_numeric(sql_type: str) -> bool:
    """Whether DuckDB's type holds numbers."""
    is_real = sql_type.startswith(("DECIMAL", "DOUBLE", "FLOAT")) and not sql_type.endswith("]")
    return is_real or sql_type.endswith(("INT", "INTEGER"))


def steady(value: float) -> float:
    """A double with ten significant digits, or to the thousandth: what pages show, ship and round.

    Sums of doubles differ in their last digits from run to run; what is rounded here does not.
    """
    return float(f"{value:.10g}") if abs(value) < _EXACT_FROM else round(value, 3)


# A page says most values several times, and the pages of a template say many of the others again.
@lru_cache(maxsize=100_000, typed=True)
def _written(value: date | float | Decimal, name: FormatName, locale: str, currency: str) -> str:
    if isinstance(value, date):
        return date_format(locale, name).write(value)
    if isinstance(value, float):
        value = Decimal(repr(steady(value)))
    elif isinstance(value, int):
        value = Decimal(value)
    return number_format(locale, currency, name).write(value)


@dataclass(frozen=True)
class Formatter:
    """Writes values for one locale and one currency."""

    locale: str
    currency: str

    def text(self, value: Value, name: FormatName) -> str:
        """`value` as readers see it; a missing one is a dash, never a zero."""
        if type(value) in _EXACT:  # most of them; the other questions take longer than the answer
            return _written(value, name, self.locale, self.currency)  # type: ignore[arg-type]
        if isinstance(value, str):
            return value
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            return MISSING
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, list):
            return ", ".join(self.text(one, name) for one in value)
        return _written(value, name, self.locale, self.currency)

    def as_json(self) -> dict[str, Any]:
        """The records of all formats, by name, as `assets/script/formats.js` reads them."""
        return {
            "missing": MISSING,
            "numbers": {
                name: number_format(self.locale, self.currency, name).as_json() for name in FORMATS
            },
            "dates": {name: date_format(self.locale, name).as_json() for name in DATE_FORMATS},
        }
