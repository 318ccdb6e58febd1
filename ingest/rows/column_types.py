"""The types that a sources file may name, and how text becomes one of them without being bent.

DuckDB's own casts are too kind for a faithful copy: `12.5` becomes the whole number 13, `1.23456`
loses its last digit, a time with `+02:00` loses its zone, a date with a time loses the time. Each
cast here gives null for such text, and the row goes to `rejected/` with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ingest.rows.duckdb_sql import identifier

_DECIMAL = re.compile(r"decimal\(\s*(\d{1,2})\s*,\s*(\d{1,2})\s*\)")
_NAMES = ("text", "integer", "decimal(18,4)", "double", "boolean", "date", "timestamp")
_MOST_DIGITS = 38
_SAFE_DIGITS = 15
# With two digits of the year DuckDB reads 09-03-24 as a day of the year 9; and it knows words such as epoch.
_DAY = "[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}"


@dataclass(frozen=True)
class ColumnType:
    """One declared type: `name` as in YAML, `duckdb` as in Parquet and in dbt."""

    name: str
    duckdb: str
    meaning: str
    scale: int = 0


_PLAIN = {
    kind.name: kind
    for kind in (
        ColumnType("text", "VARCHAR", "text"),
        ColumnType("integer", "BIGINT", "a whole number"),
        ColumnType("double", "DOUBLE", "a number"),
        ColumnType("boolean", "BOOLEAN", "true or false"),
        ColumnType("date", "DATE", "a date such as 2024-03-09"),
        ColumnType("timestamp", "TIMESTAMP", "a time such as 2024-03-09 14:05:00"),
    )
}


def column_type(name: str) -> ColumnType:
    """The type called `name`; raises ValueError with the known names."""
    if name in _PLAIN:
        return _PLAIN[name]
    match = _DECIMAL.fullmatch(name)
    if match:
        digits, scale = int(match[1]), int(match[2])
        if 1 <= digits <= _MOST_DIGITS and scale <= digits:
            meaning = (
                f"a number with at most {digits - scale} digits before and {scale} after the point"
            )
            return ColumnType(name, f"DECIMAL({digits},{scale})", meaning, scale)
    raise ValueError(f"is no type; the types are {', '.join(_NAMES)}")


@dataclass(frozen=True)
class Cast:
    """How one column is cast: `steps` are computed first, `value` from them."""

    steps: tuple[tuple[str, str], ...]
    value: str


def cast_of(column: str, kind: ColumnType) -> Cast:
    """SQL that turns the text in `column` into `kind`, or into null where it is not exactly that."""
    make = _CASTS.get(kind.name, _decimal)
    return make(column, kind)


def _step(column: str, number: int) -> str:
    return identifier(f"{column}:{number}")


def _text(column: str, kind: ColumnType) -> Cast:
    del kind
    return Cast((), identifier(column))


def _decimal(column: str, kind: ColumnType) -> Cast:
    """Whole numbers too, which have no digits after the point."""
    # Fifteen digits survive in a double, so up to there equal doubles mean that no digit was lost. Only
    # of longer text, or where they differ, are the digits after the point looked at.
    text, cast, exact = identifier(column), _step(column, 1), _step(column, 2)
    digits = rf"^\s*[+-]?[0-9]*\.?[0-9]{{0,{kind.scale}}}0*\s*$"
    return Cast(
        ((cast, f"try_cast({text} as {kind.duckdb})"), (exact, f"try_cast({text} as double)")),
        f"case when {cast}::double = {exact} and strlen({text}) <= {_SAFE_DIGITS} then {cast} "
        f"when regexp_matches({text}, '{digits}') then {cast} end",
    )


def _double(column: str, kind: ColumnType) -> Cast:
    cast = _step(column, 1)
    step = (cast, f"try_cast({identifier(column)} as {kind.duckdb})")
    return Cast((step,), f"case when isfinite({cast}) then {cast} end")


def _boolean(column: str, kind: ColumnType) -> Cast:
    return Cast((), f"try_cast({identifier(column)} as {kind.duckdb})")


def _date(column: str, kind: ColumnType) -> Cast:
    text, cast = identifier(column), _step(column, 1)
    step = (cast, f"try_cast({text} as {kind.duckdb})")
    plain = f"strlen({text}) = 10 and {text}[5] = '-'"
    whole = f"regexp_matches({text}, '^\\s*{_DAY}\\s*$')"
    return Cast((step,), f"case when {plain} or {whole} then {cast} end")


def _timestamp(column: str, kind: ColumnType) -> Cast:
    # Only text that may carry an offset pays for the slower cast that honours it.
    text, cast = identifier(column), _step(column, 1)
    step = (cast, f"try_cast({text} as {kind.duckdb})")
    plain = f"strlen({text}) = 19 and {text}[5] = '-' and {text}[17] = ':'"
    naive = rf"regexp_matches({text}, '^\s*{_DAY}([ T]+[0-9:.]+)?\s*$')"
    dated = rf"regexp_matches({text}, '^\s*{_DAY}[ T]')"
    zoned = f"timezone('UTC', try_cast({text} as timestamptz))"
    return Cast(
        (step,),
        f"case when {plain} or {naive} then {cast} when {dated} then {zoned} end",
    )


_CASTS: dict[str, Callable[[str, ColumnType], Cast]] = {
    "text": _text,
    "integer": _decimal,
    "double": _double,
    "boolean": _boolean,
    "date": _date,
    "timestamp": _timestamp,
}
