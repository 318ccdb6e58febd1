"""A table's files, wherever they lie: each as a plain local file to be read, named as the lake names it.

What lies elsewhere is fetched into the spool, what is compressed is unpacked there; but what has the
version that was loaded is left where it is. Files are still known by their content, which is that of the
plain file: a version only spares the reading, and a file that was compressed since is still known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath

from configuration.errors import PlainError
from ingest.declaration.tables import FileSourceBlock
from ingest.files.addresses import (
    check_scheme,
    ending_of,
    is_store,
    is_visible,
    is_web,
    web_name,
)
from ingest.files.file_table import FileOutcome, FileTask
from ingest.files.input_files import digest_of, local_files, unreadable
from ingest.files.object_store import ObjectStore, StoredObject
from ingest.files.unpacking import PACKINGS, STREAMS, unpack, unzip
from ingest.files.versions import LoadedVersions, member_version
from ingest.files.window import in_window
from ingest.plans import PlannedFile
from ingest.results import Counted, Meter

_COPIES = "copies"
_FETCHERS = 8


@dataclass(frozen=True)
class FoundFile:
    """One file: `path` as the lake names it, `location` a plain file to be read."""

    path: str
    location: Path
    version: str | None = None
    # Who counts its bytes when it is read; of a copy they were counted when it came.
    meter: Meter | None = None

    @property
    def count(self) -> Counted:
        """Counts the bytes of a reading."""
        return Counted(self.meter)


@dataclass
class FoundFiles:
    """The files to be looked at; those of which all is `told` already; and those that could not be had."""

    files: list[FoundFile] = field(default_factory=list)
    told: list[PlannedFile] = field(default_factory=list)
    refused: dict[str, PlainError] = field(default_factory=dict)

    @property
    def known(self) -> int:
        """How many files have the version that was loaded."""
        return sum(each.what == "known" for each in self.told)

    def completed(self, outcome: FileOutcome) -> FileOutcome:
        """`outcome` of these files with their versions, so that they are known by them next time."""
        versions = {each.path: each.version for each in self.files}
        tables = (
            replace(
                table,
                inputs=tuple(
                    replace(each, version=versions.get(each.path)) for each in table.inputs
                ),
            )
            for table in outcome.tables
        )
        return replace(outcome, tables=tuple(tables), skipped=outcome.skipped + self.known)


def find_files(
    task: FileTask, path: str, endings: Sequence[str], kind: str, *, may_be_packed: bool = False
) -> FoundFiles:
    """The files of the table whose declared path is `path`; raises PlainError when there are none.

    `endings` are those of the kind, the most usual first. With `may_be_packed`, .gz, .zst and .zip are
    read too.
    """
    check_scheme(path)
    search = _Search(task, tuple(endings), kind, may_be_packed)
    if is_web(path):
        search.look_on_the_web(path)
    elif is_store(path):
        search.look_in_store(path)
    else:
        search.look_in_folders(path)
    return search.found


@dataclass(frozen=True)
class _Original:
    """A file as it came, perhaps compressed; `name` says by its ending what it is."""

    path: str
    location: Path
    name: str
    version: str | None
    packing: str | None = None  # of the way here, besides what the name says


class _Search:
    """The files found so far, and how each is brought into reach."""

    def __init__(
        self, task: FileTask, endings: tuple[str, ...], kind: str, may_be_packed: bool
    ) -> None:
        self.task = task
        self.endings = endings
        self.kind = kind
        self.packings = PACKINGS if may_be_packed else ()
        self.found = FoundFiles()
        self.versions = LoadedVersions(task.complete, reload=task.reload)
        self.copies = 0

    # -- where files lie

    def look_in_folders(self, path: str) -> None:
        """Local files: plain ones are read where they are."""
        names = local_files(path, self.task.root, self.endings, self.kind, self._packed_endings())
        for each in in_window(names, self.task):
            location = self.task.root / each
            if not ending_of(each, self.packings):
                self.found.files.append(FoundFile(each, location, meter=self.task.meter))
                continue
            try:
                before = location.stat()
                self.task.meter.expect(before.st_size)
                version = f"sha256 {digest_of(location, Counted(self.task.meter))}"
                if self._tell_known(each, version):
                    continue
                files = self._plain(_Original(each, location, each, version))
                after = location.stat()
                if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
                    raise _changed(each)
                self.found.files += files
            except PlainError as error:
                self.found.refused[each] = error
            except OSError as error:
                # One without a name is of the spool: a full disk is no fault of this file.
                if error.filename != str(location):
                    raise
                self.found.refused[each] = unreadable(each, error)

    def look_on_the_web(self, address: str) -> None:
        """One address is one file."""
        from ingest.files.downloads import Request, fetch  # noqa: PLC0415 - requests takes a while

        sources = self.task.sources
        name = web_name(
            address, lambda part: sources.hide_within(address, part) if sources else part
        )
        if not in_window([name], self.task):
            return
        known = self.versions.to_ask(name)
        token, variables = self._token()
        request = Request(
            address, name, known, self.task.patience, token, variables, self.task.meter
        )
        target = None if self.task.is_dry else self._next_copy(".part")
        answer = fetch(request, target)
        if answer.is_known and answer.version and self._tell_known(name, answer.version):
            return
        if target is None:
            has_version = answer.version is not None
            told = self.versions.unfetched(name, answer.bytes, has_version=has_version)
            self.found.told.append(told)
            return
        called = self._called(answer.names)
        # Servers say of a .gz file that it is packed with gzip: that is the file itself.
        packing = None if answer.packing == ending_of(called, PACKINGS) else answer.packing
        original = _Original(name, target, called, answer.version, packing)
        self._add(name, partial(self._plain, original))

    def look_in_store(self, address: str) -> None:
        """Objects of a prefix or a pattern."""
        store = ObjectStore(self.task.patience)
        listing = store.listed(address)
        objects = [each for each in listing.objects if is_visible(each.key)]
        if listing.is_folder:
            objects = [
                each
                for each in objects
                if ending_of(each.key, (*self.endings, *self._packed_endings()))
            ]
        if not objects:
            raise PlainError(
                f"no {self.kind} file is there",
                where=address,
                remedy="Correct the path in the sources file; in a prefix, names must end in "
                f"{' or '.join(self.endings)}.",
            )
        chosen = in_window([each.address for each in objects], self.task)
        objects = [each for each in objects if each.address in set(chosen)]
        new = [each for each in objects if not self._tell_known(each.address, each.version)]
        if self.task.is_dry:
            self.found.told += [
                self.versions.unfetched(each.address, each.bytes, has_version=True) for each in new
            ]
            return
        fetchers = ThreadPoolExecutor(_FETCHERS)
        try:
            targets = [(each, self._next_copy(".part")) for each in new]
            self.task.meter.expect(sum(each.bytes for each in new))
            fetched = [
                (*pair, fetchers.submit(store.fetch, *pair, Counted(self.task.meter)))
                for pair in targets
            ]
            for each, target, future in fetched:
                self._add(each.address, partial(self._fetched, each, target, future))
        finally:
            # After a full disk nothing more is fetched.
            fetchers.shutdown(cancel_futures=True)

    def _fetched(
        self, found: StoredObject, target: Path, future: Future[str | None]
    ) -> list[FoundFile]:
        """The plain files of an object, when it is there; `future` gives its content encoding."""
        name = PurePosixPath(found.key).name
        packing = {"gzip": ".gz", "zstd": ".zst"}.get((future.result() or "").lower())
        if packing == ending_of(name, PACKINGS):
            packing = None
        return self._plain(_Original(found.address, target, name, found.version, packing))

    def _token(self) -> tuple[str | None, tuple[str, ...]]:
        """The token of the source, where it has one, and the variables that it came from."""
        sources = self.task.sources
        for source in sources.sources if sources else ():
            if source.name == self.task.source and isinstance(source, FileSourceBlock):
                variables = tuple(sources.auth_variables(source.name)) if sources else ()
                return source.auth.token.get_secret_value() if source.auth else None, variables
        return None, ()

    def _tell_known(self, path: str, version: str) -> bool:
        """Whether the file, or each file of the archive, has been loaded in this version."""
        known = self.versions.known(path, version)
        self.found.told += known
        return bool(known)

    # -- plain files

    def _add(self, path: str, files: Callable[[], Iterable[FoundFile]]) -> None:
        try:
            self.found.files += files()
        except PlainError as error:
            self.found.refused[path] = error

    def _plain(self, original: _Original) -> list[FoundFile]:
        """The plain files of an original, unpacked where needed."""
        if original.packing:
            target = self._next_copy(".part")
            unpack(original.location, original.packing, target, original.path)
            original.location.unlink()
            original = replace(original, location=target, packing=None)
        packing = ending_of(original.name, self.packings)
        if packing == ".zip":
            return self._members(original)
        name = original.name[: -len(packing)] if packing else original.name
        target = self._copy_called(name)
        if packing:
            unpack(original.location, packing, target, original.path)
            self._forget(original.location)
        else:
            original.location.rename(target)
        return [FoundFile(original.path, target, original.version)]

    def _members(self, original: _Original) -> list[FoundFile]:
        members = unzip(
            original.location, self.endings, self.kind, original.path, self._copy_called
        )
        self._forget(original.location)
        version = member_version(len(members), original.version) if original.version else None
        files = []
        for each in members:
            path = f"{original.path}/{each.name}"
            if isinstance(each.location, PlainError):
                self.found.refused[path] = each.location
            else:
                files.append(FoundFile(path, each.location, version))
        return files

    def _forget(self, location: Path) -> None:
        """Make room: what was fetched is not needed any more; what is not ours stays."""
        if location.parent == self.task.spool / _COPIES:
            location.unlink()

    def _copy_called(self, name: str) -> Path:
        """A place for a plain file; its ending says to some kinds how to read it."""
        return self._next_copy(ending_of(name, self.endings) or self.endings[0])

    def _next_copy(self, ending: str) -> Path:
        folder = self.task.spool / _COPIES
        folder.mkdir(parents=True, exist_ok=True)
        self.copies += 1
        return folder / f"{self.copies:08d}{ending}"

    def _packed_endings(self) -> tuple[str, ...]:
        """The endings of compressed files in a folder that are meant."""
        if not self.packings:
            return ()
        return (*(f"{each}{packing}" for packing in STREAMS for each in self.endings), ".zip")

    def _called(self, names: Sequence[str]) -> str:
        """The first name that says what the file is."""
        endings = (*self.endings, *self.packings)
        return next((name for name in names if ending_of(name, endings)), "")


def _changed(where: str) -> PlainError:
    return PlainError(
        "the file changed while it was read",
        where=where,
        remedy="Run it again when the export is complete.",
    )
