"""The dialect of one file of a declared table: what is pinned, and the rest told from its first MB and its end.

The declared names say most: the first line that has them, split by a delimiter, is the header. Nothing is
guessed: where two readings are plausible, PlainError says what to pin.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from configuration.errors import PlainError
from ingest.csv.dialect import PLAIN, UTF8, Dialect
from ingest.csv.dialect_declaration import DialectBlock
from ingest.csv.encoding import encoding_of
from ingest.csv.footer import find_footer
from ingest.csv.form_detection import find_form
from ingest.csv.header import HEAD_BYTES, Head, read_first_bytes
from ingest.csv.records import LINE_END, after_lines, first_record, is_regular
from ingest.declaration.tables import Column

DELIMITERS = (",", ";", "\t", "|")
QUOTES = ('"', "'")
_MOST_LINES_ABOVE = 50
_SEP_LINE = re.compile(r'"?sep=(.)"?')


@dataclass(frozen=True)
class _Found:
    """The header's record under one reading of the file."""

    dialect: Dialect
    header: tuple[str, ...]
    header_lines: int


def read_head(
    path: Path, columns: Sequence[Column], pinned: DialectBlock, where: str
) -> tuple[Head, Dialect]:
    """Look at the file's beginning and end; raises PlainError when its dialect cannot be told for sure."""
    first = read_first_bytes(path, where)
    is_whole = len(first) < HEAD_BYTES
    encoding = pinned.encoding
    if encoding is None or encoding == "utf-16":  # which says in the file which of the two it is
        encoding = encoding_of(first, where, is_whole=is_whole)
    if pinned.encoding == "utf-16" and not encoding.startswith("utf-16"):
        raise not_text(1, "utf-16", where)
    text = decoded(first, encoding, where, is_whole=is_whole)
    if not text.strip():
        raise PlainError("the file is empty", where=where, remedy="Export it again.")
    names = [column.source_name for column in columns]
    found = _find_rows(text, names, pinned, where, is_whole=is_whole)
    body = after_lines(text, found.dialect.preamble_lines + found.header_lines)
    dialect = replace(found.dialect, encoding=encoding, line_ends=line_ends(text))
    dialect = find_quoting(dialect, body, len(found.header), pinned, where, is_whole=is_whole)
    footer_rows = find_footer(path, text, dialect, len(found.header), pinned, where)
    form = find_form(body, dialect, found.header, columns, pinned, where, is_whole=is_whole)
    line_end = LINE_END.search(text)
    plain_end = b"\r\n" if line_end and line_end[0] == "\r\n" else b"\n"
    dialect = replace(dialect, footer_rows=footer_rows, form=form)
    return Head(found.header, found.header_lines, plain_end), dialect


def decoded(
    first: bytes, encoding: str, where: str, *, is_whole: bool, errors: str = "strict"
) -> str:
    """The text of a file's beginning, without its mark; raises PlainError with the line that is none."""
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    try:
        return decoder.decode(first, final=is_whole).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise not_text(first[: error.start].count(b"\n") + 1, encoding, where) from None


def not_text(line: int, encoding: str, where: str) -> PlainError:
    """The sentence for bytes that are no letters in their encoding."""
    name = "UTF-8" if encoding == UTF8 else encoding
    return PlainError(
        f"line {line} is not {name} text",
        where=where,
        remedy="Write its encoding at its table, such as dialect: {encoding: windows-1252}, "
        "or save it again as CSV UTF-8.",
    )


def line_ends(text: str) -> str:
    """'cr' where the lines end in CR alone."""
    return "cr" if "\n" not in text and "\r" in text else ""


def _find_rows(
    text: str, names: Sequence[str], pinned: DialectBlock, where: str, *, is_whole: bool
) -> _Found:
    """Where the header is and how it is split, or, without one, how the rows are."""
    told = told_delimiter(text)
    above = 1 if told and pinned.lines_above is None else 0
    delimiters = _delimiters(pinned, told)
    quotes = QUOTES if pinned.quote is None else (pinned.quote,)
    readings = [_reading(pinned, each, quote) for each in delimiters for quote in quotes]
    if not pinned.header:
        return _without_header(text, names, readings, pinned, where, is_whole=is_whole, above=above)
    if pinned.lines_above is not None:
        return _best(text, names, readings, [pinned.lines_above])
    found = _best(text, names, readings, range(above, above + _MOST_LINES_ABOVE))
    _check_preamble(text, found, above, where)
    return found


def told_delimiter(text: str) -> str | None:
    """The delimiter that the first line tells Excel, as in sep=;."""
    found = _SEP_LINE.fullmatch(LINE_END.split(text, 1)[0])
    return found[1] if found else None


def _delimiters(pinned: DialectBlock, told: str | None) -> tuple[str, ...]:
    if pinned.delimiter is not None:
        return (pinned.delimiter,)
    return (told,) if told else DELIMITERS


def _reading(pinned: DialectBlock, delimiter: str, quote: str) -> Dialect:
    escape = quote if pinned.escape is None else pinned.escape
    footer = pinned.footer or ""
    return replace(
        PLAIN,
        delimiter=delimiter,
        quote=quote,
        escape=escape,
        has_header=pinned.header,
        footer=footer,
    )


def _best(
    text: str, names: Sequence[str], readings: Sequence[Dialect], lines: Sequence[int]
) -> _Found:
    """The first line and reading that give exactly the declared names; else those that give most of them."""
    wanted, best, most = set(names), None, 0
    rest = after_lines(text, lines[0])
    for above in lines:
        if not rest:
            break
        for reading in readings:
            header, taken = first_record(rest, reading)
            common = len(wanted & set(header))
            is_exact = len(header) == len(names) and common == len(names)
            if is_exact or common > most or best is None:
                dialect = replace(reading, preamble_lines=above)
                best, most = _Found(dialect, tuple(header), taken), common
            if is_exact:
                return best
        rest = after_lines(rest, 1)
    if best is None:
        return _Found(replace(readings[0], preamble_lines=lines[0]), (), 1)
    return best


