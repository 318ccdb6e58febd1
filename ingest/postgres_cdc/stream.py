"""The changes of all tables of a source, read once per run, and the slot moved behind what is in the lake.

The slot is only looked at (peek) until the rows are committed in the manifest. It is moved to a place before
which nothing is missing in any table: after the last table of a run was committed, or at the next run, if this
one dies. It never is ahead of the lake; and since it moves too when nothing changed, the server need not keep
its log.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from configuration.errors import PlainError
from ingest.lake.manifest import Manifest
from ingest.lake.writer import spool_folder
from ingest.postgres_cdc import catalog
from ingest.postgres_cdc.changes import ChangeReader
from ingest.postgres_cdc.checked import read_checked, write_checked
from ingest.postgres_cdc.connection import Server, ServerError, connected
from ingest.postgres_cdc.declaration import PostgresCdcSource, PostgresCdcTable
from ingest.postgres_cdc.followed import Followed
from ingest.postgres_cdc.part import Part
from ingest.postgres_cdc.positions import Reached, lsn_text
from ingest.results import LoadContext, Meter
from ingest.rows.duckdb_sql import text_literal

_IN_USE = "55006"
_NO_LONGER_AVAILABLE = "55000"
_NOT_PERMITTED = "42501"


def reached(manifest: Manifest, source: str, table: PostgresCdcTable) -> Reached | None:
    """What of the table is in the lake; None when there is no copy of it to go on from."""
    records = manifest.of_table(source, table.name)
    read = [each for each in records if each.kind == "postgres_cdc" and each.cursor_after]
    if not read or not read[-1].inputs or read[-1].inputs[0].path != table.path:
        return None
    try:
        return Reached.parse(str(read[-1].cursor_after))
    except ValueError:
        return None


@dataclass
class Stream:
    """What came through the slot in this run, table by table; its methods may be called by several threads."""

    source: PostgresCdcSource
    until: int = 0
    _read: dict[str, Followed] | None = None
    _failed: PlainError | None = None
    _done: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def changes(self, context: LoadContext, table: PostgresCdcTable) -> Followed:
        """The table's new changes; raises PlainError when they cannot be had."""
        with self._lock:
            if self._failed is not None:
                raise self._failed
            if self._read is None:
                try:
                    self._read = self._all(context)
                except PlainError as error:
                    self._failed = error
                    raise
            followed = self._read[table.name]
        if followed.problem is not None:
            raise followed.problem
        return followed

    def done(self, context: LoadContext, table: PostgresCdcTable) -> None:
        """The table's changes of this run are in the lake; after the last of them the slot may move."""
        with self._lock:
            self._done.add(table.name)
            read = self._read or {}
            if any(
                each.first is not None and name not in self._done for name, each in read.items()
            ):
                return
            try:
                with connected(self.source, self.source.name) as server:
                    slot = catalog.find_slot(server, self.source)
                    if slot is not None:
                        self._move(context.lake, server, slot, self.until)
            except PlainError:
                return  # All is loaded; the next run moves the slot first.

    def _all(self, context: LoadContext) -> dict[str, Followed]:
        folder = spool_folder(context.lake) / f"{self.source.name}.stream"
        shutil.rmtree(folder, ignore_errors=True)
        with connected(self.source, self.source.name) as server:
            catalog.check_wal_level(server, self.source.name)
            slot = _usable_slot(server, self.source, self.source.name)
            self.until = catalog.flushed(server)
            checked = read_checked(context.lake, self.source.name)
            found = {}
            for table in self.source.tables:
                last = reached(context.manifest, self.source.name, table)
                if last is not None:
                    named = context.manifest.added_names(self.source.name, table.name)
                    followed = self._follow(server, table, last, named, folder)
                    noted = checked.get(table.name, 0)
                    # A note from beyond the end of the log is of a server that was put back since.
                    known = max(last.lsn, noted if noted <= self.until else 0)
                    gap = _gap(self.source, slot, followed, known, self.until)
                    followed.problem = followed.problem or gap
                    followed.has_gap = followed.problem is not None
                    followed.problem = followed.problem or followed.refusal
                    found[table.name] = followed
            # A table with a gap waits for a new copy, which needs nothing of what is before it.
            whole = [each for each in found.values() if not each.has_gap]
            self._peek(server, {each.table.path: each for each in whole}, context.meter)
            firsts = [each.first for each in whole if each.first is not None]
            self._read = found
            self._move(context.lake, server, slot, min([self.until, *firsts]))
        return found

    def _move(self, lake: Path, server: Server, slot: catalog.Slot, to: int) -> None:
        """Let the server forget what was committed before `to`: in no table is anything of it missing."""
        if slot.confirmed is None or to <= slot.confirmed:
            return
        whole = [name for name, each in (self._read or {}).items() if not each.has_gap]
        write_checked(lake, self.source.name, whole, to)
        with _translated(self.source):
            server.rows(
                f"select (pg_replication_slot_advance({text_literal(self.source.slot_name)}, "
                f"{text_literal(lsn_text(to))})).end_lsn::text"
            )

    def _follow(
        self,
        server: Server,
        table: PostgresCdcTable,
        last: Reached,
        named: Mapping[str, str],
        folder: Path,
    ) -> Followed:
        where = f"{self.source.name}.{table.name}"
        there = catalog.find_table(server, table)
        columns = frozenset(there.columns) if there else frozenset()
        sent = catalog.published_columns(server, self.source, table) if there else None
        declared, refusal = table, None
        if there is not None:
            try:
                table, _ = catalog.as_it_is(there, sent, declared, named, where)
            except PlainError as error:
                refusal = error
        part = Part(folder / f"{table.name}.parquet", table.columns)
        followed = Followed(table, last, columns, part, where, refusal=refusal)
        if there is not None:
            names = {each.source_name for each in declared.columns} & columns
            if sent is None or (sent and not names <= sent):
                followed.problem = PlainError(
                    f"the publication {self.source.publication_name} does not send all of {table.path} any "
                    "more, so changes may be missing",
                    where=where,
                    remedy=f"Run till ingest --reload {where}: it takes a new copy.",
                )
        return followed

    def _peek(self, server: Server, followed: dict[str, Followed], meter: Meter) -> None:
        reader = ChangeReader(followed, self.until)
        counted = 0, 0
        try:
            with (
                _translated(self.source),
                server.batches(
                    "select data from pg_logical_slot_peek_binary_changes("
                    f"{text_literal(self.source.slot_name)}, {text_literal(lsn_text(self.until))}, null, "
                    "'proto_version', '1', 'publication_names', "
                    # The option is a list of identifiers; a checked name needs no more than quotes.
                    f"{text_literal(chr(34) + self.source.publication_name + chr(34))})"
                ) as batches,
            ):
                for batch in batches:
                    reader.read(batch.column(0).to_pylist())
                    rows = sum(each.part.rows for each in followed.values())
                    size = sum(each.part.bytes_read for each in followed.values())
                    meter.add(rows=rows - counted[0], size=size - counted[1])
                    counted = rows, size
        finally:
            # Each table counts its own when it is loaded.
            meter.add(rows=-counted[0], size=-counted[1])
            for each in followed.values():
                each.part.close()


