"""A real PostgreSQL server of the tests' own, from the wheel pgserver; it listens on a socket in its folder."""

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
USER, PASSWORD = "clerk", "c@nary/p%ss:word"


@dataclass(frozen=True)
class PostgresServer:
    """A running server; `uri` is its administrator's."""

    uri: str
    folder: Path

    def connect(self, *, autocommit: bool = True) -> Any:
        """A connection of the administrator."""
        return adbc_driver_postgresql.dbapi.connect(self.uri, autocommit=autocommit)

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
        socket = quote(self.uri.partition("host=")[2], safe="")
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
        server = PostgresServer(running.get_uri(), folder)
        # Nobody needs this data after a power cut.
        server.run("alter system set fsync = off", "alter system set full_page_writes = off")
        server.run(
            f"create user {USER} password '{PASSWORD}'", "grant all on schema public to public"
        )
        access = folder / "pg_hba.conf"
        access.write_text(f"local all {USER} scram-sha-256\n" + access.read_text())
        server.rows("select pg_reload_conf()")
        yield server
    finally:
        running.cleanup()
