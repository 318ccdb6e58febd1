"""What the server says of a table, the publication and the slot: asked, never changed here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from configuration.errors import PlainError
from ingest.postgres.columns import check_types, with_new_columns
from ingest.postgres_cdc.connection import Server
from ingest.postgres_cdc.declaration import PostgresCdcSource, PostgresCdcTable
from ingest.postgres_cdc.positions import lsn_number
from ingest.rows.duckdb_sql import identifier, text_literal

_FULL, _NOTHING = "f", "n"
WITH_PARTITION_ROOT = 130_000
_WITH_COLUMN_LISTS = 150_000
_ORDINARY, _PARTITIONED = "r", "p"


@dataclass(frozen=True)
class DatabaseTable:
    """A table of the database; `identity` is what the changes of a row are sent with to tell it."""

    number: int
    kind: str
    types: Mapping[str, str]  # of its columns, in their order
    replica_identity: str
    identity: frozenset[str]

    @property
    def columns(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self.types)


@dataclass(frozen=True)
class Slot:
    """A replication slot; it still delivers what was committed from `confirmed` on."""

    plugin: str | None
    database: str | None
    confirmed: int | None
    is_lost: bool


def qualified(table: PostgresCdcTable) -> str:
    """The table's name in SQL."""
    return ".".join(identifier(part) for part in table.schema_and_name)


def server_version(server: Server) -> int:
    """Such as 160002."""
    return int(server.value("select current_setting('server_version_num')"))


def check_wal_level(server: Server, where: str) -> None:
    """Raise PlainError when the server does not note what logical replication needs."""
    level = server.value("select current_setting('wal_level')")
    if level != "logical":
        raise PlainError(
            f"the server's wal_level is {level}, so it cannot tell what changes",
            where=where,
            remedy="Set it (alter system set wal_level = 'logical'; a hosted database has a setting of that "
            "kind, such as rds.logical_replication), and restart the server.",
        )


def find_table(server: Server, table: PostgresCdcTable) -> DatabaseTable | None:
    """The table as it is today; None when there is none."""
    schema, name = (text_literal(part) for part in table.schema_and_name)
    found = server.row(
        "select c.oid::bigint, c.relkind::text, c.relreplident::text from pg_class c "
        f"join pg_namespace n on n.oid = c.relnamespace where n.nspname = {schema} and c.relname = {name}"
    )
    if found is None:
        return None
    number, kind, replica_identity = found
    columns = server.rows(
        "select a.attname::text, coalesce(base.typname, t.typname)::text from pg_attribute a "
        "join pg_type t on t.oid = a.atttypid "
        "left join pg_type base on t.typtype = 'd' and base.oid = t.typbasetype "
        f"where a.attrelid = {number} and a.attnum > 0 and not a.attisdropped order by a.attnum"
    )
    index = "i.indisprimary" if replica_identity == "d" else "i.indisreplident"
    identity = server.rows(
        "select a.attname::text from pg_index i join pg_attribute a "
        f"on a.attrelid = i.indrelid and a.attnum = any(i.indkey) where i.indrelid = {number} and {index}"
    )
    return DatabaseTable(
        number,
        kind,
        dict(columns),
        replica_identity,
        frozenset(row[0] for row in identity) if replica_identity in "di" else frozenset(),
    )


def check_table(found: DatabaseTable | None, table: PostgresCdcTable, where: str) -> DatabaseTable:
    """The table, if its changes can be followed as declared; else raises PlainError."""
    if found is None:
        raise PlainError(
            f"there is no table {table.path}, or the role may not see its schema",
            where=where,
            remedy="Write the table as schema.table, with capitals as they are.",
        )
    if found.kind not in (_ORDINARY, _PARTITIONED):
        raise PlainError(
            f"{table.path} is no table, and only tables can be followed",
            where=where,
            remedy="Follow the tables that it is made of.",
        )
    wanted = [each.source_name for each in table.columns]
    missing = [name for name in wanted if name not in found.types]
    if set(missing) != set(wanted):
        missing = [name for name in missing if name not in table.column_policy.optional]
    if missing:
        raise PlainError(
            f"{table.path} has no column {', '.join(missing)}; it has {', '.join(found.columns)}",
            where=where,
            remedy="Correct the columns in the sources file; header gives another name.",
        )
    keys = frozenset(each.source_name for each in table.columns if each.name in table.key)
    if found.replica_identity == _NOTHING or not (
        found.identity or found.replica_identity == _FULL
    ):
        raise PlainError(
            f"{table.path} has no primary key or other replica identity, so nobody could tell which of its "
            "rows were changed",
            where=where,
            remedy=f"Give it a primary key, or run: alter table {qualified(table)} replica identity full.",
        )
    if found.replica_identity != _FULL and keys != found.identity:
        raise PlainError(
            f"the key ({', '.join(sorted(keys))}) is not what tells the rows of {table.path} apart "
            f"in the database ({', '.join(sorted(found.identity))})",
            where=where,
            remedy="Declare these columns as its key.",
        )
    return found


