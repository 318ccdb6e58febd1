"""What the bytes of a stream's record say: text, also if they came compressed, or why they say nothing."""

from __future__ import annotations

import codecs
import zlib
from dataclasses import dataclass

# Amazon, kinesis-aggregation, "KPL Aggregated Record Format": these bytes begin such a record.
_AGGREGATED = b"\xf3\x89\x9a\xc2"
_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = zlib.MAX_WBITS | 16
# A record has at most 10 MB; what becomes more than this was made to fill the memory.
LONGEST_BYTES = 64 << 20


@dataclass(frozen=True)
class Content:
    """Either the text, or the problem that it has none."""

    text: str | None = None
    problem: str | None = None


def content_of(data: bytes) -> Content:
    """The text of one record."""
    if data.startswith(_AGGREGATED):
        return Content(
            problem="several records packed into one by the Kinesis Producer Library, which is not read: "
            "set AggregationEnabled to false where they are sent"
        )
    if data.startswith(_GZIP):
        try:
            data = _unpacked(data)
        except zlib.error:
            return Content(problem="the record is no whole gzip data")
        if len(data) > LONGEST_BYTES:
            return Content(problem="the record is too long when unpacked")
    try:
        return Content(text=data.removeprefix(codecs.BOM_UTF8).decode())
    except UnicodeDecodeError:
        return Content(problem="the record is not UTF-8 text")


def _unpacked(data: bytes) -> bytes:
    """The bytes within, a little more than the longest at most; raises zlib.error for broken data."""
    found = b""
    while data and len(found) <= LONGEST_BYTES:
        member = zlib.decompressobj(_GZIP_WINDOW)
        found += member.decompress(data, LONGEST_BYTES + 1 - len(found))
        if len(found) > LONGEST_BYTES:
            break
        if not member.eof:
            raise zlib.error("cut off")
        data = member.unused_data.lstrip(b"\0")  # some writers fill up with zeros
    return found
