"""Compressed files to plain ones in the spool: .gz, .zst, and the members of a .zip; in pieces of a megabyte.

What was cut off, is locked, or grows beyond all measure is refused with one sentence. Names within an
archive are only names: no file is ever written under one of them.
"""

from __future__ import annotations

import errno
import gzip
import lzma
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from configuration.errors import PlainError
from ingest.files.addresses import ending_of, is_visible

STREAMS = (".gz", ".zst")
PACKINGS = (*STREAMS, ".zip")
CHUNK_BYTES = 1 << 20
# Exports of text shrink to a fifth or a fiftieth. What is beyond both of these is made to fill the disk.
_SAFE_BYTES = 1 << 30
_LARGEST_RATIO = 100
_NESTED = (*PACKINGS, ".7z", ".rar", ".tar", ".tgz", ".bz2", ".xz")
_IS_LOCKED = 0x1
# Where macOS puts what it adds beside each file.
_MAC_FOLDER = "__MACOSX/"


# Whatever may be found out in the middle; values, texts and structures in the directory of a .zip too.
_BROKEN = (
    EOFError,
    ValueError,
    IndexError,
    OverflowError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    pa.ArrowException,
)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""


@dataclass(frozen=True)
class Member:
    """A file of an archive: its name there, and where it is now or why it is not."""

    name: str
    location: Path | PlainError


def unpack(source: Path, packing: str, target: Path, where: str) -> None:
    """Write what the .gz or .zst file `source` holds to `target`; raises PlainError when it is broken."""
    limit = _Limit(source.stat().st_size, where)
    if limit.packed == 0:
        raise _broken(where, "it is empty")
    with _told(where), target.open("wb") as plain:
        if packing == ".gz":
            with gzip.open(source) as stream:
                _copy(stream, plain.write, limit)
        else:
            # Python 3.11 has no zstd of its own.
            with pa.CompressedInputStream(pa.OSFile(str(source)), "zstd") as stream:
                _copy(stream, plain.write, limit)


def unzip(
    source: Path, endings: Sequence[str], kind: str, where: str, target: Callable[[str], Path]
) -> list[Member]:
    """Write each member with one of `endings` to the file that `target` gives for its name.

    A broken member is told in its place; raises PlainError when the archive as a whole cannot be used.
    """
    limit = _Limit(source.stat().st_size, where)
    with _told(where), zipfile.ZipFile(source) as archive:
        members = _members(archive, endings, kind, where)
        return [
            Member(name, _unzip(archive, info, target(name), f"{where}/{name}", limit))
            for name, info in members.items()
        ]


def _members(
    archive: zipfile.ZipFile, endings: Sequence[str], kind: str, where: str
) -> dict[str, zipfile.ZipInfo]:
    """The members that are meant, by their harmless names."""
    found: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        name = _harmless(info.filename)
        if info.is_dir() or not is_visible(name) or info.filename.startswith(_MAC_FOLDER):
            continue
        if ending_of(name, _NESTED):
            raise PlainError(
                f"there is an archive within the archive ('{name}')",
                where=where,
                remedy="Unpack it, and put the files there by themselves.",
            )
        if not ending_of(name, endings):
            continue
        if name in found:
            raise PlainError(
                f"the archive has two files of the name '{name}'",
                where=where,
                remedy="Pack it again, each file under a name of its own.",
            )
        found[name] = info
    if not found:
        raise PlainError(
            f"the archive has no {kind} file",
            where=where,
            remedy=f"Their names must end in {' or '.join(endings)}; move it away if it is not meant.",
        )
    return found


def _harmless(name: str) -> str:
    """The name without drives, backslashes and steps upwards."""
    return posixpath.normpath("/" + name.replace("\\", "/")).lstrip("/")


def _unzip(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, where: str, limit: _Limit
) -> Path | PlainError:
    if info.flag_bits & _IS_LOCKED:
        return PlainError(
            "the archive is locked with a password",
            where=where,
            remedy="Unpack it, and put the files there by themselves.",
        )
    try:
        with _told(where), archive.open(info) as member, target.open("wb") as plain:
            _copy(member, plain.write, limit)
    except PlainError as error:
        target.unlink(missing_ok=True)
        return error
    return target


@dataclass
class _Limit:
    """How much may come out of a file of so many bytes (`packed`)."""

    packed: int
    where: str
    unpacked: int = 0

    def add(self, size: int) -> None:
        self.unpacked += size
        if self.unpacked > max(_SAFE_BYTES, _LARGEST_RATIO * self.packed):
            raise PlainError(
                f"it grows to more than {_LARGEST_RATIO} times its size, and may be made to fill the disk",
                where=self.where,
                remedy="If it is sound, unpack it, and put the plain file there.",
            )


def _copy(source: _Readable, write: Callable[[bytes], object], limit: _Limit) -> None:
    while chunk := source.read(CHUNK_BYTES):
        limit.add(len(chunk))
        write(chunk)


@contextmanager
def _told(where: str) -> Iterator[None]:
    """Turn what the libraries say of broken files into one sentence; the system's own errors pass."""
    try:
        yield
    except _BROKEN as error:
        raise _broken(where, str(error)) from error
    except (NotImplementedError, RuntimeError) as error:
        raise PlainError(
            f"the archive is packed in a way that is not known ({error})",
            where=where,
            remedy="Pack it again as an ordinary .zip, or unpack it.",
        ) from error
    except OSError as error:
        # pyarrow's complaints are OSErrors too, but without a number of the system; a broken .zip may
        # point to a place before its own beginning.
        if error.errno and error.errno != errno.EINVAL:
            raise
        raise _broken(where, str(error)) from error


def _broken(where: str, reason: str) -> PlainError:
    return PlainError(
        f"the compressed file is broken or was cut off ({reason.splitlines()[0].rstrip('.')})",
        where=where,
        remedy="Export or download it again.",
    )
