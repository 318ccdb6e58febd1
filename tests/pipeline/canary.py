"""A secret that can be found again, however it was written down: plain, in an address, packed, compressed."""

from __future__ import annotations

import base64
import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from pyarrow import parquet
from pyarrow.types import is_string

# In every secret of a test: what comes before and after it may be cut off or escaped.
CORE = "CANARY7f3e9bQx"


def canary(name: str) -> str:
    """A secret with signs that JSON, addresses and base64 write differently."""
    return f"{name}/{CORE}+{name}=&~"


def forms() -> list[bytes]:
    """The core as it may stand within a longer text: base64 begins at one of three places."""
    packed = [
        base64.b64encode(b"x" * lead + CORE.encode()).decode()[4 if lead else 0 : -4]
        for lead in range(3)
    ]
    return [each.encode() for each in (CORE, CORE.lower(), *packed)]


def is_in(content: bytes) -> bool:
    """Whether the core is in there, also in what `content` itself packs."""
    return any(form in each for each in (content, *_unpacked(content)) for form in forms())


def found_in(folder: Path) -> list[str]:
    """The files below `folder` that hold the core, and those whose names do."""
    return [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if is_in(str(path.relative_to(folder)).encode())
        or (path.is_file() and (is_in(path.read_bytes()) or is_in(_values(path))))
    ]


def _unpacked(content: bytes) -> Iterator[bytes]:
    """dlt keeps its state compressed and in base64, within lines of JSON."""
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content)
        yield content
    for match in re.finditer(rb"[A-Za-z0-9+/]{60,}={0,2}", content):
        try:
            packed = base64.b64decode(match[0])
            yield packed
            yield zlib.decompress(packed)
        except (ValueError, zlib.error):
            continue


def _values(path: Path) -> bytes:
    """What the texts of a Parquet file say when they are read."""
    if path.suffix != ".parquet":
        return b""
    columns = parquet.ParquetFile(path).read().columns
    texts = (column.unique().to_pylist() for column in columns if is_string(column.type))
    return "\n".join(text or "" for each in texts for text in each).encode()
