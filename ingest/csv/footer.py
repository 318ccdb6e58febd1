"""Lines at the end of a file that are no rows, such as a total; only what surely is one is found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from configuration.errors import PlainError
from ingest.csv.dialect import UTF8, Dialect
from ingest.csv.dialect_declaration import DialectBlock
from ingest.csv.header import HEAD_BYTES
from ingest.csv.records import LINE_END, first_record
from ingest.files.input_files import unreadable

_TAIL_BYTES = 1 << 14
_MOST_LINES = 10
_TOTAL = re.compile(
    r"(grand |sub|over)?-?totale?s?( general)?|totaal|(gesamt|end|zwischen)?summen?|gesamt(betrag)?|insgesamt"
    r"|somme|suma|soma|итого",
    re.IGNORECASE,
)


def find_footer(
    path: Path,
    text: str,
    dialect: Dialect,
    columns: int,
    pinned: DialectBlock,
    where: str,
) -> int:
    """How many lines at the end are left out; `text` is the file's beginning. PlainError when in doubt."""
    if pinned.footer_rows is not None or pinned.footer:
        return pinned.footer_rows or 0
    if columns == 1:
        return 0
    lines = [each for each in LINE_END.split(_tail(path, text, dialect, where)) if each.strip()]
    last = lines[-_MOST_LINES:]
    for number, line in enumerate(last):
        # A quick look first: most files end with an ordinary row.
        if not _TOTAL.match(line.lstrip(f"\"' \t{dialect.delimiter}")):
            continue
        values, _ = first_record(line, dialect)
        if not _is_total(values):
            continue
        rows = [first_record(each, dialect)[0] for each in last[number:]]
        if all(_is_gappy(each, columns) for each in rows):
            return len(rows)
        if number == len(last) - 1:
            raise PlainError(
                f"the last line may be a total or a row ('{line[:60]}')",
                where=where,
                remedy="Write dialect: {footer_rows: 1} at its table if it is a total, "
                "dialect: {footer_rows: 0} if it is a row.",
            )
    return 0


def _is_total(values: Sequence[str]) -> bool:
    first = next((value.strip() for value in values if value.strip()), "")
    return bool(_TOTAL.fullmatch(first.rstrip(":= ")))


def _is_gappy(values: Sequence[str], columns: int) -> bool:
    """Surely no row: half of the values or more are missing or empty."""
    return 2 * sum(bool(value.strip()) for value in values) <= columns


def _tail(path: Path, text: str, dialect: Dialect, where: str) -> str:
    try:
        length = path.stat().st_size
        if length < HEAD_BYTES:
            return text[-_TAIL_BYTES:]
        with path.open("rb") as file:
            file.seek((length - _TAIL_BYTES) // 4 * 4)  # a letter of UTF-16 has two bytes
            tail = file.read()
    except OSError as error:
        raise unreadable(where, error) from error
    encoding = dialect.encoding
    if encoding == "utf-16":
        encoding = "utf-16-le" if _is_little(path) else "utf-16-be"
    found = tail.decode(encoding if encoding else UTF8, errors="replace")
    return LINE_END.split(found, 1)[-1]


def _is_little(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\xff\xfe"
