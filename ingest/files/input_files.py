"""Which files a table has, and which of them are to be loaded: values first, nothing is written here.

The same for every kind of file: files are known by their content, never by name or date alone.
"""

from __future__ import annotations

import glob
import hashlib
import os
import posixpath
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, Protocol, TypeVar

from configuration.errors import PlainError
from ingest.files.addresses import ending_of, is_visible
from ingest.files.allowed_paths import check_allowed, spelled_out
from ingest.lake.manifest import LiveInput, LoadedInput, Superseded
from ingest.results import Counted
from ingest.rows.duckdb_sql import text_literal

# The column of each row in the lake that says which input it came from.
FILE_COLUMN = "_file"
UNCOUNTED = Counted(None)
_CHUNK_BYTES = 1 << 20


class InputFile(Protocol):
    """What is known of a file of any kind."""

    @property
    def path(self) -> str:
        """From the root, as given."""

    @property
    def location(self) -> Path:
        """Where it is."""

    @property
    def bytes(self) -> int:
        """Its length."""

    @property
    def modified(self) -> int:
        """When it was last written, in nanoseconds."""


File = TypeVar("File", bound=InputFile)


@dataclass(frozen=True)
class Decided(Generic[File]):
    """One file and what becomes of it.

    `new`, `changed` and `again` (a reload of what did not change) are loaded, `known` is not. `loads` are
    those whose version of it no longer counts, or, for `known`, the one that has its content; `twin` is
    the other file of this load with the same content, where there is one.
    """

    input: File
    what: Literal["new", "changed", "again", "known"]
    loads: tuple[str, ...] = ()
    twin: str | None = None


@dataclass(frozen=True)
class Choice(Generic[File]):
    """What a load does with each file that can be loaded, and what it replaces."""

    files: tuple[Decided[File], ...]
    supersedes: tuple[Superseded, ...]

    @property
    def load(self) -> tuple[File, ...]:
        """The files to load."""
        return tuple(each.input for each in self.files if each.what != "known")

    @property
    def skipped(self) -> int:
        """How many files are there already."""
        return sum(each.what == "known" for each in self.files)


def local_files(
    path: str, root: Path, endings: Sequence[str], kind: str, packed: Sequence[str] = ()
) -> list[str]:
    """The paths of a table's local files, from the root, sorted; raises PlainError when there are none.

    `path` is a file, a folder or a glob; in a folder, only files with one of `endings` are meant,
    or of `packed`, which are those of compressed files.
    """
    pattern = spelled_out(path).replace(os.sep, "/")
    where = root / pattern
    if where.is_dir():
        names = sorted(
            each.name for each in where.iterdir() if ending_of(each.name, (*endings, *packed))
        )
        found = [f"{pattern}/{name}" for name in names]
        remedy = f"Put the export there; its name must end in {' or '.join(endings)}."
    elif where.exists() or not glob.has_magic(pattern):
        found = [pattern] if where.exists() else []
        remedy = "Put the export there, or correct the path in the sources file."
    else:
        # The path may be absolute, which Path.glob refuses.
        found = sorted(glob.glob(pattern, root_dir=root, recursive=True))  # noqa: PTH207 - see above
        found = [each.replace(os.sep, "/") for each in found if (root / each).is_file()]
        remedy = "Put the exports there, or correct the pattern in the sources file."
    # What other programs leave while a file is open.
    visible = [each for each in found if is_visible(each)]
    check_allowed(pattern, visible if where.is_dir() else found, root)
    if not visible:
        what = f"no {kind} file is there" if where.is_dir() else "the file does not exist"
        raise PlainError(what, where=path, remedy=remedy)
    return [posixpath.normpath(each) for each in visible]


def unreadable(where: str, error: OSError) -> PlainError:
    """The sentence for a file that the system does not let us read."""
    return PlainError(
        f"the file cannot be read ({error.strerror or error})",
        where=where,
        remedy="Check that it is there, that you may read it, and that no other program holds it.",
    )


def check_unchanged(each: InputFile) -> None:
    """A file that somebody writes to while it is read has rows that its checksum does not cover."""
    try:
        status = each.location.stat()
    except OSError as error:
        raise unreadable(each.path, error) from error
    if (status.st_size, status.st_mtime_ns) != (each.bytes, each.modified):
        raise PlainError(
            "the file changed while it was read",
            where=each.path,
            remedy="Run it again when the export is complete.",
        )


