"""A relation's rows to finished files in the spool: streamed, cast, counted; memory does not grow with them.

The stream is written in one go as long as every row fits. If the database has more rows than were
written, it is asked again in the same transaction, which sees the same rows: now they are kept as they came,
and what fits and what does not is both read from there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow

from configuration.errors import PlainError
from ingest.files.input_files import FILE_COLUMN
from ingest.incremental.read_rows import parquet_relation
from ingest.postgres.database import Snapshot
from ingest.postgres.declaration import PostgresTable
from ingest.postgres.request import Span
from ingest.postgres.selection import (
    Selected,
    as_lake_column,
    condition_of,
    count_sql,
    declared_columns,
    relation_of,
    select,
    select_sql,
)
from ingest.results import LoadContext
from ingest.rows.casting import TypedColumn, fitting_rows, unfitting_rows
from ingest.rows.duckdb_sql import identifier, number, one, text_literal, write_parquet
from ingest.rows.read_table import ReadTable

_TOLD_EVERY = 1_000_000
_ORIGINAL = ":original"


@dataclass
class Arrived:
    """What has come so far, told once in a while."""

    context: LoadContext
    where: str
    rows: int = 0
    bytes: int = 0

    def again(self) -> None:
        """All of it will come once more."""
        self.context.meter.add(rows=-self.rows, size=-self.bytes)
        self.rows = self.bytes = 0

    def add(self, batch: pyarrow.RecordBatch) -> None:
        """One more batch."""
        before, self.rows = self.rows, self.rows + batch.num_rows
        self.bytes += batch.nbytes
        self.context.meter.add(rows=batch.num_rows, size=batch.nbytes)
        if before // _TOLD_EVERY != self.rows // _TOLD_EVERY:
            self.context.progress(f"{self.where}: {self.rows:,} rows so far")


@dataclass(frozen=True)
class Wanted:
    """Which rows of which table; `named` are the names that former loads gave to columns not declared."""

    table: PostgresTable
    span: Span
    named: Mapping[str, str]


@dataclass(frozen=True)
class PostgresRead:
    """The files in the spool; `fingerprint` is the same for the same rows in any order."""

    table: ReadTable
    bytes: int
    fingerprint: str


def read_relation(
    connection: duckdb.DuckDBPyConnection,
    database: Snapshot,
    wanted: Wanted,
    spool: Path,
    context: LoadContext,
) -> PostgresRead:
    """Read it; raises PlainError when the database refuses, breaks off, or has other columns."""
    where, relation = database.place.where, relation_of(wanted.table)
    there = database.columns(relation)
    table, types, undeclared = declared_columns(wanted.table, there, wanted.named, where)
    condition = condition_of(table, types, wanted.span, where)
    counting, times = count_sql(table, types, relation, condition)
    expected, *are_plain = database.row(counting)
    odd = [name for name, is_plain in zip(times, are_plain, strict=True) if not is_plain]
    chosen = select(table, types, odd, where)
    reading = _Reading(
        connection, database, table, chosen, select_sql(chosen, relation, condition), spool
    )
    arrived = Arrived(context, where)
    loaded = rejected = 0
    if not odd:
        loaded = reading.write_fitting(arrived)
    if odd or loaded != expected:
        arrived.again()
        loaded, rejected = reading.write_both(arrived)
    else:
        reading.write_none_rejected()
    if arrived.rows != expected:
        raise PlainError(
            f"{arrived.rows} rows came where the database counts {expected}",
            where=where,
            remedy="A query must give the same rows each time: give a limit an order. Nothing was loaded.",
        )
    read = ReadTable(
        table.name,
        reading.typed,
        reading.rows_file,
        reading.rejected_file,
        arrived.rows,
        loaded,
        rejected,
        undeclared,
    )
    return PostgresRead(read, arrived.bytes, _fingerprint(connection, read))


@dataclass(frozen=True)
class _Reading:
    """One relation on its way into the spool."""

    connection: duckdb.DuckDBPyConnection
    database: Snapshot
    table: PostgresTable
    chosen: Sequence[Selected]
    sql: str
    spool: Path

    @property
    def rows_file(self) -> Path:
        return self.spool / "rows.parquet"

    @property
    def rejected_file(self) -> Path:
        return self.spool / "rejected.parquet"

    @property
    def typed(self) -> tuple[TypedColumn, ...]:
        """The declared columns as they arrive."""
        needed = self.table.needed
        return tuple(
            replace(
                each.column.typed,
                stored=each.stored,
                nullable=each.column.nullable and each.column.name not in needed,
            )
            for each in self.chosen
        )

    def write_fitting(self, arrived: Arrived) -> int:
        """Write what fits straight from the stream; returns how many rows do."""
        return self._streamed(
            arrived,
            lambda stream: fitting_rows(self._relation(stream), self.typed, [FILE_COLUMN]),
            self.rows_file,
        )

    def write_both(self, arrived: Arrived) -> tuple[int, int]:
        """Keep the rows as they come, then write what fits and what does not; returns both counts."""
        raw = self.spool / "raw.parquet"
        self._streamed(arrived, lambda stream: f"select * from {stream}", raw)
        relation = self._relation(parquet_relation([raw]))
        fits = fitting_rows(relation, self.typed, [FILE_COLUMN])
        loaded = write_parquet(self.connection, fits, self.rows_file)
        values = ", ".join(
            f"{text_literal(each.column.source_name)}, {identifier(each.column.name)}::varchar"
            for each in self.chosen
        )
        kept = (
            f"select *, json_object({values})::varchar as {identifier(_ORIGINAL)} from ({relation})"
        )
        unfit = (
            f"select {FILE_COLUMN} as file, null::bigint as line, column_name, reason, "
            f"{identifier(_ORIGINAL)} as original_text from ({unfitting_rows(kept, self.typed)})"
        )
        rejected = write_parquet(self.connection, unfit, self.rejected_file)
        raw.unlink()
        return loaded, rejected

    def write_none_rejected(self) -> None:
        """Write the file of rejected rows without any."""
        texts = ("column_name", "reason", "original_text")
        nothing = ", ".join(f"null::varchar as {name}" for name in texts)
        query = f"select null::varchar as file, null::bigint as line, {nothing} limit 0"
        write_parquet(self.connection, query, self.rejected_file)

    def _relation(self, rows: str) -> str:
        needed = {column.name for column in self.typed if not column.nullable}
        columns = ", ".join(
            f"{as_lake_column(each, is_needed=each.column.name in needed)} "
            f"as {identifier(each.column.name)}"
            for each in self.chosen
        )
        return f"select {columns}, {text_literal(self.table.reads)} as {FILE_COLUMN} from {rows}"

    def _streamed(self, arrived: Arrived, query: Callable[[str], str], target: Path) -> int:
        stream = self.database.stream(self.sql, arrived.add)
        self.connection.register("arriving", stream.reader())
        try:
            return write_parquet(self.connection, query("arriving"), target)
        except duckdb.Error as error:
            if stream.broken is not None:
                raise self.database.broke_off(stream.broken) from None
            raise error
        finally:
            self.connection.unregister("arriving")


def _fingerprint(connection: duckdb.DuckDBPyConnection, read: ReadTable) -> str:
    """As text; two different sets of rows share one with a chance of 1 in 2 to the 64th."""
    # Hashed twice: the hash of a row mixes those of its columns too simply to be added up.
    columns = ", ".join(identifier(column.name) for column in read.columns)
    rows, total = one(
        connection,
        f"select count(*), coalesce(sum(hash(hash({columns}))), 0) "
        f"from {parquet_relation([read.rows_file])}",
    )
    others = number(
        connection,
        f"select sum(hash(hash(original_text))) from {parquet_relation([read.rejected_file])}",
    )
    return f"{rows}-{total}-{others}"
