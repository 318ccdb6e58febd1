"""How numbers, dates and times are written in a file whose form is not the plain one: 1.234,56 or 09.03.2024.

Text in such a form is first brought to the plain one, by SQL and only where it is exactly of that form; the
casts of ingest.rows.column_types do the rest. What is not of the form becomes null, and its row is rejected.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingest.rows.column_types import Cast, ColumnType, cast_of
from ingest.rows.duckdb_sql import identifier, text_literal

THOUSANDS = (".", ",", "'", "\u2019", " ", "\u00a0", "\u202f")
# What each part of a format may match; DuckDB alone would take 24 for the year 24.
_PARTS = {
    "%Y": "[0-9]{4}",
    "%y": "[0-9]{2}",
    "%m": "[0-9]{1,2}",
    "%d": "[0-9]{1,2}",
    "%H": "[0-9]{1,2}",
    "%I": "[0-9]{1,2}",
    "%M": "[0-9]{1,2}",
    "%S": "[0-9]{1,2}",
    "%f": "[0-9]{1,6}",
    "%p": "[AaPp][Mm]",
    "%b": "[A-Za-z]+",
    "%B": "[A-Za-z]+",
    "%z": "[+-][0-9]{2}(:?[0-9]{2})?",
}
_TIME_PARTS = ("%H", "%I", "%M", "%S", "%f", "%p", "%z")
_FRIENDLY = re.compile(r"yyyy|yy|dd|d|hh|h|mm|m|ss|s|a", re.IGNORECASE)


@dataclass(frozen=True)
class TextForm:
    """How the text of a file is to be read; the formats are DuckDB's strptime, none means the plain one."""

    decimal: str = "."
    thousands: str = ""
    date_formats: tuple[str, ...] = ()
    timestamp_formats: tuple[str, ...] = ()

    def changes(self, kind: ColumnType) -> bool:
        """Whether text of this type is read in another way than the plain one."""
        if kind.name == "date":
            return bool(self.date_formats)
        if kind.name == "timestamp":
            return bool(self.timestamp_formats)
        is_number = kind.name not in ("text", "boolean")
        return is_number and (self.decimal, self.thousands) != (".", "")

    def meaning(self, kind: ColumnType) -> str:
        """What a value of `kind` must look like, for the reason of a row that does not fit."""
        if kind.name in ("date", "timestamp"):
            formats = self.date_formats if kind.name == "date" else self.timestamp_formats
            what = "a date" if kind.name == "date" else "a time"
            return f"{what} in the form {' or '.join(formats)}"
        groups = f" and groups of three digits parted by '{self.thousands}'"
        return f"{kind.meaning}, with '{self.decimal}' before the decimals" + (
            groups if self.thousands else ""
        )


PLAIN_FORM = TextForm()


def cast_in_form(column: str, kind: ColumnType, form: TextForm) -> Cast:
    """SQL as `column_types.cast_of` makes it, for text that is written in `form`."""
    if not form.changes(kind):
        return cast_of(column, kind)
    text = f"trim({identifier(column)})"
    if kind.name == "date":
        return Cast((), f"cast({_parsed(text, form.date_formats)} as date)")
    if kind.name == "timestamp":
        return Cast((), _parsed(text, form.timestamp_formats))
    plain = f"{column}:plain"
    inner = cast_of(plain, kind)
    return Cast(((identifier(plain), _plain_number(text, form)), *inner.steps), inner.value)


def strptime_format(text: str) -> str:
    """The strptime format that `text` is or means (dd.mm.yyyy hh:mm); raises ValueError when it is none."""
    made = text if "%" in text else _FRIENDLY.sub(_Translation(), text)
    parts = re.findall(r"%-?.", made)
    unknown = [part for part in parts if part.replace("-", "") not in _PARTS]
    if unknown:
        raise ValueError(f"{unknown[0]} is not known; write it like dd.mm.yyyy or %d.%m.%Y")
    made = made.replace("%-", "%")
    parts = re.findall("%.", made)
    if len(set(parts)) < len(parts):
        raise ValueError("names a part twice")
    days = {"%Y", "%y"} & set(parts), {"%m", "%b", "%B"} & set(parts), {"%d"} & set(parts)
    if any(len(each) != 1 for each in days):
        raise ValueError("must name the day, the month and the year, like dd.mm.yyyy or %d.%m.%Y")
    if ("%I" in parts) != ("%p" in parts):
        raise ValueError("%I and %p go together")
    return made


def has_time(format_: str) -> bool:
    """Whether the strptime format names a part of the day."""
    return any(part in format_ for part in _TIME_PARTS)


def may_be_confused(formats: tuple[str, ...]) -> tuple[str, str] | None:
    """Two of the formats that read the same text as different days, or None."""
    shapes: dict[str, str] = {}
    for each in formats:
        shape = re.sub("%[md]", "#", each).replace("%y", "#")
        if shape in shapes and shapes[shape] != each:
            return shapes[shape], each
        shapes[shape] = each
    return None


class _Translation:
    """From the letters of a friendly format, left to right: mm after the hour are minutes."""

    def __init__(self) -> None:
        self.after_hour = False
        self.day = {"yyyy": "%Y", "yy": "%y", "d": "%d", "m": "%m"}

    def __call__(self, match: re.Match[str]) -> str:
        letters = match[0].lower()
        if letters == "a":
            return "%p"
        if letters[0] == "h":
            self.after_hour = True
            twelve = re.search(r"\ba\b", match.string[match.end() :], re.IGNORECASE)
            return "%I" if twelve else "%H"
        if letters[0] == "s":
            return "%S"
        if letters[0] == "m" and self.after_hour:
            return "%M"
        return self.day.get(letters) or self.day[letters[0]]


def _parsed(text: str, formats: tuple[str, ...]) -> str:
    cases = []
    for each in formats:
        parsed = f"try_strptime({text}, {text_literal(each)})"
        if "%z" in each:
            parsed = f"timezone('UTC', {parsed})"
        pattern = text_literal(_pattern(each))
        cases.append(f"when regexp_full_match({text}, {pattern}) then {parsed}")
    return f"case {' '.join(cases)} end"


def _pattern(format_: str) -> str:
    pieces = re.split("(%.)", format_)
    return "".join(_PARTS.get(piece) or re.escape(piece) for piece in pieces)


def _plain_number(text: str, form: TextForm) -> str:
    """The number with a point and without groups, where its groups have three digits; else null."""
    decimals = f"({re.escape(form.decimal)}[0-9]*)?"
    whole = "[0-9]*"
    if form.thousands:
        whole = f"([0-9]*|[0-9]{{1,3}}({re.escape(form.thousands)}[0-9]{{3}})+)"
    pattern = f"[+-]?{whole}{decimals}([eE][+-]?[0-9]+)?"
    plain = text
    if form.thousands:
        plain = f"replace({plain}, {text_literal(form.thousands)}, '')"
    if form.decimal != ".":
        plain = f"replace({plain}, {text_literal(form.decimal)}, '.')"
    return f"case when regexp_full_match({text}, {text_literal(pattern)}) then {plain} end"
