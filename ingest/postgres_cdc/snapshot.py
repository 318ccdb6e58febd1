"""A first copy of a table, taken so that no change is missed between it and the stream, nor applied twice.

In this order: the table is published; the slot exists; whoever was writing to the table then has ended;
then the copy begins, in one transaction that sees one moment. A transaction that writes later is delivered by
the slot. Whether the copy saw it already, its number tells: the copy notes which transactions it saw.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from configuration.errors import PlainError
from ingest.postgres_cdc import catalog
from ingest.postgres_cdc.connection import Server, ServerError, connected
from ingest.postgres_cdc.declaration import PostgresCdcSource, PostgresCdcTable
from ingest.postgres_cdc.part import Part, part_schema
from ingest.postgres_cdc.positions import Reached, Snapshot, lsn_number, lsn_text
from ingest.postgres_cdc.stream import not_permitted
from ingest.results import LoadContext, Meter
from ingest.rows.duckdb_sql import identifier, text_literal

_NOT_PERMITTED = "42501"
_LONGEST_WAIT_SECONDS = 60
_PAUSE_SECONDS = 0.05
_WRITING = "'RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'"


@dataclass(frozen=True)
class Copied:
    """A copy of a table: what is in the lake with it, the table as it was copied, and what was passed over."""

    reached: Reached
    table: PostgresCdcTable
    part: Part
    undeclared: tuple[str, ...]


def copy_table(
    context: LoadContext, source: PostgresCdcSource, table: PostgresCdcTable, path: Path
) -> Copied:
    """Copy the table into a part at `path`; makes the publication and the slot where they are missing."""
    where = f"{source.name}.{table.name}"
    named = context.manifest.added_names(source.name, table.name)
    with connected(source, where) as server:
        catalog.check_wal_level(server, where)
        found = catalog.check_table(catalog.find_table(server, table), table, where)
        # What cannot be copied as declared is told before anything is made.
        catalog.as_it_is(found, None, table, named, where)
        sent = _publish(server, source, table, found, where)
        table, passed_over = catalog.as_it_is(found, sent, table, named, where)
        slot = _slot(server, source, where)
        _wait_for_writers(server, found, table, where)
        part = Part(path, table.columns)
        reached = _copy(server, table, found, (part, context.meter), slot, where)
    return Copied(reached, table, part, passed_over)


def _publish(
    server: Server,
    source: PostgresCdcSource,
    table: PostgresCdcTable,
    found: catalog.DatabaseTable,
    where: str,
) -> frozenset[str] | None:
    """See to it that the table's changes are sent; returns the columns that are, if they were chosen."""
    publication, name = identifier(source.publication_name), catalog.qualified(table)
    if not catalog.check_publication(server, source, where):
        command = f"create publication {publication} for table {name}"
        if catalog.server_version(server) >= catalog.WITH_PARTITION_ROOT:
            command += " with (publish_via_partition_root = true)"
    else:
        sent = catalog.published_columns(server, source, table)
        wanted = {column.source_name for column in table.columns} & set(found.columns)
        if sent is not None and (not sent or wanted <= sent):
            return sent
        if sent is not None:
            raise PlainError(
                f"the publication {source.publication_name} leaves out {', '.join(sorted(wanted - sent))}",
                where=where,
                remedy="Publish the whole table, or declare only the columns that are published.",
            )
        command = f"alter publication {publication} add table {name}"
    try:
        server.rows(command)
    except ServerError as error:
        if error.sqlstate != _NOT_PERMITTED:
            raise
        raise PlainError(
            f"{table.path} is not in the publication {source.publication_name}, and the role may not put "
            f"it there ({error.what})",
            where=where,
            remedy=f"Let the owner of the table run: {command}.",
        ) from error
    return None


def _slot(server: Server, source: PostgresCdcSource, where: str) -> int:
    """From where on the slot delivers; made where there is none, and anew where the server gave it up."""
    name = text_literal(source.slot_name)
    slot = catalog.find_slot(server, source)
    if slot is not None:
        catalog.check_slot(server, source, slot, where)
        if not slot.is_lost and slot.confirmed is not None:
            return slot.confirmed
    try:
        if slot is not None:
            server.rows(f"select pg_drop_replication_slot({name})::text")
        made = server.value(
            f"select (pg_create_logical_replication_slot({name}, 'pgoutput')).lsn::text"
        )
    except ServerError as error:
        if error.sqlstate == _NOT_PERMITTED:
            raise not_permitted(source, error) from error
        if error.sqlstate == "53400":
            error.remedy = "Raise max_replication_slots, or drop slots that nobody reads."
        raise
    return lsn_number(str(made))


