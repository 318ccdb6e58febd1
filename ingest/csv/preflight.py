"""What a CSV file's bytes must show before DuckDB's reader is trusted with it.

The reader takes an unclosed quote as one long value, accepts a file that was cut off, maps columns by
position whatever the header says, and refuses mixed line ends without saying where. Here each of these
is one sentence, and the records are counted without the reader, so that loaded + rejected can be held
against something independent. Everything works on chunks with bytes methods: no loop over rows.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from configuration.errors import PlainError
from ingest.csv.header import BOM, HEAD_BYTES, SAVE_UTF8, Head, not_utf8
from ingest.files.input_files import unreadable

CHUNK_BYTES = 1 << 20
_NOT_STRUCTURE = bytes(set(range(256)) - set(b'"\n\r\0\xff'))
# Several times as fast as `in`, to which every line end is half a match.
_BLANK_LINE = {end: re.compile(b"\n" + end) for end in (b"\n", b"\r\n")}
# Never part of UTF-8, so free to stand for one CR LF.
_CRLF = b"\xff"


@dataclass(frozen=True)
class Preflight:
    """What the whole file says. `rows` are records without the header and without blank lines."""

    sha256: str
    bytes: int
    rows: int
    blank_lines: int
    has_line_breaks_in_values: bool


def inspect(path: Path, head: Head, where: str, *, allow_empty: bool) -> Preflight:
    """Read all bytes once; raises PlainError for what the reader would misread."""
    count = _Count(where=where, line_end=head.line_end)
    try:
        with path.open("rb") as file:
            for chunk in _chunks(file):
                count.add(chunk)
        if count.in_quotes:
            raise PlainError(
                f"a quote that opens in line {count.open_quote_line} is never closed",
                where=where,
                remedy='Close it, or double it ("") where it belongs to the text.',
            )
        if count.ends_in_line:
            _check_last_record(_last_record(path), len(head.header), where)
    except OSError as error:
        raise unreadable(where, error) from error
    # A table of one column cannot tell a blank line from an empty value; DuckDB reads a value.
    blank_lines = count.blank_lines if len(head.header) > 1 else 0
    rows = count.lines + count.ends_in_line - blank_lines - 1
    if rows == 0 and not allow_empty:
        raise PlainError(
            "the file has a header but no rows",
            where=where,
            remedy="Export it again, or set allow_empty: true for this table.",
        )
    return Preflight(
        sha256=count.digest.hexdigest(),
        bytes=count.bytes,
        rows=rows,
        blank_lines=blank_lines,
        has_line_breaks_in_values=count.line_feeds > count.lines,
    )


def _check_last_record(record: str, columns: int, where: str) -> None:
    """A last line without its line end is how Excel ends a file, or how a broken download does."""
    csv.field_size_limit(HEAD_BYTES)
    values = len(next(csv.reader(io.StringIO(record, newline="")), []))
    if values != columns and record.strip():
        raise PlainError(
            f"the file is cut off: its last line has {values} of {columns} values",
            where=where,
            remedy="Export or download it again.",
        )


class _Count:
    """Running totals over the chunks; each chunk but the last ends at a line feed."""

    def __init__(self, *, where: str, line_end: bytes) -> None:
        self.where = where
        self.line_end = line_end
        self.digest = hashlib.sha256()
        self.bytes = 0
        self.lines = 0
        self.line_feeds = 0
        self.blank_lines = 0
        self.in_quotes = False
        self.open_quote_line = 1
        self.ends_in_line = False

    def add(self, chunk: bytes) -> None:
        """Count one chunk. What has to look at every byte is done once, the rest on what that leaves."""
        self.digest.update(chunk)
        text = chunk.removeprefix(BOM) if self.bytes == 0 else chunk
        self.bytes += len(chunk)
        structure = text.translate(None, _NOT_STRUCTURE)
        self._check_text(text, structure)
        self._count_blank_lines(text)
        quotes, feeds = structure.count(b'"'), structure.count(b"\n")
        if b"\r" in structure:
            # Only in the text can be seen which CR stands before which LF.
            structure = text.replace(b"\r\n", _CRLF).translate(None, _NOT_STRUCTURE)
        self._count_lines(structure)
        if quotes % 2:
            self.in_quotes = not self.in_quotes
            self.open_quote_line = self.line_feeds + _line_of_open_quote(text)
        self.line_feeds += feeds
        self.ends_in_line = not text.endswith(b"\n")

    def _check_text(self, text: bytes, structure: bytes) -> None:
        if b"\0" in structure:
            raise PlainError("the file holds zero bytes", where=self.where, remedy=SAVE_UTF8)
        if text.isascii():
            return
        try:
            text.decode()
        except UnicodeDecodeError as error:
            line = self.line_feeds + text.count(b"\n", 0, error.start) + 1
            raise not_utf8(line, self.where) from None

    def _count_lines(self, structure: bytes) -> None:
        """Drop quotes that close at once, split at those that are left, and count outside of them."""
        parts = structure.replace(b'""', b"").split(b'"')
        outside = b"".join(parts[1::2] if self.in_quotes else parts[0::2])
        feeds, pairs = outside.count(b"\n"), outside.count(_CRLF)
        self._check_line_ends(feeds, pairs, outside.count(b"\r"))
        self.lines += feeds + pairs

    def _check_line_ends(self, feeds: int, pairs: int, returns: int) -> None:
        wrong = feeds if self.line_end == b"\r\n" else pairs
        if wrong or returns:
            raise PlainError(
                "the lines end in different ways (some in LF, some in CR LF or CR)",
                where=self.where,
                remedy="Save it again from one program.",
            )

    def _count_blank_lines(self, text: bytes) -> None:
        starts_blank = text.startswith(self.line_end) and self.lines > 0 and not self.in_quotes
        if not starts_blank and not _BLANK_LINE[self.line_end].search(text):
            return
        outside = _without_values(text, inside=self.in_quotes).replace(b"\r\n", b"\n")
        self.blank_lines += len(re.findall(rb"(?<=\n)\n", outside)) + starts_blank


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    """The file in pieces that end at a line feed, so that neither letters nor line ends are cut."""
    while chunk := file.read(CHUNK_BYTES):
        yield chunk if chunk.endswith(b"\n") else chunk + file.readline()


def _without_values(text: bytes, *, inside: bool) -> bytes:
    """The text with each quoted value shortened to one letter, so that what is blank is a blank line."""
    if inside:
        _, _, text = text.partition(b'"')
        text = b"v" + text
    return re.sub(rb'"[^"]*(?:"|\Z)', b"v", text)


def _line_of_open_quote(text: bytes) -> int:
    """The first line of `text` whose quotes do not pair within the line; lines count from 1."""
    lines = enumerate(text.split(b"\n"), start=1)
    return next((number for number, line in lines if line.count(b'"') % 2), 1)


def _last_record(path: Path) -> str:
    """What follows the last line end outside quotes."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - HEAD_BYTES))
        tail = file.read()
    end = len(tail)
    while (end := tail.rfind(b"\n", 0, end)) >= 0:
        if tail.count(b'"', end) % 2 == 0:
            return tail[end + 1 :].decode()
    return tail.decode(errors="replace")
