"""The address a database is reached by, and what is said of errors that no server can be made to give."""

from __future__ import annotations

from pydantic import SecretStr

from ingest.declaration.tables import Column
from ingest.postgres.database import address_of
from ingest.postgres.declaration import PostgresSource, PostgresTable
from ingest.postgres.failures import Place, refused

TABLES = (PostgresTable(name="t", table="t", columns=(Column(name="id"),)),)
PLACE = Place("shop.orders", ["SHOP_URL"], lambda text: text.replace("s3cret", "***"))


def address(url: str) -> str:
    source = PostgresSource(name="shop", kind="postgres", connection=SecretStr(url), tables=TABLES)
    return address_of(source, 10)


def test_no_server_is_waited_for_without_end() -> None:
    found = address("postgresql://u:p@h/d")
    assert found.startswith("postgresql://u:p@h/d?connect_timeout=10&keepalives_idle=30&")
    assert found.endswith("&client_encoding=UTF8")


def test_options_of_ones_own_are_kept() -> None:
    found = address("postgresql://u:p@h/d?sslmode=verify-full&connect_timeout=3")
    assert found.startswith("postgresql://u:p@h/d?sslmode=verify-full&connect_timeout=3&")
    assert found.count("connect_timeout") == 1


def test_parts_are_quoted() -> None:
    source = PostgresSource(
        name="shop",
        kind="postgres",
        host="::1",
        database="a&b",
        user="ü",
        password=SecretStr("p@:/% s"),
        tables=TABLES,
    )
    start = (
        "postgresql:///?host=%3A%3A1&port=5432&dbname=a%26b&user=%C3%BC&password=p%40%3A%2F%25%20s"
    )
    assert address_of(source, 10).startswith(f"{start}&connect_timeout=10&")


def test_a_timeout_in_the_middle_of_a_stream_has_no_state_but_its_words() -> None:
    error = OSError(
        "[libpq] Execution error [X]: ERROR:  canceling statement due to statement timeout"
    )
    assert "did not answer within the time" in str(refused(error, PLACE))


def test_a_server_that_speaks_another_language_is_quoted() -> None:
    error = OSError("[libpq] Execution error [X]: FEHLER:  Division durch null s3cret\nZEILE 1: x")
    assert str(refused(error, PLACE)) == (
        "shop.orders: the database fails (Division durch null ***). Run it again later; "
        "nothing was loaded."
    )


def test_a_line_that_went_dead_is_a_connection_that_broke_off() -> None:
    error = OSError("[libpq] could not receive data from server: Connection timed out")
    assert "the connection to the database broke off" in str(refused(error, PLACE))