def _wait_for_writers(
    server: Server, found: catalog.DatabaseTable, table: PostgresCdcTable, where: str
) -> None:
    """Wait for those who wrote to the table before the slot could deliver it; later ones do not matter.

    They hold their lock until everybody sees what they committed: the copy sees it too.
    """
    tree = f"select {found.number}"
    if found.kind == "p":
        tree = f"select relid from pg_partition_tree({found.number}::regclass)"
    writing = (
        "select virtualtransaction::text from pg_locks where locktype = 'relation' and granted and database = "
        "(select oid from pg_database where datname = current_database()) "
        f"and relation in ({tree}) and mode in ({_WRITING}) and pid is distinct from pg_backend_pid()"
    )
    waited_for = {row[0] for row in server.rows(writing)}
    pauses = int(_LONGEST_WAIT_SECONDS / _PAUSE_SECONDS)
    while waited_for and pauses:
        server.rows(f"select pg_sleep({_PAUSE_SECONDS})::text")
        waited_for &= {row[0] for row in server.rows(writing)}
        pauses -= 1
    if waited_for:
        raise PlainError(
            f"somebody writes to {table.path} in a transaction that does not end",
            where=where,
            remedy="Run it again when that is over (select * from pg_stat_activity shows who it is).",
        )


@contextmanager
def _one_moment(server: Server) -> Iterator[None]:
    server.rows("begin isolation level repeatable read read only")
    yield
    server.rows("commit")


def _copy(
    server: Server,
    table: PostgresCdcTable,
    found: catalog.DatabaseTable,
    into: tuple[Part, Meter],
    confirmed: int,
    where: str,
) -> Reached:
    name = catalog.qualified(table)
    part, meter = into
    # As the type's output function writes it, which the stream uses too; a cast to text may differ.
    values = ", ".join(
        f"case when {column} is not null then concat({column}) end" if column else "null::text"
        for column in (
            identifier(each.source_name) if each.source_name in found.types else ""
            for each in table.columns
        )
    )
    try:
        with _one_moment(server):
            saw, until, taken_at = server.rows(
                "select txid_current_snapshot()::text, pg_current_wal_insert_lsn()::text, "
                "now() at time zone 'UTC'"
            )[0]
            carried = ("snapshot", lsn_text(confirmed), 0, taken_at, None)
            with server.batches(f"select {values} from {name}") as batches:
                for batch in batches:
                    before = part.bytes_read
                    for buffer in _buffers(batch):
                        part.read(buffer)
                    meter.add(rows=batch.num_rows, size=part.bytes_read - before)
                    part.add_batch(_columns(batch, table, carried), batch.num_rows)
            expected = int(server.value(f"select count(*) from {name}"))
    except ServerError as error:
        if error.sqlstate == _NOT_PERMITTED:
            error.remedy = (
                f"Let the owner run: grant select on {name} to the role (and usage on its schema)."
            )
        raise
    finally:
        part.close()
    if part.rows != expected:
        raise PlainError(
            f"{part.rows} rows were copied where {table.path} has {expected}",
            where=where,
            remedy="Run it again; nothing was loaded.",
        )
    return Reached(confirmed, Snapshot.parse(saw), lsn_number(until))


def _columns(
    batch: pa.RecordBatch, table: PostgresCdcTable, carried: Sequence[object]
) -> Iterator[pa.Array]:
    """The values of the batch, then what every row of the copy carries."""
    schema = part_schema(table.columns)
    width = len(table.columns)
    for column in batch.columns:
        yield column.cast(pa.large_string())
    for number, value in enumerate(carried):
        yield pa.repeat(pa.scalar(value, schema.field(width + number).type), batch.num_rows)


def _buffers(batch: pa.RecordBatch) -> Iterator[bytes]:
    for column in batch.columns:
        for buffer in column.buffers():
            if buffer is not None:
                yield buffer.to_pybytes()