def _usable_slot(server: Server, source: PostgresCdcSource, where: str) -> catalog.Slot:
    slot = catalog.find_slot(server, source)
    if slot is None:
        raise _missing(source, f"the replication slot {source.slot_name} is gone")
    catalog.check_slot(server, source, slot, where)
    if slot.is_lost or slot.confirmed is None:
        raise _missing(source, f"the server has given up the replication slot {source.slot_name}")
    return slot


def _missing(source: PostgresCdcSource, what: str) -> PlainError:
    return PlainError(
        f"{what}, so changes may be missing",
        where=source.name,
        remedy=f"Run till ingest --reload {source.name}: it takes a new copy of each table.",
    )


def _gap(
    source: PostgresCdcSource, slot: catalog.Slot, followed: Followed, whole: int, until: int
) -> PlainError | None:
    """Why changes of a table, of which nothing is missing before `whole`, may be missing after that."""
    what = ""
    if followed.reached.lsn > until:
        what = "the server's log ends before what was loaded from it (was a backup restored?)"
    elif slot.confirmed is not None and slot.confirmed > whole:
        what = f"the slot {source.slot_name} was made anew or read by somebody else since the last load"
    if not what:
        return None
    return PlainError(
        f"{what}, so changes may be missing",
        where=followed.where,
        remedy=f"Run till ingest --reload {followed.where}: it takes a new copy. Each lake needs a "
        "slot of its own.",
    )


@contextmanager
def _translated(source: PostgresCdcSource) -> Iterator[None]:
    """What the server refuses about a slot, with what to do."""
    try:
        yield
    except ServerError as error:
        if error.sqlstate == _IN_USE:
            raise PlainError(
                f"another program reads the slot {source.slot_name}",
                where=source.name,
                remedy="End that program, or name another slot in the sources file for this lake.",
            ) from error
        if error.sqlstate == _NO_LONGER_AVAILABLE:
            raise _missing(
                source, f"the server has given up the replication slot {source.slot_name}"
            ) from error
        if error.sqlstate == _NOT_PERMITTED:
            raise not_permitted(source, error) from error
        raise


def not_permitted(source: PostgresCdcSource, error: ServerError) -> PlainError:
    """The role may not use slots."""
    return PlainError(
        f"the role may not use replication slots ({error.what})",
        where=source.name,
        remedy="Let an administrator run: alter role ... replication (hosted databases have a role to grant "
        "for it, such as rds_replication).",
    )
