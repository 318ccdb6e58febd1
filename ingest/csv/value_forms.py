"""How the numbers and dates of a file are written, told from samples of its typed columns.

A form is taken only where something proves it: `12,50` a decimal comma, `1.234,56` groups of digits,
`25/03/2024` that the day comes first. Where nothing does (`1,234`, `03/04/2024`), the file is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from configuration.errors import PlainError
from ingest.rows.text_forms import THOUSANDS

_SEPARATORS = re.escape("".join(THOUSANDS))
_NUMBER = re.compile(rf"[+-]?(?=.*\d)[\d{_SEPARATORS}]+")
_DAY = re.compile(
    r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})"
    r"(?:([ T])(\d{1,2}:\d{2})(:\d{2})?(\.\d+)?(\s?)([AaPp][Mm])?)?"
)
_LAST_MONTH = 12
_YEAR_DIGITS = 4
_GROUP = 3
_CLOCKS = ("%H:%M:%S", "%H:%M", "%H:%M:%S.%f")


@dataclass(frozen=True)
class Samples:
    """Values of the columns of one kind, by the names of the columns; without what is empty."""

    numbers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    whole_numbers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    days: Mapping[str, Sequence[str]] = field(default_factory=dict)
    times: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass
class _Evidence:
    """What the numbers prove: signs before decimals, signs between groups, and signs that may be either."""

    decimals: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    either: dict[str, tuple[str, str]] = field(default_factory=dict)  # sign -> column, value
    # 1.000 in a column of whole numbers: 1 or 1000, and both are whole.
    either_whole: set[str] = field(default_factory=set)


def number_form(
    samples: Samples, where: str, *, is_comma: bool, decimal: str | None, is_grouped: bool
) -> tuple[str, str]:
    """The decimal sign and the thousands separator (may be empty); raises PlainError when in doubt.

    `decimal` is what was pinned; not `is_grouped`: that there are no groups. Where values are parted by
    commas, a point is a decimal point unless something else is proven.
    """
    found = _evidence(samples)
    if decimal:
        others = [*found.groups - {decimal}, *(sign for sign in found.either if sign != decimal)]
        return decimal, others[0] if others and is_grouped else ""
    if not is_grouped:
        found.decimals |= found.either.keys()
    if len(found.decimals) > 1 or len(found.groups - found.decimals) > 1:
        if is_comma:
            return ".", ""  # what does not fit is rejected, row by row
        raise _unsure("some numbers have a decimal point and others a decimal comma", where)
    groups = next(iter(found.groups - found.decimals), "") if is_grouped else ""
    decimal = next(iter(found.decimals), "")
    if not decimal and groups in (".", ","):
        decimal = "," if groups == "." else "."
    for sign, (column, value) in found.either.items():
        if sign in (decimal, groups):
            continue
        is_point = sign == "." and sign not in found.either_whole
        if is_comma and (is_point or decimal == "."):
            continue
        what = f"the '{sign}' in {column} ('{value}') may group thousands or stand before decimals"
        raise _unsure(what, where)
    return decimal or ".", groups


def date_formats(samples: Samples, where: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The strptime formats of dates and of times; empty where plain. Raises PlainError when in doubt."""
    days = {name: _matched(values) for name, values in samples.days.items()}
    times = {name: _matched(values) for name, values in samples.times.items()}
    month_first = _month_first([*days.values(), *times.values()])
    found = _formats(days, month_first, where, "date_format")
    return found, _formats(times, month_first, where, "timestamp_format")


def may_be_number(value: str) -> bool:
    """Whether the text is a number in some form."""
    return bool(_NUMBER.fullmatch(value.strip()))


def may_be_day(value: str) -> bool:
    """Whether the text is a date in some form, with a time or without."""
    return bool(_DAY.fullmatch(value.strip()))


def _evidence(samples: Samples) -> _Evidence:
    found = _Evidence()
    for column, values in samples.numbers.items():
        for value in _numbers(values):
            _weigh(value, column, found)
    for column, values in samples.whole_numbers.items():
        for value in _numbers(values):
            sign, after = _weigh(value, column, found)
            # 1.234 is whole only if the point groups; 1.000 may be 1.
            if sign and found.decimals - {sign} and after.strip("0"):
                found.groups.add(sign)
            elif sign and not after.strip("0"):
                found.either_whole.add(sign)
    return found


def _numbers(values: Iterable[str]) -> list[str]:
    stripped = (value.strip() for value in dict.fromkeys(values))
    return [value.lstrip("+-") for value in stripped if _NUMBER.fullmatch(value)]