def lake_name(inputs: Sequence[InputFile], column: str) -> str:
    """SQL from a reader's file name in `column` to ours.

    Files that are read where they lie all stand under the same root; copies in the spool are numbered.
    """
    copies = [each for each in inputs if not each.location.as_posix().endswith(each.path)]
    plain = [each for each in inputs if each.location.as_posix().endswith(each.path)]
    prefix = len(plain[0].location.as_posix()) - len(plain[0].path) if plain else 0
    name = f"substr({column}, {prefix + 1})" if prefix else column
    if not copies:
        return name
    numbered = {int(each.location.stem): each.path for each in copies}
    # A list, because its items are found at once, however many they are.
    names = ", ".join(
        text_literal(numbered[number]) if number in numbered else "null"
        for number in range(1, max(numbered) + 1)
    )
    folder = f"{copies[0].location.parent.as_posix()}/"
    number = f"substr({column}, {len(folder) + 1}, {len(copies[0].location.stem)})"
    copy = f"[{names}][try_cast({number} as integer)]"
    if not plain:
        return copy
    return f"case when starts_with({column}, {text_literal(folder)}) then {copy} else {name} end"


def is_loaded(location: Path, live: Sequence[LiveInput]) -> bool:
    """Whether the file's content counts already, under whatever name."""
    length = location.stat().st_size
    of_length = {each.input.sha256 for each in live if each.input.bytes == length}
    if not of_length:
        return False
    return digest_of(location) in of_length


def sha256_of(location: Path, where: str) -> str:
    """Of the whole file; raises PlainError when it cannot be read."""
    try:
        return digest_of(location)
    except OSError as error:
        raise unreadable(where, error) from error


def digest_of(location: Path, count: Counted = UNCOUNTED) -> str:
    """The sha256 of the whole file, whose bytes are counted as they are read."""
    digest = hashlib.sha256()
    with location.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            count(len(chunk))
    return digest.hexdigest()


def to_hash_first(inputs: Sequence[File], live: Sequence[LiveInput]) -> list[File]:
    """The files that may be known already: as long as one that was loaded, or as another of this load.

    A file of a length that nothing else has is surely new, so it need not be read before it is loaded.
    """
    lengths = [each.input.bytes for each in live] + [each.bytes for each in inputs]
    return [each for each in inputs if lengths.count(each.bytes) > 1]


def choose(
    inputs: Iterable[File],
    live: Sequence[LiveInput],
    sha256: Mapping[str, str],
    *,
    reload: bool = False,
) -> Choice[File]:
    """Decide by content: `sha256` knows every file (by path) that is not surely new.

    A file whose content is there already, under whatever name, is not loaded again. A changed file
    replaces its former version; content that would vanish with it but stands in another file is loaded.
    A reload loads every file, and replaces what was loaded from it or has its content: a file that was
    renamed would else count twice.
    """
    given = list(inputs)
    now = {each.path: sha256.get(each.path) for each in given}
    contents = set(now.values())
    replaced = [each for each in live if _is_replaced(each.input, now, contents, reload=reload)]
    gone = {(each.load_id, each.input.path) for each in replaced}
    known = {
        each.input.sha256: each for each in live if (each.load_id, each.input.path) not in gone
    }
    decided: list[Decided[File]] = []
    first: dict[str, str] = {}  # which file of this load brings a content
    for each in given:
        content = now[each.path]
        if content is not None and content in known:
            decided.append(Decided(each, "known", (known[content].load_id,)))
        elif content is not None and content in first:
            decided.append(Decided(each, "known", twin=first[content]))
        else:
            decided.append(_to_load(each, content, replaced))
            if content is not None:
                first[content] = each.path
    supersedes = tuple(Superseded(each.load_id, each.input.path) for each in replaced)
    return Choice(tuple(decided), supersedes)


def _is_replaced(
    former: LoadedInput,
    now: Mapping[str, str | None],
    contents: Container[str | None],
    *,
    reload: bool,
) -> bool:
    if reload:
        return former.path in now or former.sha256 in contents
    return former.path in now and now[former.path] != former.sha256


def _to_load(each: File, content: str | None, replaced: Sequence[LiveInput]) -> Decided[File]:
    """Why a file is loaded: what it replaces has its content, or its name, or is not there."""
    same = tuple(one.load_id for one in replaced if one.input.sha256 == content)
    former = tuple(one.load_id for one in replaced if one.input.path == each.path)
    loads = tuple(sorted({*same, *former}))
    return Decided(each, "again" if same else "changed" if former else "new", loads)
