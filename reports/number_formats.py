"""How numbers are written: one record per format name, locale and currency, derived once from Babel.

Python writes with the record (many times faster than Babel does number by number), and the page's
script gets the same record as JSON (`assets/script/formats.js`), so that page, hover box and
filtered figures agree. Rounding is half up, on the decimal digits that Python and JavaScript
both show of a double.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import Any

from babel import Locale, dates, numbers

MOST_DIGITS = 30  # more than any real figure has; DuckDB's doubles reach 1e308
MINUS = "\N{MINUS SIGN}"
_ROUNDING = Context(prec=400, rounding=ROUND_HALF_UP)
_SHORT_FROM, _NO_CENTS_FROM, _SIGNIFICANT = 1000, 100, 3
_LONGEST_PLAIN = (
    15  # a whole number with more digits than a double holds is written with its exponent
)
_LAST_STEP = 24  # powers of ten; no language has a short form beyond

Affixes = tuple[str, str]


@dataclass(frozen=True)
class Step:
    """A short form such as `K`: numbers from 10^`power` are divided by 10^`divisor`."""

    power: int
    divisor: int
    plus: Affixes
    minus: Affixes


@dataclass(frozen=True)
class NumberFormat:
    """How one format writes a number.

    `kind` is `number`, `short` (three significant digits), `plain` (no grouping, all digits) or
    `names` (of weekdays or months, counted from 1). A number is multiplied by 10^`shift` and
    rounded to `digits`; what stands before and after it is `plus`, `minus` or `zero`.
    `groups` are the sizes of the last group of digits and of those before it.
    """

    kind: str
    digits: int = 0
    shift: int = 0
    plus: Affixes = ("", "")
    minus: Affixes = (MINUS, "")
    zero: Affixes = ("", "")
    decimal: str = "."
    group: str = ","
    groups: tuple[int, int] = (3, 3)
    steps: tuple[Step, ...] = ()
    names: tuple[str, ...] = ()

    def write(self, number: Decimal) -> str:
        """`number` as readers see it. It must be finite."""
        if number and number.adjusted() > MOST_DIGITS:
            return _scientific(number)
        if self.kind == "plain":
            return _plain(number)
        if self.kind == "names":
            place = int(number)
            return self.names[place - 1] if 0 < place <= len(self.names) else _plain(Decimal(place))
        if self.kind == "short":
            return self._short(number)
        return self._number(number.scaleb(self.shift) if self.shift else number, self.digits)

    def _short(self, number: Decimal) -> str:
        """Three significant digits: 123, 1.23K, 12.3K, 123K."""
        size = abs(number)
        if size < _SHORT_FROM:
            is_bare = size >= _NO_CENTS_FROM or number == number.to_integral_value()
            return self._number(number, 0 if is_bare else 2)
        quantum = Decimal(1).scaleb(number.adjusted() - _SIGNIFICANT + 1)
        shown = number.quantize(quantum, context=_ROUNDING)
        power = shown.adjusted()
        step = next((one for one in reversed(self.steps) if one.power <= power), None)
        if step is None:
            return self._number(number, 0)
        digits = 2 - power % 3
        scaled = (
            abs(shown).scaleb(-step.divisor).quantize(Decimal(1).scaleb(-digits), context=_ROUNDING)
        )
        text = f"{scaled:f}"
        if "." in text:
            text = text.rstrip("0").rstrip(".")
        before, after = step.minus if number < 0 else step.plus
        return before + text.replace(".", self.decimal) + after

    def _number(self, number: Decimal, digits: int) -> str:
        rounded = number.quantize(_quantum(digits), context=_ROUNDING)
        whole, _, fraction = f"{abs(rounded):f}".partition(".")
        before, after = self.zero if not rounded else self.minus if rounded < 0 else self.plus
        text = self._grouped(whole)
        return before + (text + self.decimal + fraction if fraction else text) + after

    def _grouped(self, whole: str) -> str:
        size, further = self.groups
        if len(whole) <= size:
            return whole
        if size == further == 3:  # noqa: PLR2004 - what Python can do by itself
            return f"{int(whole):,}".replace(",", self.group)
        parts = [whole[-size:]]
        whole = whole[:-size]
        while whole:
            parts.append(whole[-further:])
            whole = whole[:-further]
        return self.group.join(reversed(parts))

    def as_json(self) -> dict[str, Any]:
        """The record as the page's script reads it; what is as always is left out."""
        found: dict[str, Any] = {"kind": self.kind}
        if self.kind == "names":
            return {**found, "names": list(self.names)}
        if self.kind == "plain":
            return found
        for name in ("digits", "shift", "plus", "minus", "zero", "decimal", "group", "groups"):
            value = getattr(self, name)
            found[name] = list(value) if isinstance(value, tuple) else value
        if self.steps:
            found["steps"] = [
                [step.power, step.divisor, list(step.plus), list(step.minus)] for step in self.steps
            ]
        return found