def as_it_is(
    found: DatabaseTable,
    sent: frozenset[str] | None,
    table: PostgresCdcTable,
    named: Mapping[str, str],
    where: str,
) -> tuple[PostgresCdcTable, tuple[str, ...]]:
    """The table with the columns to add, and the names of those that are passed over; `sent` are published.

    Raises PlainError when it has a new column, or one of another type, and the declaration refuses that.
    """
    check_types(table, found.types, where)
    names = [name for name in found.columns if not sent or name in sent]
    return with_new_columns(table, names, named, where)


def published_columns(
    server: Server, source: PostgresCdcSource, table: PostgresCdcTable
) -> frozenset[str] | None:
    """The columns of the table that the publication sends; None when it does not have the table."""
    schema, name = (text_literal(part) for part in table.schema_and_name)
    lists = server_version(server) >= _WITH_COLUMN_LISTS
    wanted = "unnest(attnames)::text, coalesce(rowfilter, '')" if lists else "'', ''"
    found = server.rows(
        f"select {wanted} from pg_publication_tables where pubname = "
        f"{text_literal(source.publication_name)} and schemaname = {schema} and tablename = {name}"
    )
    if not found:
        return None
    if any(row[1] for row in found):
        raise PlainError(
            f"the publication {source.publication_name} sends only some rows of {table.path}",
            where=f"{source.name}.{table.name}",
            remedy="Publish the table without a condition.",
        )
    return frozenset(row[0] for row in found) if lists else frozenset()


def check_publication(server: Server, source: PostgresCdcSource, where: str) -> bool:
    """Whether the publication is there; raises PlainError when it leaves out some kind of change."""
    kinds = ("insert", "update", "delete", "truncate")
    found = server.row(
        f"select {', '.join(f'pub{kind}' for kind in kinds)} from pg_publication "
        f"where pubname = {text_literal(source.publication_name)}"
    )
    if found is None:
        return False
    left_out = [kind for kind, sent in zip(kinds, found, strict=True) if not sent]
    if left_out:
        raise PlainError(
            f"the publication {source.publication_name} does not send every {' and '.join(left_out)}",
            where=where,
            remedy=f"Run: alter publication {identifier(source.publication_name)} "
            f"set (publish = '{', '.join(kinds)}').",
        )
    return True


def find_slot(server: Server, source: PostgresCdcSource) -> Slot | None:
    """The source's slot; None when there is none."""
    status = "wal_status" if server_version(server) >= WITH_PARTITION_ROOT else "''"
    found = server.row(
        f"select plugin::text, database::text, confirmed_flush_lsn::text, coalesce({status}, '') "
        f"from pg_replication_slots where slot_name = {text_literal(source.slot_name)}"
    )
    if found is None:
        return None
    plugin, database, confirmed, wal_status = found
    return Slot(
        plugin, database, lsn_number(confirmed) if confirmed else None, wal_status == "lost"
    )


def check_slot(server: Server, source: PostgresCdcSource, slot: Slot, where: str) -> None:
    """Raise PlainError when the slot is not one of ours."""
    if slot.plugin != "pgoutput" or slot.database != server.value(
        "select current_database()::text"
    ):
        raise PlainError(
            f"the slot {source.slot_name} is of another kind or of another database",
            where=where,
            remedy="Name another one under slot in the sources file.",
        )


def flushed(server: Server) -> int:
    """How far the server's log is safely written."""
    return lsn_number(str(server.value("select pg_current_wal_flush_lsn()::text")))
