"""The dialect and the header of a file of which nothing is declared yet: the best reading, and how sure it is.

For whoever writes a declaration (till add-source). A load never guesses: ingest.csv.dialect_detection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from configuration.errors import PlainError
from ingest.csv.dialect import PLAIN, Dialect
from ingest.csv.dialect_declaration import FOUND_OUT, DialectBlock
from ingest.csv.dialect_detection import (
    DELIMITERS,
    QUOTES,
    decoded,
    find_quoting,
    line_ends,
    told_delimiter,
)
from ingest.csv.encoding import WINDOWS, encoding_of
from ingest.csv.footer import find_footer
from ingest.csv.form_detection import find_form
from ingest.csv.header import HEAD_BYTES, read_first_bytes
from ingest.csv.records import after_lines, first_record, some_records
from ingest.csv.value_forms import may_be_day, may_be_number
from ingest.declaration.tables import Column

_RECORDS = 1000
_MOST_LINES_ABOVE = 50


@dataclass(frozen=True)
class DialectGuess:
    """`header` are the names in the file's order (column_1 ... without one), `sample` the first rows.

    `is_sure` when nothing speaks for another reading; otherwise `doubts` are sentences that say what to pin.
    `dialect.recorded()` gives the block for YAML.
    """

    dialect: Dialect
    header: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    doubts: tuple[str, ...]

    @property
    def is_sure(self) -> bool:
        """Whether a table may be declared without asking anybody."""
        return not self.doubts


@dataclass(frozen=True)
class _Layout:
    """One reading: how many columns, where they begin, and which share of the rows has as many values."""

    dialect: Dialect
    columns: int
    regular: float
    header: tuple[str, ...]
    header_lines: int


def guess_dialect(path: Path, where: str, pinned: DialectBlock = FOUND_OUT) -> DialectGuess:
    """Look at the beginning and the end of the file; raises PlainError when it is empty or no text.

    What is `pinned` is taken as it is.
    """
    first = read_first_bytes(path, where)
    is_whole = len(first) < HEAD_BYTES
    doubts: list[str] = []
    try:
        encoding = pinned.encoding or encoding_of(first, where, is_whole=is_whole)
    except PlainError as error:
        if b"\0" in first:
            raise
        doubts.append(str(error))
        encoding = WINDOWS
    text = decoded(first, encoding, where, is_whole=is_whole, errors="replace")
    if not text.strip():
        raise PlainError("the file is empty", where=where, remedy="Export it again.")
    found = _best_layout(text, pinned, doubts)
    dialect = replace(found.dialect, encoding=encoding, line_ends=line_ends(text))
    body = after_lines(text, dialect.preamble_lines + found.header_lines)
    try:
        dialect = find_quoting(dialect, body, found.columns, pinned, where, is_whole=is_whole)
    except PlainError as error:
        doubts.append(str(error))
    try:
        footer_rows = find_footer(path, text, dialect, found.columns, pinned, where)
        dialect = replace(dialect, footer_rows=footer_rows)
    except PlainError as error:
        doubts.append(str(error))
    records = some_records(body, dialect, _RECORDS)
    if dialect.footer_rows and is_whole:
        records = records[: -dialect.footer_rows]
    rows = [each for each in records if len(each) == found.columns]
    columns = _columns(found.header, rows)
    try:
        form = find_form(body, dialect, found.header, columns, pinned, where, is_whole=is_whole)
        dialect = replace(dialect, form=form)
        if dialect.delimiter == form.decimal:
            doubts.append("Some numbers seem to have a decimal comma; they may be lists as well.")
    except PlainError as error:
        doubts.append(str(error))
    doubts += _doubts_of_header(found, columns, len(records) - len(rows))
    sample = tuple(tuple(each) for each in rows[:_RECORDS])
    return DialectGuess(dialect, found.header, sample, tuple(doubts))


def _best_layout(text: str, pinned: DialectBlock, doubts: list[str]) -> _Layout:
    """The reading in which the most rows have the same number of values, more than one where possible."""
    told = told_delimiter(text)
    delimiters = (told,) if told else DELIMITERS
    if pinned.delimiter is not None:
        delimiters = (pinned.delimiter,)
    quotes = QUOTES if pinned.quote is None else (pinned.quote,)
    found = [
        _layout(text, _reading(each, quote, pinned), pinned, bool(told))
        for each in delimiters
        for quote in quotes
    ]
    best = max(
        found,
        key=lambda each: (
            each.columns > 1,
            each.regular,
            -each.dialect.preamble_lines,
            each.columns,
        ),
    )
    others = {
        each.dialect.delimiter
        for each in found
        if each.columns > 1
        and each.regular == best.regular
        and each.dialect.preamble_lines <= best.dialect.preamble_lines
    } - {best.dialect.delimiter}
    if others and best.columns > 1:
        signs = " or ".join(f"'{each}'" for each in sorted({best.dialect.delimiter, *others}))
        doubts.append(f"The values may be separated by {signs}; pin the delimiter.")
    return best


def _reading(delimiter: str, quote: str, pinned: DialectBlock) -> Dialect:
    escape = quote if pinned.escape is None else pinned.escape
    return replace(
        PLAIN, delimiter=delimiter, quote=quote, escape=escape, footer=pinned.footer or ""
    )


def _layout(text: str, dialect: Dialect, pinned: DialectBlock, is_told: bool) -> _Layout:
    records = some_records(text, dialect, _RECORDS)
    lengths = Counter(len(each) for each in records)
    columns = max(lengths, key=lambda length: (lengths[length] * (length > 1), lengths[length]))
    above, rest = 0, text
    if is_told:
        above, rest = 1, after_lines(text, 1)
    if pinned.lines_above is not None:
        above, rest = pinned.lines_above, after_lines(text, pinned.lines_above)
    for _ in range(_MOST_LINES_ABOVE):
        header, taken = first_record(rest, dialect)
        # Most are named: a column without a name is told later, and does not make this a title.
        named = sum(bool(value.strip()) for value in header)
        is_header = len(header) == columns and 2 * named > columns
        if is_header or pinned.lines_above is not None:
            break
        above, rest = above + 1, after_lines(rest, 1)
    else:
        above, rest = 0, text
        header, taken = first_record(rest, dialect)
    below = [len(each) for each in some_records(rest, dialect, _RECORDS)]
    regular = sum(length == columns for length in below) / max(1, len(below))
    dialect = replace(dialect, preamble_lines=above)
    is_row = any(may_be_number(value) or may_be_day(value) for value in header)
    if not pinned.header or (is_row and pinned.lines_above is None):
        names = tuple(f"column_{number}" for number in range(1, columns + 1))
        return _Layout(replace(dialect, has_header=False), columns, regular, names, 0)
    return _Layout(dialect, columns, regular, tuple(header), taken)


def _columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Column]:
    """Columns with a type only where the form of their values matters."""
    found = []
    for number, name in enumerate(header):
        values = [row[number] for row in rows if row[number].strip()]
        kind = "text"
        if values and all(may_be_day(value) for value in values):
            kind = "timestamp" if any(":" in value for value in values) else "date"
        elif values and all(may_be_number(value) for value in values):
            kind = "double"
        found.append(Column(name=f"column_{number}", header=name or " ", type=kind))
    return found


def _doubts_of_header(found: _Layout, columns: Sequence[Column], irregular: int) -> list[str]:
    doubts = []
    if not found.dialect.has_header:
        doubts.append("The file seems to have no header; name the columns in their order.")
    elif all(column.type == "text" for column in columns):
        doubts.append(
            f"Line {found.dialect.preamble_lines + 1} is taken for the header; only text stands below it."
        )
    if len(set(found.header)) < len(found.header):
        doubts.append("The header names a column twice; give each a name of its own.")
    if irregular:
        doubts.append("Not all rows have as many values as the header.")
    return doubts
