"""A few records of a CSV file, parsed by Python's own reader: only for looking at, never for loading."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from ingest.csv.dialect import Dialect

LINE_END = re.compile(r"\r\n|\n|\r")
_LONGEST_VALUE = 1 << 24


def records(text: str, dialect: Dialect, *, strict: bool = False) -> Iterator[list[str]]:
    """The records of `text`, blank lines as empty lists; `strict` raises csv.Error for a stray quote."""
    csv.field_size_limit(_LONGEST_VALUE)
    is_doubled = dialect.escape == dialect.quote
    return csv.reader(
        io.StringIO(text, newline=""),
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        doublequote=is_doubled,
        escapechar=None if is_doubled else dialect.escape,
        strict=strict,
    )


def first_record(text: str, dialect: Dialect) -> tuple[list[str], int]:
    """The first record and how many lines it takes."""
    csv.field_size_limit(_LONGEST_VALUE)
    found = records(text, dialect)
    try:
        return next(found, []), found.line_num  # type: ignore[attr-defined]
    except csv.Error:
        return [], 1


def some_records(text: str, dialect: Dialect, most: int) -> list[list[str]]:
    """Up to `most` records that are not blank; what cannot be parsed ends the list."""
    found: list[list[str]] = []
    with suppress(csv.Error):
        found.extend(islice((each for each in records(text, dialect) if each), most))
    return found


def is_regular(text: str, dialect: Dialect, columns: int, *, is_whole: bool) -> bool:
    """Whether each record has as many values as there are columns, and all quotes are where they belong."""
    lengths: list[int] = []
    try:
        lengths.extend(len(each) for each in records(text, dialect, strict=True) if each)
    except csv.Error as error:
        # A piece that ends within a quoted value is no fault of the file.
        if is_whole or "unexpected end" not in str(error):
            return False
    if not is_whole and lengths:
        lengths.pop()
    return all(length == columns for length in lengths)


def after_lines(text: str, lines: int) -> str:
    """What follows the first `lines` lines, whatever quotes stand in them."""
    position = 0
    for _ in range(lines):
        end = LINE_END.search(text, position)
        if not end:
            return ""
        position = end.end()
    return text[position:]
