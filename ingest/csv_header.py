"""The first line of a CSV file: what it says about the file, and whether it is this table's."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from configuration.errors import PlainError
from configuration.yaml_file import nearest

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


def unreadable(where: str, error: OSError) -> PlainError:
    """The sentence for a file that the system does not let us read."""
    return PlainError(
        f"the file cannot be read ({error.strerror or error})",
        where=where,
        remedy="Check that it is there, that you may read it, and that no other program holds it.",
    )


def not_utf8(line: int, where: str) -> PlainError:
    """The sentence for text in another encoding."""
    return PlainError(
        f"line {line} is not UTF-8 text (perhaps Windows-1252)", where=where, remedy=SAVE_UTF8
    )


def check_header(found: Sequence[str], declared: Sequence[str], where: str) -> None:
    """Raise PlainError unless the file has exactly the declared columns, in any order."""
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
            f"the header names {_names(twins)} twice",
            where=where,
            remedy="Give each column a name of its own.",
        )
    gone = [name for name in declared if name not in found]
    new = [name for name in found if name not in declared]
    if not gone and not new:
        return
    parts = []
    if gone:
        parts.append(
            f"{_columns(gone)} {_names(gone)} {'is' if len(gone) == 1 else 'are'} not there"
        )
    if new:
        parts.append(
            f"{_columns(new)} {_names(new)} {'is' if len(new) == 1 else 'are'} not declared"
        )
    raise PlainError(" and ".join(parts), where=where, remedy=_header_remedy(gone, new, found))


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


def _header_remedy(gone: Sequence[str], new: Sequence[str], found: Sequence[str]) -> str:
    if len(found) == 1 and (separator := next((x for x in ";\t|" if x in found[0]), None)):
        shown = "a tab" if separator == "\t" else f"'{separator}'"
        return f"The values seem to be separated by {shown}; save the file with commas."
    for name in new:
        guess = nearest(name, gone)
        if guess:
            header = name if name.isidentifier() else json.dumps(name, ensure_ascii=False)
            return (
                f"If '{name}' is the new name of '{guess}', write header: {header} at that column."
            )
    if not set(found) - set(new):
        return "The first line must name the columns; remove what stands above that line."
    if not new:
        return "Export it again with all columns, or remove them from the sources file."
    return (
        "Add what is new to the table's columns in the sources file, or leave it out of the export."
    )


def _columns(names: Sequence[str]) -> str:
    return "the column" if len(names) == 1 else "the columns"


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
