"""How a value that a file stores in a type of its own becomes the declared type without being bent.

It is cast there and back again: only what comes back as it was has lost nothing. What no value of a type
could ever become (a time from a number) is known before a row is read.
"""

from __future__ import annotations

from ingest.rows.column_types import Cast, ColumnType
from ingest.rows.duckdb_sql import identifier

TEXT = "VARCHAR"
_WHOLE = (
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
    *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"),
)
_FLOATING = ("FLOAT", "DOUBLE")
_TIMES = (
    *("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"),
    "TIMESTAMP WITH TIME ZONE",
)
# Written as text, these say everything.
_ONLY_AS_TEXT = ("UUID", "TIME", "TIME WITH TIME ZONE", "TIME_NS", "JSON", "INTERVAL")


def is_kept(kind: ColumnType, stored: str) -> bool:
    """Whether each stored value is one of `kind` as it is. Not of double: it may be no number at all."""
    return kind.duckdb == stored and kind.duckdb != "DOUBLE"


def can_become(kind: ColumnType, stored: str) -> bool:
    """Whether any value of the DuckDB type `stored` could be one of `kind`."""
    if stored == TEXT:
        return True
    if kind.duckdb == TEXT:
        return _is_number(stored) or stored in ("BOOLEAN", *_TIMES, *_ONLY_AS_TEXT)
    if kind.duckdb == "BOOLEAN":
        return stored == "BOOLEAN" or stored in _WHOLE
    if kind.duckdb in ("DATE", "TIMESTAMP"):
        return stored in _TIMES
    return _is_number(stored)


def cast_of_stored(column: str, kind: ColumnType, stored: str) -> Cast:
    """SQL that turns the `stored` values of `column` into `kind`, or into null where one does not fit."""
    value, cast = identifier(column), identifier(f"{column}:1")
    step = (cast, f"try_cast({value} as {kind.duckdb})")
    back = f"try_cast({cast} as {stored}) = {value}"
    # Without this, nan would come back as nan.
    finite = f" and isfinite({cast})" if kind.duckdb == "DOUBLE" else ""
    return Cast((step,), f"case when {back}{finite} then {cast} end")


def _is_number(stored: str) -> bool:
    return stored in (*_WHOLE, *_FLOATING) or stored.startswith("DECIMAL(")


def is_same(kind: ColumnType, stored: str) -> bool:
    """Whether `stored` is the declared type, perhaps in another width: no change that somebody would see."""
    if kind.duckdb == "BIGINT":
        return stored in _WHOLE
    if kind.duckdb == "DOUBLE":
        return stored in _FLOATING
    if kind.duckdb == "TIMESTAMP":
        return stored in _TIMES and stored != "DATE"
    if kind.duckdb.startswith("DECIMAL(") and stored.startswith("DECIMAL("):
        (digits, scale), (its_digits, its_scale) = _parts(kind.duckdb), _parts(stored)
        return its_scale <= scale and its_digits - its_scale <= digits - scale
    return kind.duckdb == stored


def _parts(decimal: str) -> tuple[int, int]:
    digits, scale = decimal.removeprefix("DECIMAL(").removesuffix(")").split(",")
    return int(digits), int(scale)