@lru_cache(maxsize=512)
def number_format(locale: str, currency: str, name: str) -> NumberFormat:
    """The record of a format's name, such as `currency2`; names of dates write a number as it is."""
    known = Locale.parse(locale)
    kind = name.rstrip("0123456789")
    digits = int(name[len(kind) :] or 0)
    percent = str(known.percent_formats[None].pattern)
    makers: Mapping[str, Callable[[], NumberFormat]] = {
        "text": lambda: NumberFormat("plain"),
        "year": lambda: NumberFormat("plain"),
        "weekday": lambda: _names(dates.get_day_names("abbreviated", "stand-alone", known)),
        "weekday_name": lambda: _names(dates.get_day_names("wide", "stand-alone", known)),
        "month_of_year": lambda: _names(dates.get_month_names("abbreviated", "stand-alone", known)),
        "month_name": lambda: _names(dates.get_month_names("wide", "stand-alone", known)),
        "currency": lambda: _from_pattern(known, _money_pattern(known), currency, digits),
        "currency_short": lambda: _short_format(known, currency),
        "number_short": lambda: _short_format(known, ""),
        "rate": lambda: _from_pattern(known, percent, "", digits, shift=2),
        "pct": lambda: _from_pattern(known, percent, "", digits),
        "change_pct": lambda: _signed(_from_pattern(known, percent, "", digits)),
        "change_pp": lambda: _signed(_from_pattern(known, "#,##0' pp'", "", digits, shift=2)),
    }
    make = makers.get(kind)
    return make() if make else _from_pattern(known, "#,##0", "", digits)


def _from_pattern(
    locale: Locale, pattern: str, currency: str, digits: int, *, shift: int = 0
) -> NumberFormat:
    parsed = numbers.parse_pattern(pattern)
    plus = _affixes(parsed, Decimal(0), locale, currency)
    return NumberFormat(
        "number",
        digits,
        shift,
        plus,
        _affixes(parsed, Decimal("-0"), locale, currency),
        plus,
        numbers.get_decimal_symbol(locale),
        numbers.get_group_symbol(locale),
        parsed.grouping,
    )


def _short_format(locale: Locale, currency: str) -> NumberFormat:
    """The short forms of a language. Where they differ by plural, the general form is taken."""
    pattern = _money_pattern(locale) if currency else "#,##0"
    whole = _from_pattern(locale, pattern, currency, 0)
    formats = locale.compact_currency_formats if currency else locale.compact_decimal_formats
    patterns: Mapping[str, Any] = formats["short"]["other"]
    steps = []
    for power in range(3, _LAST_STEP):
        found = patterns.get(str(10**power))
        if found is None or (currency and "¤" not in found.pattern) or found.pattern == "0":
            # German has no short form for thousands: all digits are written.
            continue
        parsed = numbers.parse_pattern(found.pattern)
        steps.append(
            Step(
                power,
                power - (parsed.number_pattern or "0").count("0") + 1,
                _affixes(parsed, Decimal(1), locale, currency),
                _affixes(parsed, Decimal(-1), locale, currency),
            )
        )
    return NumberFormat(
        "short", 0, 0, whole.plus, whole.minus, whole.zero, whole.decimal, whole.group, whole.groups,
        tuple(steps),
    )  # fmt: skip


def _money_pattern(locale: Locale) -> str:
    return str(locale.currency_formats["standard"].pattern).replace("0.00", "0")


def _affixes(parsed: Any, number: Decimal, locale: Locale, currency: str) -> Affixes:
    """What stands before and after the digits of a number of this sign."""
    text = parsed.apply(number, locale, currency=currency or None, currency_digits=False)
    before, after = re.split(r"\d+(?:\D\d+)?", text, maxsplit=1)
    return before.replace("-", MINUS), after.replace("-", MINUS)


def _signed(record: NumberFormat) -> NumberFormat:
    """With a sign before what is above zero, too."""
    before, after = record.plus
    return NumberFormat(
        record.kind, record.digits, record.shift, ("+" + before, after), (MINUS + before, after),
        record.plus, record.decimal, record.group, record.groups,
    )  # fmt: skip


def _names(found: Mapping[int, str]) -> NumberFormat:
    return NumberFormat("names", names=tuple(str(found[place]) for place in sorted(found)))


def _plain(number: Decimal) -> str:
    is_whole = number == number.to_integral_value() and number.adjusted() <= _LONGEST_PLAIN
    return str(int(number) if is_whole else number.normalize(_ROUNDING)).replace("-", MINUS)


def _scientific(number: Decimal) -> str:
    digits = number.quantize(Decimal(1).scaleb(number.adjusted() - 2), context=_ROUNDING)
    power = digits.adjusted()
    return f"{digits.scaleb(-power, context=_ROUNDING):.2f}E+{power}".replace("-", MINUS)


def _quantum(digits: int) -> Decimal:
    return _QUANTA[digits] if digits < len(_QUANTA) else Decimal(1).scaleb(-digits)


_QUANTA: Sequence[Decimal] = [Decimal(1).scaleb(-digits) for digits in range(6)]
