"""What a CSV file's bytes must show before DuckDB's reader is trusted with it.

The reader takes an unclosed quote as one long value, accepts a file that was cut off, maps columns by
position whatever the header says, and refuses mixed line ends without saying where. Here each of these
is one sentence, and the records are counted without the reader, so that loaded + rejected can be held
against something independent. Everything works on chunks with bytes methods: no loop over rows.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from configuration.errors import PlainError
from ingest.csv.dialect import UTF8, Dialect
from ingest.csv.dialect_detection import not_text
from ingest.csv.header import BOM, SAVE_UTF8, Head
from ingest.csv.last_record import check_last_record
from ingest.files.input_files import UNCOUNTED, unreadable
from ingest.results import Counted

CHUNK_BYTES = 1 << 20
# Several times as fast as `in`, to which every line end is half a match.
_BLANK_LINE = {end: re.compile(b"\n" + end) for end in (b"\n", b"\r\n")}
# Never part of UTF-8, so free to stand for one CR LF.
_CRLF = b"\xff"


class MixedLineEndsError(PlainError):
    """The lines end in different ways: the file must be written anew."""


class NotUtf8Error(PlainError):
    """A line is no UTF-8 text."""


@dataclass(frozen=True)
class Preflight:
    """What the whole file says. `rows` are records without the header and without blank lines."""

    sha256: str
    bytes: int
    rows: int
    blank_lines: int
    has_line_breaks_in_values: bool


def inspect(
    path: Path,
    head: Head,
    dialect: Dialect,
    where: str,
    *,
    allow_empty: bool,
    on_bytes: Counted = UNCOUNTED,
) -> Preflight:
    """Read all bytes once; raises PlainError for what the reader would misread.

    The file is in UTF-8, with line ends of one kind and quotes doubled within values; any delimiter.
    """
    count = _Count(where=where, line_end=head.line_end, dialect=dialect)
    try:
        with path.open("rb") as file:
            for chunk in _chunks(file):
                count.add(chunk)
                on_bytes(len(chunk))
        if count.in_quotes:
            line = count.open_quote_line + dialect.preamble_lines
            quote = dialect.quote
            raise PlainError(
                f"a quote that opens in line {line} is never closed",
                where=where,
                remedy=f"Close it, or double it ({quote}{quote}) where it belongs to the text.",
            )
        if count.ends_in_line:
            check_last_record(path, len(head.header), dialect, where)
    except OSError as error:
        raise unreadable(where, error) from error
    # A table of one column cannot tell a blank line from an empty value; DuckDB reads a value.
    blank_lines = count.blank_lines if len(head.header) > 1 else 0
    rows = count.lines + count.ends_in_line - blank_lines - dialect.has_header
    if rows == 0 and not allow_empty:
        raise PlainError(
            "the file has a header but no rows" if dialect.has_header else "the file has no rows",
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


class _Count:
    """Running totals over the chunks; each chunk but the last ends at a line feed."""

    def __init__(self, *, where: str, line_end: bytes, dialect: Dialect) -> None:
        self.where = where
        self.line_end = line_end
        self.quote = dialect.quote.encode()
        self.lines_above = dialect.preamble_lines
        self.not_structure = bytes(set(range(256)) - set(self.quote + b"\n\r\0\xff"))
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
        structure = text.translate(None, self.not_structure)
        self._check_text(text, structure)
        self._count_blank_lines(text)
        quotes = structure.count(self.quote) if self.quote else 0
        feeds = structure.count(b"\n")
        if b"\r" in structure:
            # Only in the text can be seen which CR stands before which LF.
            structure = text.replace(b"\r\n", _CRLF).translate(None, self.not_structure)
        self._count_lines(structure)
        if quotes % 2:
            self.in_quotes = not self.in_quotes
            self.open_quote_line = self.line_feeds + _line_of_open_quote(text, self.quote)
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
            line = self.lines_above + self.line_feeds + text.count(b"\n", 0, error.start) + 1
            found = not_text(line, UTF8, self.where)
            raise NotUtf8Error(found.what, where=found.where, remedy=found.remedy) from None

    def _count_lines(self, structure: bytes) -> None:
        """Drop quotes that close at once, split at those that are left, and count outside of them."""
        outside = structure
        if self.quote:
            parts = structure.replace(self.quote * 2, b"").split(self.quote)
            outside = b"".join(parts[1::2] if self.in_quotes else parts[0::2])
        feeds, pairs = outside.count(b"\n"), outside.count(_CRLF)
        self._check_line_ends(feeds, pairs, outside.count(b"\r"))
        self.lines += feeds + pairs

    def _check_line_ends(self, feeds: int, pairs: int, returns: int) -> None:
        wrong = feeds if self.line_end == b"\r\n" else pairs
        if wrong or returns:
            raise MixedLineEndsError(
                "the lines end in different ways (some in LF, some in CR LF or CR)",
                where=self.where,
                remedy="Save it again from one program.",
            )

    def _count_blank_lines(self, text: bytes) -> None:
        starts_blank = text.startswith(self.line_end) and self.lines > 0 and not self.in_quotes
        if not starts_blank and not _BLANK_LINE[self.line_end].search(text):
            return
        outside = _without_values(text, self.quote, inside=self.in_quotes).replace(b"\r\n", b"\n")
        self.blank_lines += len(re.findall(rb"(?<=\n)\n", outside)) + starts_blank


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    """The file in pieces that end at a line feed, so that neither letters nor line ends are cut."""
    while chunk := file.read(CHUNK_BYTES):
        yield chunk if chunk.endswith(b"\n") else chunk + file.readline()


def _without_values(text: bytes, quote: bytes, *, inside: bool) -> bytes:
    """The text with each quoted value shortened to one letter, so that what is blank is a blank line."""
    if not quote:
        return text
    if inside:
        _, _, text = text.partition(quote)
        text = b"v" + text
    sign = re.escape(quote)
    return re.sub(b"%b[^%b]*(?:%b|\\Z)" % (sign, sign, sign), b"v", text)


def _line_of_open_quote(text: bytes, quote: bytes) -> int:
    """The first line of `text` whose quotes do not pair within the line; lines count from 1."""
    lines = enumerate(text.split(b"\n"), start=1)
    return next((number for number, line in lines if line.count(quote) % 2), 1)
