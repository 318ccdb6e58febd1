"""One read-only view of a PostgreSQL database through ADBC: what a relation has, counted and streamed.

Everything a table needs is asked in one repeatable-read transaction, so the count and the rows are of the
same moment, whatever others write meanwhile. Errors are told in our words: ingest.postgres.failures.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pyarrow

from configuration.errors import PlainError
from ingest.postgres.declaration import DatabaseBlock, PostgresSource
from ingest.postgres.failures import Place, no_connection, no_driver, refused
from ingest.results import LoadContext

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Connection, Cursor

_TYPE = b"POSTGRESQL:type"
# Whatever the server's settings: values as text must read the same everywhere.
_SETTINGS = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "standard_conforming_strings": "on",
}


@dataclass(frozen=True)
class SourceColumn:
    """A column as the database has it; `type` is its name there, such as int4."""

    name: str
    type: str


@dataclass
class Snapshot:
    """The database as it was at the first question."""

    connection: Connection
    place: Place
    _cursors: list[Cursor] = field(default_factory=list)

    def columns(self, relation: str) -> tuple[SourceColumn, ...]:
        """The columns of `relation`, which is SQL; raises PlainError when it cannot be read."""
        schema = self._ask(f"select * from {relation} limit 0").fetch_arrow_table().schema
        return tuple(
            SourceColumn(each.name, (each.metadata or {}).get(_TYPE, b"").decode())
            for each in schema
        )

    def row(self, sql: str) -> tuple[Any, ...]:
        """The only row of `sql`."""
        cursor = self._ask(sql)
        with self._told():
            found = cursor.fetchone()
        return tuple(found or ())

    def stream(self, sql: str, on_batch: Callable[[pyarrow.RecordBatch], None]) -> Stream:
        """The rows of `sql`, batch by batch, as they come."""
        return Stream(self._ask(sql).fetch_record_batch(), on_batch)

    def broke_off(self, error: BaseException) -> PlainError:
        """The sentence for a stream that ended early."""
        return refused(error, self.place)

    def close(self) -> None:
        """End the transaction, also in the middle of a stream."""
        import adbc_driver_manager  # noqa: PLC0415 - only who has a database has it

        for close in (*(cursor.close for cursor in self._cursors), self.connection.close):
            try:
                close()
            except (adbc_driver_manager.Error, OSError):
                continue  # it is gone already, which was told

    def _ask(self, sql: str) -> Cursor:
        cursor = self.connection.cursor()
        self._cursors.append(cursor)
        with self._told():
            cursor.execute(sql)
        return cursor

    @contextmanager
    def _told(self) -> Iterator[None]:
        import adbc_driver_manager  # noqa: PLC0415 - only who has a database has it

        try:
            yield
        except (adbc_driver_manager.Error, pyarrow.ArrowException, OSError) as error:
            raise refused(error, self.place) from None


class Stream:
    """Batches for DuckDB; what broke off their coming is kept, for DuckDB tells it in its own words."""

    def __init__(
        self, reader: pyarrow.RecordBatchReader, on_batch: Callable[[pyarrow.RecordBatch], None]
    ) -> None:
        self.broken: BaseException | None = None
        self._reader = reader
        self._on_batch = on_batch

    def reader(self) -> pyarrow.RecordBatchReader:
        """The batches, once."""
        return pyarrow.RecordBatchReader.from_batches(self._reader.schema, self._batches())

    def _batches(self) -> Iterator[pyarrow.RecordBatch]:
        try:
            for batch in self._reader:
                self._on_batch(batch)
                yield batch
        except (pyarrow.ArrowException, OSError) as error:
            self.broken = error
            raise


@contextmanager
def snapshot(context: LoadContext, source: PostgresSource, where: str) -> Iterator[Snapshot]:
    """Connect, read-only, for as long as the block runs; raises PlainError when that cannot be."""
    place = Place(where, context.sources.auth_variables(source.name), context.sources.hide)
    try:
        import adbc_driver_manager  # noqa: PLC0415 - an extra, and slow to import
        import adbc_driver_postgresql.dbapi as driver  # noqa: PLC0415
    except ImportError:
        raise no_driver(where) from None
    try:
        connection = driver.connect(address_of(source, context.patience.connect_seconds))
    except adbc_driver_manager.Error as error:
        raise no_connection(error, place) from None
    found = Snapshot(connection, place)
    try:
        found._ask("set transaction isolation level repeatable read, read only")
        settings = {**_SETTINGS, "statement_timeout": f"{source.timeout_seconds}s"}
        for name, value in settings.items():
            found._ask(f"set local {name} = '{value}'")
        yield found
    finally:
        found.close()


def address_of(source: DatabaseBlock, connect_seconds: float) -> str:
    """The address for libpq, with limits to its patience unless it has its own. A secret."""
    wanted = {
        "connect_timeout": str(max(int(connect_seconds), 2)),
        # A network that went silent would else be waited for without end.
        "keepalives_idle": "30",
        "keepalives_interval": "10",
        "keepalives_count": "3",
        "application_name": "tillhouse",
    }
    if source.connection is not None:
        address = source.connection.get_secret_value()
    else:
        parts = {
            "host": source.host,
            "port": str(source.port),
            "dbname": source.database,
            "user": source.user,
            "password": source.password.get_secret_value() if source.password else None,
        }
        address = f"postgresql:///?{_options(parts)}"
    missing = {
        name: value for name, value in wanted.items() if not re.search(rf"[?&]{name}=", address)
    }
    # The last one counts: the driver takes all text for UTF-8.
    options = _options({**missing, "client_encoding": "UTF8"})
    return f"{address}{'&' if '?' in address else '?'}{options}"


def _options(options: dict[str, str | None]) -> str:
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in options.items() if value)
