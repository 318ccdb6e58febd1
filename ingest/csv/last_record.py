"""A last line without its line end: how Excel ends a file, or how a broken download does.

It must have all its values. Where its number has fewer decimals than each of many above it, it was cut too.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from configuration.errors import PlainError
from ingest.csv.dialect import Dialect
from ingest.csv.header import HEAD_BYTES
from ingest.csv.records import first_record

# As many numbers with the same decimals are no accident.
_ENOUGH = 50
_NEAR_BYTES = 1 << 14


def check_last_record(path: Path, columns: int, dialect: Dialect, where: str) -> None:
    """Raise PlainError when the file, which ends without a line end, was cut off; quotes are doubled in it."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - HEAD_BYTES))
        tail = file.read()
    start = _start_of_last(tail, dialect.quote.encode())
    record = tail[start:].decode(errors="replace")
    values = first_record(record, replace(dialect, escape=dialect.quote))[0]
    if len(values) != columns and record.strip():
        raise _cut_off(f"its last line has {len(values)} of {columns} values", where)
    above = tail[max(0, start - _NEAR_BYTES) : start].decode(errors="replace")
    if _has_fewer_decimals(record, above, dialect):
        raise _cut_off(
            f"its last number ('{values[-1]}') has fewer decimals than all others", where
        )


def _start_of_last(tail: bytes, quote: bytes) -> int:
    """Where the record begins that follows the last line end outside quotes."""
    end = len(tail)
    while (end := tail.rfind(b"\n", 0, end)) >= 0:
        if not quote or tail.count(quote, end) % 2 == 0:
            return end + 1
    return 0


def _has_fewer_decimals(record: str, above: str, dialect: Dialect) -> bool:
    decimal, delimiter = dialect.form.decimal, re.escape(dialect.delimiter)
    whole = "".join({*"0123456789.,'"} - {decimal, dialect.delimiter})
    number = rf"{delimiter}[+-]?[{whole}]+(?:{re.escape(decimal)}(\d*))?"
    last = re.search(rf"{number}$", record)
    lengths = [len(decimals) for decimals in re.findall(rf"(?m){number}\r?$", above)]
    if not last or len(lengths) < _ENOUGH or len(set(lengths)) > 1:
        return False
    return len(last[1] or "") < lengths[0]


def _cut_off(what: str, where: str) -> PlainError:
    return PlainError(
        f"the file is cut off: {what}",
        where=where,
        remedy="Export or download it again.",
    )
