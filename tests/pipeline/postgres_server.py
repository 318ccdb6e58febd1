"""A real PostgreSQL server of the tests' own, from the wheel pgserver; it listens on a socket in its folder.

It notes what logical replication needs, so that the same one serves for tables that are copied and followed.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import adbc_driver_postgresql.dbapi

# Asked for at the socket; every other user of the server needs none.
USER, PASSWORD = "clerk", "c@nary/p%ss:word"  # pragma: allowlist secret


_SETTINGS = {
    # Nobody needs this data after a power cut.
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "wal_level": "logical",
    "max_replication_slots": "60",
    "max_wal_senders": "60",
}


@dataclass(frozen=True)
class Session:
    """Statements one by one; `begin` and `commit` are statements too."""

    _connection: Any

    def run(self, *statements: str) -> list[Any]:
        """Run the statements; gives the rows of the last."""
        found: list[Any] = []
        for statement in statements:
            with self._connection.cursor() as cursor:
                cursor.execute(statement)
                found = list(cursor.fetchall()) if cursor.description else []
        return found


@dataclass(frozen=True)
class PostgresServer:
    """A running server."""

    folder: Path
    _running: Any

    def uri(self, database: str = "postgres", user: str = "postgres", password: str = "") -> str:
        """An address of somebody whom the server asks for no password."""
        return f"postgresql://{user}:{password}@/{database}?host={self.folder}"

    def restart(self) -> None:
        """Stop it and start it again, as some settings need."""
        from pgserver._commands import pg_ctl  # noqa: PLC0415 - as below

        pg_ctl(
            ["-w", "-m", "fast", "-l", str(self._running.log), "restart"],
            pgdata=self.folder,
            user=self._running.system_user,
        )

    @contextmanager
    def session(self, database: str = "postgres") -> Iterator[Session]:
        """A connection of somebody who works with the database."""
        connection = adbc_driver_postgresql.dbapi.connect(self.uri(database), autocommit=True)
        try:
            yield Session(connection)
        finally:
            connection.close()

    def connect(self, *, autocommit: bool = True) -> Any:
        """A connection of the administrator."""
        return adbc_driver_postgresql.dbapi.connect(self.uri(), autocommit=autocommit)

    def run(self, *statements: str) -> None:
        """Run statements one by one, each in a transaction of its own."""
        with self.connect() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def rows(self, query: str) -> list[Any]:
        """The rows of a query."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def address(
        self, user: str = USER, password: str = PASSWORD, database: str = "postgres"
    ) -> str:
        """An address as a shop would have it."""
        socket = quote(str(self.folder), safe="")
        return f"postgresql://{user}:{quote(password, safe='')}@/{database}?host={socket}"


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A server with a folder of its own, stopped and deleted at the end of the block."""
    # Not below pytest's folder: to root's server, which runs as another user, each start of pytest closes that.
    folder = Path(tempfile.mkdtemp(prefix="till-postgres-"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where XDG_RUNTIME_DIR is not set
        import pgserver  # noqa: PLC0415 - warns when imported

        running = pgserver.get_server(folder, cleanup_mode="delete")
    try:
        server = PostgresServer(folder, running)
        server.run(*(f"alter system set {name} = {value}" for name, value in _SETTINGS.items()))
        server.run(
            f"create user {USER} password '{PASSWORD}'", "grant all on schema public to public"
        )
        access = folder / "pg_hba.conf"
        access.write_text(f"local all {USER} scram-sha-256\n" + access.read_text())
        server.restart()
        yield server
    finally:
        running.cleanup()