def _check_preamble(text: str, found: _Found, above: int, where: str) -> None:
    """Lines above the header are left out only if none of them may be a row of the table."""
    skipped = found.dialect.preamble_lines
    rest = after_lines(text, above)
    for line in range(above, skipped):
        record, _ = first_record(LINE_END.split(rest, 1)[0], found.dialect)
        if sum(bool(value.strip()) for value in record) >= len(found.header):
            raise PlainError(
                f"the columns are named in line {skipped + 1}, but line {line + 1} above it may be a row",
                where=where,
                remedy=f"Write dialect: {{header_row: {skipped + 1}}} at its table if it is none.",
            )
        rest = after_lines(rest, 1)


def _without_header(
    text: str,
    names: Sequence[str],
    readings: Sequence[Dialect],
    pinned: DialectBlock,
    where: str,
    *,
    is_whole: bool,
    above: int,
) -> _Found:
    """Without a header, the delimiter is the one that gives each row as many values as there are columns."""
    lines = pinned.lines_above
    if lines is None:
        start = after_lines(text, above)
        blank = start[: len(start) - len(start.lstrip("\r\n"))]
        lines = above + len(LINE_END.findall(blank))
    body = after_lines(text, lines)
    # Where no value begins with a single quote, they enclose none: a stray double one would be text.
    readings = [
        each
        for each in readings
        if pinned.quote is not None or each.quote != "'" or _has_single_quotes(body, each.delimiter)
    ]
    fitting = [each for each in readings if is_regular(body, each, len(names), is_whole=is_whole)]
    if pinned.delimiter is not None and not fitting:
        fitting = [readings[0]]
    different = {each.delimiter for each in fitting}
    if len(names) == 1 and pinned.delimiter is None:
        different = {","}
    if len(different) != 1:
        raise PlainError(
            "without a header it cannot be told what separates the values",
            where=where,
            remedy="Write it at its table, such as dialect: {header: false, delimiter: ';'}.",
        )
    reading = fitting[0] if fitting else readings[0]
    return _Found(replace(reading, preamble_lines=lines), tuple(names), 0)


def find_quoting(
    dialect: Dialect,
    body: str,
    columns: int,
    pinned: DialectBlock,
    where: str,
    *,
    is_whole: bool,
) -> Dialect:
    """The header is seldom quoted, so the rows decide; looked into only where there is a sign of it."""
    if (
        pinned.quote is None
        and dialect.quote == '"'
        and _has_single_quotes(body, dialect.delimiter)
    ):
        single = replace(dialect, quote="'", escape="'")
        dialect = _choose_quote(dialect, single, body, columns, where, is_whole=is_whole)
    if pinned.escape is None and dialect.quote and f"\\{dialect.quote}" in body:
        return _choose_escape(dialect, body, columns, where, is_whole=is_whole)
    return dialect


def _choose_escape(
    dialect: Dialect, body: str, columns: int, where: str, *, is_whole: bool
) -> Dialect:
    """A backslash escapes where only then each row has all its values."""
    escaped = replace(dialect, escape="\\")
    if not is_regular(body, escaped, columns, is_whole=is_whole):
        return dialect
    if not is_regular(body, dialect, columns, is_whole=is_whole):
        return escaped
    raise PlainError(
        "the backslashes before quotes may escape them or belong to the text",
        where=where,
        remedy="Write dialect: {escape: '\\'} at its table if they escape, "
        f"dialect: {{escape: {json.dumps(dialect.quote)}}} if they belong to the text.",
    )


def _has_single_quotes(body: str, delimiter: str) -> bool:
    return "'" in body and re.search(rf"(?m)(?:^|{re.escape(delimiter)})'", body) is not None


def _are_most_rows_quoted(body: str, delimiter: str) -> bool:
    """Whether a value of each other line or more stands between single quotes; one may be a name."""
    part = re.escape(delimiter)
    quoted = re.findall(rf"(?m)^(?=(?:.*{part})?'(?:[^'\r\n]|'')*'(?:{part}|\r?$))", body)
    return 2 * len(quoted) >= len(LINE_END.findall(body.rstrip())) + 1


def _has_doubled_quote(body: str, delimiter: str) -> bool:
    """Whether a value between single quotes has a doubled one within, as only enclosed values have."""
    part, inner = re.escape(delimiter), r"(?:[^'\r\n]|'')*"
    return re.search(rf"(?m)(?:^|{part})'{inner}''{inner}'(?:{part}|\r?$)", body) is not None


def _choose_quote(
    double: Dialect, single: Dialect, body: str, columns: int, where: str, *, is_whole: bool
) -> Dialect:
    """Single quotes enclose where only then each row has all its values, or where one within is doubled."""
    readings = (single, replace(single, escape="\\"))
    fitting = [each for each in readings if is_regular(body, each, columns, is_whole=is_whole)]
    is_doubled = _has_doubled_quote(body, double.delimiter)
    is_double_regular = is_regular(body, double, columns, is_whole=is_whole)
    if fitting and (is_doubled or not is_double_regular):
        return single
    # Where a row is ragged under both, a doubled one within is a sign, but no proof.
    is_sign = is_doubled and not is_double_regular
    if not is_sign and not _are_most_rows_quoted(body, double.delimiter):
        return double
    raise PlainError(
        "the single quotes around values may enclose them or belong to them",
        where=where,
        remedy='Write dialect: {quote: "\'"} at its table if they enclose, '
        "dialect: {quote: '\"'} if they belong to the text.",
    )
