"""What a database refuses, breaks off or never answers: one sentence, and nothing is half loaded."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any
from urllib.parse import quote

import pytest

from configuration.errors import ConfigurationError
from ingest.declaration.sources_file import load_sources_file
from ingest.postgres import read
from tests.conftest import ROOT, Till
from tests.pipeline.postgres_lake import PostgresLake
from tests.pipeline.postgres_server import PASSWORD

CHECK = "Check the environment variable SHOP_DATABASE_URL"


def many_orders(shop: PostgresLake) -> None:
    """About 60 MB, so that they come in several batches."""
    shop.run(
        "create table orders as select i as order_id, i as amount, "
        "timestamptz '2025-01-01' as updated_at, repeat(md5(i::text), 30) as note "
        "from generate_series(1, 60000) as i"
    )


# -- no connection


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (
            "postgresql://clerk:CANARY@127.0.0.1:1/shop",  # pragma: allowlist secret
            "cannot be reached (connection refused)",
        ),
        (
            "postgresql://clerk:CANARY@/shop?host=/nowhere",  # pragma: allowlist secret
            "(no such file or directory)",
        ),
        (
            "postgresql://clerk:CANARY%zz@127.0.0.1/shop",  # pragma: allowlist secret
            "address of the database cannot be understood",
        ),
        ("postgresql://clerk:CAN:AR@Y@h:p/shop", "address of the database cannot be understood"),
    ],
)
def test_a_database_that_is_not_there(shop_database: PostgresLake, address: str, told: str) -> None:
    shop_database.declare()
    shop_database.address = address
    text = shop_database.refused()
    assert told in text
    assert CHECK in text
    assert "CAN" not in text.replace("CANNOT", "")


def test_wrong_credentials_name_the_variable(shop_database: PostgresLake) -> None:
    shop_database.declare()
    shop_database.address = shop_database.server.address(password="wr0ng-CANARY")
    assert shop_database.refused() == (
        f"shop.orders: the database refuses the credentials. {CHECK}."
    )
    shop_database.address = shop_database.server.address(database="nothere")
    assert 'refuses the connection (database "nothere" does not exist)' in shop_database.refused()


def test_a_database_may_be_named_by_its_parts(shop_database: PostgresLake) -> None:
    shop_database.make_orders("(1, 1, null)")
    parts = {
        "connection": None,
        "host": str(shop_database.server.folder),
        "database": "postgres",
        "user": "clerk",
    }
    shop_database.declare(**parts, password="${SHOP_PASSWORD}")
    assert shop_database.loaded().rows_loaded == 1
    shop_database.declare(**parts)
    assert "password" in shop_database.refused()


def test_a_missing_driver_says_what_to_install(
    shop_database: PostgresLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop_database.declare()
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql.dbapi", None)
    assert "pip install 'tillhouse[postgres]'" in shop_database.refused()


# -- refused questions


def test_what_is_not_there_or_not_allowed(shop_database: PostgresLake) -> None:
    shop_database.declare()
    assert 'no such table (relation "counter.orders" does not exist)' in shop_database.refused()
    shop_database.declare(shop_database.table(table="nowhere.orders"))
    assert "no such table" in shop_database.refused()
    shop_database.run("create table orders (order_id int)", "revoke all on orders from clerk")
    shop_database.declare()
    assert "does not allow it (permission denied for table orders)" in shop_database.refused()
    shop_database.declare(shop_database.table(table=None, query="selct 1"))
    assert 'refuses the query (syntax error at or near "1")' in shop_database.refused()


def test_a_question_that_takes_too_long_is_given_up(shop_database: PostgresLake) -> None:
    query = "select 1 as order_id, 1 as amount, now() as updated_at, pg_sleep(60)"
    shop_database.declare(shop_database.table(table=None, query=query), timeout="1s")
    assert "did not answer within the time that is allowed" in shop_database.refused()


def test_a_query_that_fails_at_a_late_row_is_refused(shop_database: PostgresLake) -> None:
    many_orders(shop_database)
    # The count does not look at the amounts.
    query = (
        "select order_id, 1 / (order_id - 55000) as amount, updated_at, note from counter.orders"
    )
    table = shop_database.table(table=None, query=query)
    shop_database.declare({**table, "columns": [*table["columns"], {"name": "note"}]})
    assert "the database fails (division by zero)" in shop_database.refused()


# -- in the middle


def test_a_connection_that_breaks_off_loads_nothing_and_stops_no_other(
    shop_database: PostgresLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    many_orders(shop_database)
    shop_database.run("create table few as select 1 as order_id")
    note = {"name": "note"}
    table = shop_database.table()
    columns = [{"name": "order_id", "type": "integer"}]
    few = shop_database.table(name="few", table="counter.few", columns=columns)
    shop_database.declare({**table, "columns": [*table["columns"], note]}, few)
    batches = 0
    add = read.Arrived.add

    def breaking(self: read.Arrived, batch: Any) -> None:
        nonlocal batches
        add(self, batch)
        batches += 1
        if batches == 1:
            assert shop_database.server.rows(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where application_name = 'tillhouse'"
            ) == [(True,)]

    monkeypatch.setattr(read.Arrived, "add", breaking)
    broken, other = shop_database.ingest().tables
    # Whether the server's reason comes through before the end of the line does is chance.
    told = str(broken.error).replace(" (terminating connection due to administrator command)", "")
    assert told == (
        "shop.orders: the connection to the database broke off. Run it again later; "
        "nothing was loaded."
    )
    assert (broken.load_id, other.rows_loaded) == (None, 1)
    assert shop_database.records() == []
    assert not [name for name in shop_database.files() if "/orders/" in name]
    assert [row.rows_loaded for row in shop_database.ingest().tables] == [60000, 0]
    assert shop_database.rows(columns="count(*), count(distinct order_id)") == [(60000, 60000)]


# Kills itself when the batch with this number arrives, or just before the load's record is there.
KILLED = """
import os, signal, sys
from pathlib import Path
from ingest.declaration.sources_file import load_sources_file
from ingest.postgres import read
from ingest.run import ingest

