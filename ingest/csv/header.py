"""The header of a CSV file: what it says, and whether it is this table's."""

from __future__ import annotations

import codecs
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
    """The header's names in the file's order, how many lines it has (0: none), and the line end."""

    header: tuple[str, ...]
    header_lines: int
    line_end: bytes


def read_first_bytes(path: Path, where: str) -> bytes:
    """The file's beginning, or all of it where it is shorter."""
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError as error:
        raise unreadable(where, error) from error


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
        if_none="No line names the columns; if the file has no header, write dialect: {header: false}.",
        policy=policy,
    )
