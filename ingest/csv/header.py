"""The first line of a CSV file: what it says about the file, and whether it is this table's."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from configuration.errors import PlainError
from ingest.files.declared_names import check_names, quoted
from ingest.files.input_files import unreadable
from ingest.rows.new_columns import STRICT, ColumnPolicy

BOM = codecs.BOM_UTF8
HEAD_BYTES = 1 << 20
SAVE_UTF8 = "Save it again as CSV UTF-8."


@dataclass(frozen=True)
class Head:
    """What the first bytes say: the header's names in the file's order, and the line end."""

    header: tuple[str, ...]
    header_lines: int
    line_end: bytes


def read_head(path: Path, where: str) -> Head:
    """Look at the beginning of the file; raises PlainError when it cannot be a CSV file with a header."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise unreadable(where, error) from error
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in head[:1000]:
        raise PlainError("the file is UTF-16 or no text at all", where=where, remedy=SAVE_UTF8)
    head = head.removeprefix(BOM)
    if not head.strip():
        raise PlainError("the file is empty", where=where, remedy="Export it again.")
    first_line_end = re.search(rb"\r\n|\n|\r", head)
    line_end = first_line_end[0] if first_line_end else b"\n"
    if line_end == b"\r":
        raise PlainError(
            "the lines end in CR alone, as on very old Macs",
            where=where,
            remedy="Save it again with ordinary line ends.",
        )
    header, lines = _header(head, where)
    return Head(header, lines, line_end)


def not_utf8(line: int, where: str) -> PlainError:
    """The sentence for text in another encoding."""
    return PlainError(
        f"line {line} is not UTF-8 text (perhaps Windows-1252)", where=where, remedy=SAVE_UTF8
    )


def check_header(
    found: Sequence[str], declared: Sequence[str], where: str, policy: ColumnPolicy = STRICT
) -> None:
    """Raise PlainError unless the file has the declared columns, in any order, as `policy` wants it."""
    nameless = [number for number, name in enumerate(found, start=1) if not name.strip()]
    if nameless:
        raise PlainError(
            f"column {nameless[0]} of {len(found)} has no name in the header",
            where=where,
            remedy="Name it, or remove it from the export (perhaps the header begins or ends with a comma).",
        )
    twins = sorted({name for name in found if found.count(name) > 1})
    if twins:
        raise PlainError(
            f"the header names {quoted(twins)} twice",
            where=where,
            remedy="Give each column a name of its own.",
        )
    check_names(
        found,
        declared,
        where,
        hint=_separator_hint(found),
        if_none="The first line must name the columns; remove what stands above that line.",
        policy=policy,
    )


def _header(head: bytes, where: str) -> tuple[tuple[str, ...], int]:
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        # The end of the piece may cut a letter; what is wrong further down is found again with its line.
        text = head[: error.start].decode()
        if "\n" not in text:
            raise not_utf8(1, where) from None
    reader = csv.reader(io.StringIO(text, newline=""))
    csv.field_size_limit(HEAD_BYTES)
    names = next(reader, [])
    if not names or all(not name.strip() for name in names):
        raise PlainError(
            "the first line is blank; a header is wanted there",
            where=where,
            remedy="Remove what stands above the header.",
        )
    return tuple(names), reader.line_num


def _separator_hint(found: Sequence[str]) -> str:
    if len(found) == 1 and (separator := next((x for x in ";\t|" if x in found[0]), None)):
        shown = "a tab" if separator == "\t" else f"'{separator}'"
        return f"The values seem to be separated by {shown}; save the file with commas."
    return ""