folder, moment = Path(sys.argv[1]), sys.argv[2]
arrived = []

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def add(self, batch, real=read.Arrived.add):
    arrived.append(batch.num_rows)
    real(self, batch)
    if str(len(arrived)) == moment:
        die()

read.Arrived.add = add
if moment == "record":
    sys.addaudithook(
        lambda event, paths: die() if event == "os.rename" and "_manifest" in str(paths[1]) else None
    )
sources = load_sources_file(folder / "sources.yml", os.environ)
ingest(sources, folder / "lake", folder)
"""


def test_a_load_that_was_killed_is_made_whole_by_the_next(shop_database: PostgresLake) -> None:
    many_orders(shop_database)
    columns = [*shop_database.table()["columns"], {"name": "note"}]
    shop_database.declare({**shop_database.table(), "columns": columns})
    environ = {"PYTHONPATH": str(ROOT), "SHOP_DATABASE_URL": shop_database.address}
    for moment in ("2", "record"):
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(shop_database.folder), moment],
            env={**os.environ, **environ},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert shop_database.records() == []
    assert [name for name in shop_database.files() if name.startswith("raw/shop/orders/")]
    shop_database.loaded()
    (record,) = shop_database.records()
    left = [name for name in shop_database.files() if name.endswith(".parquet")]
    assert left == [file.path for file in record.files]
    figures = "count(*), count(distinct order_id), sum(order_id), count(distinct note)"
    assert shop_database.rows(columns=figures) == [(60000, 60000, 60000 * 60001 // 2, 60000)]


# -- secrets and names


def test_the_password_shows_nowhere(shop_database: PostgresLake, till: Till) -> None:
    shop_database.make_orders("(1, 1, null)", "(null, 2, null)")
    shop_database.declare(shop_database.table(max_rejected=0.5))
    (shop_database.folder / "dbt_project.yml").write_text("name: x\n")
    right = shop_database.address
    outputs = ""
    for address, code in ((right, 0), (right.replace("@/", "%zz@/"), 1)):
        environ = {"PYTHONPATH": str(ROOT), "SHOP_DATABASE_URL": address}
        words = ("--debug", "ingest", "--sources", "sources.yml", "--json")
        done = till(shop_database.folder, *words, environ=environ)
        assert done.returncode == code, done.stdout + done.stderr
        outputs += done.stdout + done.stderr
    secrets = {PASSWORD, quote(PASSWORD, safe=""), right}
    kept = [path for path in shop_database.folder.rglob("*") if path.is_file()]
    assert len(kept) > 5
    texts = {"output": outputs.encode(), **{str(path): path.read_bytes() for path in kept}}
    for name, text in texts.items():
        for secret in secrets:
            assert secret.encode() not in text, name


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (
            {"connection": "postgresql://u:CANARY@h/d"},  # pragma: allowlist secret
            "'connection' holds a secret in plain text",
        ),
        ({"connection": "postgresql://h/d"}, "'connection' holds a secret in plain text"),
        ({"connection": "${SHOP_DATABASE_URL:-postgresql://h/d}"}, "holds a secret in plain text"),
        (
            {"connection": None, "host": "h", "password": "CANARY"},  # pragma: allowlist secret
            "'password' holds a secret",
        ),
        ({"connection": None, "host": "h", "password": 1234567}, "'password' holds a secret"),
        ({"connection": "${ODD}"}, "must be an address such as postgresql://"),
        ({"host": "h"}, "has 'connection', so 'host' has no place beside it"),
        ({"connection": None, "host": "h"}, "needs 'database'"),
    ],
)
def test_a_wrong_connection_is_told_without_it(
    shop_database: PostgresLake, source: dict[str, Any], told: str
) -> None:
    shop_database.declare(**source)
    environ = {"SHOP_DATABASE_URL": "postgresql://h/d", "ODD": "CAN'A\\RY\t1"}
    with pytest.raises(ConfigurationError) as caught:
        load_sources_file(shop_database.folder / "sources.yml", environ)
    text = str(caught.value)
    assert told in text
    assert "CAN" not in text
    assert "RY" not in text
    assert "1234567" not in text


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"table": 'orders" where true; --'}, "must be a table's name, or schema.name"),
        ({"table": "a.b.c"}, "must be a table's name, or schema.name"),
        ({"table": None}, "needs either 'table' or 'query'"),
        ({"query": "select 1"}, "needs either 'table' or 'query'"),
        ({"cursor": {"column": "amount"}}, "must be a declared timestamp, date or integer"),
        ({"cursor": {"column": "updated_at"}, "key": None}, "a cursor needs the table's key"),
        (
            {"cursor": {"column": "updated_at", "initial": "' or true"}},
            "the cursor's initial must be a day or time",
        ),
        ({"cursor": {"column": "order_id", "initial": "1.5"}}, "initial must be a whole number"),
    ],
)
def test_a_wrong_table_is_told(
    shop_database: PostgresLake, changes: dict[str, Any], told: str
) -> None:
    shop_database.declare(shop_database.table(**changes))
    with pytest.raises(ConfigurationError) as caught:
        shop_database.sources()
    assert told in str(caught.value)
