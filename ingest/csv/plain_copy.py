"""A CSV file written anew as DuckDB's reader takes it: UTF-8, LF, quotes doubled, without what is no table.

What is within quotes stays as it is. Everything works on chunks; sha256 and bytes are those of the original.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from configuration.errors import PlainError
from ingest.csv.dialect import UTF8, Dialect
from ingest.csv.dialect_detection import not_text
from ingest.csv.encoding import WINDOWS, check_windows
from ingest.csv.records import after_lines
from ingest.files.input_files import UNCOUNTED, unreadable
from ingest.results import Counted

_CHUNK_BYTES = 1 << 20
_TAIL_BYTES = 1 << 20
_MOST_FOOTER_LINES = 20
# No decoder gives these, so they are free to stand for an escaped escape and an escaped quote.
_ESCAPE, _QUOTE = "\ud800", "\ud801"
_RETURNS = re.compile(r"\r+\n")


@dataclass(frozen=True)
class PlainCopy:
    """The figures of the original, what was left out at its end, and whether its line ends were mixed."""

    sha256: str
    bytes: int
    footer_rows: int
    has_mixed_ends: bool


def write_plain(
    source: Path,
    target: Path,
    dialect: Dialect,
    where: str,
    *,
    header_lines: int,
    is_found_out: bool,
    on_bytes: Counted = UNCOUNTED,
) -> PlainCopy:
    """Write `source` to `target`; raises PlainError for what cannot be read for sure.

    `is_found_out` says that nobody pinned the encoding.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    pieces = _Pieces(dialect, where, is_found_out=is_found_out)
    writer = _Plain(dialect, where)
    try:
        with source.open("rb") as read, target.open("wb") as written:
            skip = dialect.preamble_lines
            for text in pieces.of(read):
                on_bytes(pieces.bytes - on_bytes.size)
                kept = after_lines(text, skip) if skip else text
                skip = 0
                written.write(writer.plain(kept).encode())
            written.write(writer.rest().encode())
        footer_rows = _cut_footer(target, dialect, header_lines)
    except OSError as error:
        raise unreadable(where, error) from error
    mixed = writer.pairs > 0 and writer.feeds > 0
    return PlainCopy(pieces.digest.hexdigest(), pieces.bytes, footer_rows, mixed)


class _Pieces:
    """The text of a file in pieces of about a megabyte, and the figures of its bytes."""

    def __init__(self, dialect: Dialect, where: str, *, is_found_out: bool) -> None:
        self.encoding = dialect.encoding
        self.where = where
        self.is_checked = is_found_out and dialect.encoding == WINDOWS
        self.is_proven = False
        self.digest = hashlib.sha256()
        self.bytes = 0
        self.lines = 0

    def of(self, file: Iterator[bytes]) -> Iterator[str]:
        """All of the file; the first piece is without its mark."""
        decoder = codecs.getincrementaldecoder(self.encoding)()
        chunk = b"first"
        while chunk:
            chunk = file.read(_CHUNK_BYTES)  # type: ignore[attr-defined]
            self.digest.update(chunk)
            if self.is_checked:
                self.is_proven = check_windows(chunk, self.where, is_proven=self.is_proven)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                line = self.lines + error.object[: error.start].count(b"\n") + 1
                raise not_text(line, self.encoding, self.where) from None
            self.lines += text.count("\n")
            if self.bytes == 0:
                text = text.removeprefix("\ufeff")
            self.bytes += len(chunk)
            yield text


class _Plain:
    """Turns pieces of text into plain ones; knows whether it stands within quotes."""

    def __init__(self, dialect: Dialect, where: str) -> None:
        self.dialect = dialect
        self.where = where
        self.in_quotes = False
        self.held = ""  # the end of a piece that the next one may change
        self.lines = dialect.preamble_lines
        self.pairs = 0
        self.feeds = 0

    def plain(self, piece: str) -> str:
        """The piece in the plain form, but for an end that is not clear yet."""
        text = self.held + piece
        end = len(text.rstrip("\r" + self._escape))
        self.held = text[end:]
        return self._turned(text[:end])

    def rest(self) -> str:
        """What was held back to the end."""
        held, self.held = self.held, ""
        return self._turned(held)

    @property
    def _escape(self) -> str:
        return "" if self.dialect.escape == self.dialect.quote else self.dialect.escape

    def _turned(self, text: str) -> str:
        quote, escape = self.dialect.quote, self._escape
        if escape:
            text = text.replace(escape * 2, _ESCAPE).replace(escape + quote, _QUOTE)
        if not quote:
            return self._outside(text)
        parts = text.split(quote)
        # Between quotes, every other part is within.
        for number, part in enumerate(parts):
            is_inside = self.in_quotes != bool(number % 2)
            parts[number] = self._inside(part) if is_inside else self._outside(part)
        self.in_quotes ^= len(parts) % 2 == 0
        return quote.join(parts)

    def _inside(self, text: str) -> str:
        self.lines += text.count("\n")
        if self._escape:
            return text.replace(_ESCAPE, self._escape).replace(_QUOTE, self.dialect.quote * 2)
        return text

    def _outside(self, text: str) -> str:
        if self._escape:
            escape, quote = self._escape, self.dialect.quote
            text = text.replace(_ESCAPE, escape * 2).replace(_QUOTE, escape + quote)
        if "\r" in text:
            if self.dialect.line_ends == "cr":
                text = text.replace("\r", "\n")
            else:
                text, pairs = _RETURNS.subn("\n", text)
                self.pairs += pairs
                self.feeds -= pairs
        if "\r" in text:
            raise PlainError(
                f"a CR stands alone in line {self.lines + text.count(chr(10), 0, text.index(chr(13))) + 1}, "
                "where the other lines end in LF or CR LF",
                where=self.where,
                remedy="Save it again from one program, or put the value into quotes.",
            )
        feeds = text.count("\n")
        self.feeds += feeds
        self.lines += feeds
        return text


def _cut_footer(target: Path, dialect: Dialect, header_lines: int) -> int:
    """Cut off the footer; gives how many lines it had. Blank lines below it go too, and are not counted."""
    if not (dialect.footer_rows or dialect.footer):
        return 0
    length = target.stat().st_size
    start = max(0, length - _TAIL_BYTES)
    with target.open("r+b") as file:
        file.seek(start)
        tail = file.read()
        if start:
            cut = tail.find(b"\n") + 1
            tail, start = tail[cut:], start + cut
        lines = tail.splitlines(keepends=True)
        end = len(lines)
        while end and not lines[end - 1].strip():
            end -= 1
        above = 0 if start else header_lines
        first = max(min(above, end), _first_of_footer(lines[:end], dialect))
        file.truncate(start + len(b"".join(lines[:first])))
    return end - first if first < end else 0


def _first_of_footer(lines: list[bytes], dialect: Dialect) -> int:
    """A footer that is known by its beginning is short, so a row far above that begins so is none."""
    end = len(lines)
    if not dialect.footer:
        return max(0, end - dialect.footer_rows)
    beginning = dialect.footer.encode(UTF8)
    begins = [line.startswith(beginning) for line in lines[-_MOST_FOOTER_LINES:]]
    if True not in begins:
        return end
    first = len(begins) - 1 - begins[::-1].index(True)
    while first and begins[first - 1]:
        first -= 1
    return end - len(begins) + first
