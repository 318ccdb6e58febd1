"""One connection to the server, and what it refuses told as a sentence. Nothing here shows the address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from configuration.errors import PlainError
from ingest.postgres.database import address_of
from ingest.postgres.declaration import DatabaseBlock
from ingest.postgres.failures import no_driver
from ingest.rows.duckdb_sql import text_literal

if TYPE_CHECKING:
    import pyarrow as pa

# Values come as text, which must not depend on how the server or the role is set up.
_SESSION = {
    "client_encoding": "UTF8",
    "standard_conforming_strings": "on",
    "datestyle": "ISO, YMD",
    "timezone": "UTC",
    "intervalstyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "search_path": "pg_catalog",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "application_name": "tillhouse",
}
_CONNECT_SECONDS = 10
# A batch in memory; a single value may be longer.
_BATCH_BYTES = 8_000_000
_USERINFO = re.compile(r"://[^/?#]*?:([^/?#]*)@")
_PASSWORD = re.compile(r"\bpassword\s*=\s*('(?:[^'\\]|\\.)*'|[^\s&]+)")


class ServerError(PlainError):
    """What the server refused; `sqlstate` is its code (PostgreSQL manual, appendix A), empty without one."""

    def __init__(self, what: str, *, where: str, remedy: str = "", sqlstate: str = "") -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.sqlstate = sqlstate


class Server:
    """An open connection that commits each statement, unless one begins a transaction."""

    def __init__(self, connection: Any, where: str, address: str) -> None:
        self._connection = connection
        self._where = where
        self._address = address

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of `sql`, which are few; none of a statement that gives none."""
        with self._cursor(sql) as cursor:
            return list(cursor.fetchall()) if cursor.description else []

    def row(self, sql: str) -> tuple[Any, ...] | None:
        """The first row of `sql`, if there is one."""
        found = self.rows(sql)
        return found[0] if found else None

    def value(self, sql: str) -> Any:
        """The first value of `sql`; None without a row."""
        found = self.row(sql)
        return found[0] if found else None

    @contextmanager
    def batches(self, sql: str) -> Iterator[Iterator[pa.RecordBatch]]:
        """The rows of `sql` in batches of bounded size, as the server sends them."""
        with self._cursor(sql) as cursor:
            yield iter(cursor.fetch_record_batch())

    @contextmanager
    def _cursor(self, sql: str) -> Iterator[Any]:
        import adbc_driver_manager  # noqa: PLC0415 - only those who follow a database need it

        try:
            with self._connection.cursor() as cursor:
                cursor.adbc_statement.set_options(
                    **{"adbc.postgresql.batch_size_hint_bytes": str(_BATCH_BYTES)}
                )
                cursor.execute(sql)
                yield cursor
        except (adbc_driver_manager.Error, OSError) as error:
            raise _told(error, self._where, self._address) from None


@contextmanager
def connected(source: DatabaseBlock, where: str) -> Iterator[Server]:
    """A connection to the database of `source`, closed at the end; raises ServerError when there is none."""
    address = address_of(source, _CONNECT_SECONDS)
    try:
        import adbc_driver_manager  # noqa: PLC0415 - only those who follow a database need it
        from adbc_driver_postgresql import dbapi  # noqa: PLC0415
    except ImportError:
        raise no_driver(where) from None
    try:
        connection = dbapi.connect(address, autocommit=True)
    except (adbc_driver_manager.Error, OSError) as error:
        raise _told(
            error,
            where,
            address,
            "Check the address in the environment variable, and that the server can be reached.",
        ) from None
    try:
        server = Server(connection, where, address)
        settings = ", ".join(
            f"pg_catalog.set_config({text_literal(name)}, {text_literal(value)}, false)"
            for name, value in _SESSION.items()
        )
        server.rows(f"select {settings}")
        yield server
    finally:
        connection.close()


def _told(error: Exception, where: str, address: str, remedy: str = "") -> ServerError:
    """The server's own words, without what the driver puts around them and without any secret."""
    details = dict(getattr(error, "details", None) or ())
    said = details.get("PG_DIAG_MESSAGE_PRIMARY")
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(error)
    text = text.removeprefix("IO: ").removeprefix("[libpq] ")
    lines = text.strip().splitlines() or ["no reason given"]
    return ServerError(
        f"the server says: {without_secrets(lines[0].rstrip('.'), address)}",
        where=where,
        remedy=remedy or "Run it again; nothing was loaded.",
        sqlstate=getattr(error, "sqlstate", None) or "",
    )


def without_secrets(text: str, address: str) -> str:
    """`text` without the address and the password in it, as written and as meant."""
    found = [match[1].strip("'") for match in _USERINFO.finditer(address)]
    found += [match[1].strip("'") for match in _PASSWORD.finditer(address)]
    secrets = [address, *found, *(unquote(each) for each in found)]
    for secret in sorted(set(secrets), key=len, reverse=True):
        if secret:
            text = text.replace(secret, "***")
    return text
