"""The formats as Babel itself writes them, number by number: slow, and the yardstick of ours."""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

from babel import Locale, dates, numbers

from reports.formats import MISSING, FormatName, Value
from reports.number_formats import MINUS, MOST_DIGITS

_SKELETONS = {"day": "MMMd", "day_long": "yMMMEd", "month": "yMMM", "month_long": "yMMMM"}
_DATE_PARTS = {
    "month_name": "LLLL",
    "month_of_year": "LLL",
    "weekday": "ccc",
    "weekday_name": "cccc",
}


@dataclass(frozen=True)
class BabelFormatter:
    """Writes values for one locale and one currency."""

    locale: str
    currency: str

    def text(self, value: Value, name: FormatName) -> str:
        """`value` as readers see it; a missing one is a dash, never a zero."""
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            return MISSING
        if isinstance(value, (date, datetime)):
            return self._date(value, name)
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, str):
            return value
        with decimal.localcontext() as context:
            context.rounding = decimal.ROUND_HALF_UP
            context.prec = 40
            number = Decimal(str(value))
            shown = (
                f"{number:.2E}" if number.adjusted() > MOST_DIGITS else self._number(number, name)
            )
            return shown.replace("-", MINUS)

    @cached_property
    def _babel(self) -> Locale:
        return Locale.parse(self.locale)

    def _date(self, value: date, name: FormatName) -> str:
        if name in _SKELETONS:
            return str(dates.format_skeleton(_SKELETONS[name], value, locale=self._babel))
        if name == "year":
            return str(value.year)
        if name in _DATE_PARTS:
            return str(dates.format_date(value, _DATE_PARTS[name], locale=self._babel))
        return str(dates.format_skeleton("yMMMd", value, locale=self._babel))

    def _number(self, value: Decimal, name: FormatName) -> str:
        kind = name.rstrip("0123456789")
        digits = int(name[len(kind) :] or 0)
        if kind in ("text", "year"):
            return str(value)
        if kind in _DATE_PARTS:
            return self._calendar_name(int(value), kind)
        writers: Mapping[str, Callable[[Decimal, int], str]] = {
            "currency": self._currency,
            "currency_short": lambda amount, _: self._short(amount, is_money=True),
            "number_short": lambda amount, _: self._short(amount, is_money=False),
            "rate": lambda rate, places: self._percent(rate * 100, places),
            "pct": self._percent,
            "change_pct": self._change_in_per_cent,
            "change_pp": self._change_in_points,
        }
        return writers.get(kind, self._decimal)(value, digits)

    def _calendar_name(self, number: int, kind: str) -> str:
        """The name of a weekday (1 is Monday) or a month; any other number stays a number."""
        if kind.startswith("weekday"):
            days = dates.get_day_names(
                "abbreviated" if kind == "weekday" else "wide", "stand-alone", self._babel
            )
            return str(days.get(number - 1, number))
        months = dates.get_month_names(
            "abbreviated" if kind == "month_of_year" else "wide", "stand-alone", self._babel
        )
        return str(months.get(number, number))

    def _short(self, value: Decimal, *, is_money: bool) -> str:
        """Three significant digits: 123, 1.23K, 12.3K, 123K."""
        size = abs(value)
        write = self._currency if is_money else self._decimal
        if size < 1000:
            return write(value, 0 if size >= 100 or value == value.to_integral() else 2)
        shown = value.quantize(Decimal(1).scaleb(value.adjusted() - 2))
        digits = 2 - shown.adjusted() % 3
        if is_money:
            short = numbers.format_compact_currency(
                shown, self.currency, locale=self._babel, fraction_digits=digits
            )
        else:
            short = numbers.format_compact_decimal(
                shown, locale=self._babel, fraction_digits=digits
            )
        # German has no short form for thousands: Babel then writes all digits, without grouping.
        is_short = sum(map(str.isdigit, short)) <= value.adjusted()
        return str(short) if is_short else write(value, 0)

    def _currency(self, value: Decimal, digits: int) -> str:
        value = _without_negative_zero(value, digits)
        pattern = self._babel.currency_formats["standard"].pattern
        pattern = pattern.replace("0.00", "0." + "0" * digits if digits else "0")
        return str(
            numbers.format_currency(
                value, self.currency, pattern, locale=self._babel, currency_digits=False
            )
        )

    def _percent(self, value: Decimal, digits: int) -> str:
        value = _without_negative_zero(value, digits)
        pattern = self._babel.percent_formats[None].pattern
        decimals = "0." + "0" * digits if digits else "0"
        pattern = pattern.replace("#,##0", f"#,##{decimals}")
        return str(numbers.format_percent(value / 100, pattern, locale=self._babel))

    def _decimal(self, value: Decimal, digits: int) -> str:
        value = _without_negative_zero(value, digits)
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return str(numbers.format_decimal(value, pattern, locale=self._babel))

    def _change_in_per_cent(self, value: Decimal, digits: int) -> str:
        return self._signed(value, digits, self._percent(abs(value), digits))

    def _change_in_points(self, rate: Decimal, digits: int) -> str:
        points = rate * 100
        return self._signed(points, digits, f"{self._decimal(abs(points), digits)} pp")

    @staticmethod
    def _signed(value: Decimal, digits: int, text: str) -> str:
        rounded = value.quantize(Decimal(1).scaleb(-digits))
        return text if rounded == 0 else f"{'+' if rounded > 0 else '-'}{text}"


def _without_negative_zero(value: Decimal, digits: int) -> Decimal:
    """What rounds to zero is shown without a sign."""
    return abs(value) if value.quantize(Decimal(1).scaleb(-digits)) == 0 else value