def _weigh(value: str, column: str, found: _Evidence) -> tuple[str, str]:
    """Add what a number proves; gives the sign that may be either and what follows it."""
    signs = re.findall(rf"[{_SEPARATORS}]", value)
    if not signs:
        return "", ""
    last = signs[-1]
    before, _, after = value.rpartition(last)
    groups = re.fullmatch(rf"\d{{1,3}}(?:([{_SEPARATORS}])\d{{3}})(?:\1\d{{3}})*", before)
    if last in ".," and last not in before:
        if groups:
            found.groups.add(groups[1])
            found.decimals.add(last)
        elif len(signs) == 1 and (
            len(after) != _GROUP or not 1 <= len(before) <= _GROUP or before.startswith("0")
        ):
            found.decimals.add(last)
        elif len(signs) == 1:
            found.either.setdefault(last, (column, value))
            return last, after
    elif re.fullmatch(rf"\d{{1,3}}(?:{re.escape(last)}\d{{3}})+", value):
        found.groups.add(last)
    return "", ""


def _matched(values: Iterable[str]) -> list[re.Match[str]]:
    stripped = (value.strip() for value in dict.fromkeys(values))
    return [match for value in stripped if (match := _DAY.fullmatch(value))]


def _month_first(columns: Iterable[list[re.Match[str]]]) -> bool | None:
    """Whether the month comes first in this file; None when nothing proves either, or both are proven."""
    pairs = [
        (int(match[1]), int(match[3]))
        for matches in columns
        for match in matches
        if len(match[4]) == _YEAR_DIGITS and match[2] != "."
    ]
    day_first = any(first > _LAST_MONTH for first, _ in pairs)
    month_first = any(second > _LAST_MONTH for _, second in pairs)
    return None if day_first == month_first else month_first


def _formats(
    columns: Mapping[str, list[re.Match[str]]], month_first: bool | None, where: str, key: str
) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for column, matches in columns.items():
        # Where a year stands first, the plain form reads it; what is otherwise there is rejected.
        plain = [each for each in matches if len(each[1]) == _YEAR_DIGITS and each[2] != "."]
        if plain:
            day = "%Y-%m-%d" if plain[0][2] == "-" else "%Y/%m/%d"
            found |= dict.fromkeys([day, *(f"{day} {clock}" for clock in _CLOCKS)])
            continue
        for match in matches:
            found |= dict.fromkeys(_format(match, month_first, column, where, key))
    if all(each.startswith(("%Y-", "%Y/")) for each in found):
        return ()
    if key == "date_format":
        return tuple(dict.fromkeys(each.split(" ")[0].split("T")[0] for each in found))
    return tuple(found)


def _format(
    match: re.Match[str], month_first: bool | None, column: str, where: str, key: str
) -> list[str]:
    first, sign, _, last, space, _, _, _, gap, noon = match.groups()
    if len(first) == _YEAR_DIGITS:
        day = "%Y.%m.%d"
    elif len(last) != _YEAR_DIGITS:
        raise _unsure_day(match[0], column, "it has no year of four digits", where, key, sign)
    elif sign == ".":
        day = "%d.%m.%Y"
    elif month_first is None:
        raise _unsure_day(match[0], column, "the day or the month may come first", where, key, sign)
    else:
        day = f"%m{sign}%d{sign}%Y" if month_first else f"%d{sign}%m{sign}%Y"
    space = space or " "
    if noon:
        return [f"{day}{space}{clock}{gap}%p" for clock in ("%I:%M", "%I:%M:%S")] + [day]
    return [day, *(f"{day}{space}{clock}" for clock in _CLOCKS)]


def _unsure(what: str, where: str) -> PlainError:
    return PlainError(
        what,
        where=where,
        remedy="Write how they are written at its table, such as "
        "dialect: {decimal: ',', thousands: '.'} or dialect: {decimal: '.', thousands: ','}.",
    )


def _unsure_day(value: str, column: str, why: str, where: str, key: str, sign: str) -> PlainError:
    time = " hh:mm" if ":" in value else ""
    year = "yy" if "year" in why else "yyyy"
    ways = [f"{a}{sign}{b}{sign}{year}{time}" for a, b in (("dd", "mm"), ("mm", "dd"))]
    pins = " or ".join(f'dialect: {{{key}: "{way}"}}' for way in ways)
    return PlainError(
        f"the date in {column} ('{value}') can be read in two ways: {why}",
        where=where,
        remedy=f"Write at its table {pins}.",
    )
