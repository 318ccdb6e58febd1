"""Tables and queries of a real PostgreSQL server: loaded whole, each row once, and counted."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from ingest.declaration.sources_file import load_sources_file
from ingest.postgres import read
from ingest.postgres.database import Snapshot
from ingest.run import ingest
from tests.conftest import ROOT
from tests.pipeline.postgres_lake import ORDER_COLUMNS, PostgresLake

MONDAY = "'2025-03-03 10:00+01'"


def ids(lake: PostgresLake) -> list[int]:
    return [row[0] for row in lake.rows(columns="order_id")]


# -- whole tables


def test_a_table_is_loaded_with_its_types_and_counted(shop_database: PostgresLake) -> None:
    shop_database.make_orders(f"(1, 10.50, {MONDAY})", "(2, null, null)")
    shop_database.declare()
    result = shop_database.loaded()
    assert (result.rows_read, result.rows_loaded, result.rows_rejected) == (2, 2, 0)
    assert shop_database.rows() == [
        (1, Decimal("10.50"), datetime(2025, 3, 3, 9)),  # noqa: DTZ001 - the lake's times are UTC
        (2, None, None),
    ]
    assert shop_database.rows(columns="distinct _file") == [("counter.orders",)]
    (record,) = shop_database.records()
    assert record.kind == "postgres"
    assert record.inputs[0].path == "counter.orders"
    assert [(each.name, each.type) for each in record.schema][1] == ("amount", "DECIMAL(18,2)")


def test_each_load_of_a_whole_table_replaces_the_last(shop_database: PostgresLake) -> None:
    shop_database.make_orders(f"(1, 1, {MONDAY})", f"(2, 2, {MONDAY})")
    shop_database.declare()
    shop_database.loaded()
    assert shop_database.loaded().load_id is None  # nothing changed
    shop_database.run("delete from orders where order_id = 2")
    shop_database.loaded()
    assert ids(shop_database) == [1]
    # The same number of rows, and the same values in other places.
    shop_database.run("insert into orders values (3, 7, null), (4, 8, null)")
    shop_database.loaded()
    shop_database.run("update orders set amount = 15 - amount where order_id > 2")
    assert shop_database.loaded().load_id is not None
    assert shop_database.rows(columns="order_id, amount")[1:] == [(3, 8), (4, 7)]
    shop_database.run("delete from orders")
    assert shop_database.loaded().rows_read == 0
    assert ids(shop_database) == []


def test_equal_rows_are_all_loaded(shop_database: PostgresLake) -> None:
    shop_database.make_orders(*["(1, 1, null)"] * 3)
    shop_database.declare()
    shop_database.loaded()
    assert ids(shop_database) == [1, 1, 1]
    shop_database.run("delete from orders where ctid = (select min(ctid) from orders)")
    shop_database.loaded()
    assert ids(shop_database) == [1, 1]


def test_rows_and_count_are_of_one_moment(
    shop_database: PostgresLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another writes between the count and the rows; and two rows need a second reading."""
    rows = [f"({n}, {n}, null)" for n in range(1, 100)]
    shop_database.make_orders(*rows, "(100, 1234567890, null)")
    columns = [*ORDER_COLUMNS[:1], {"name": "amount", "type": "decimal(4,2)"}, ORDER_COLUMNS[2]]
    shop_database.declare(shop_database.table(columns=columns))
    streamed = []
    stream = Snapshot.stream

    def disturbed(self: Snapshot, sql: str, on_batch: object) -> object:
        streamed.append(sql)
        shop_database.run("insert into orders values (999, 1, null)")
        return stream(self, sql, on_batch)  # type: ignore[arg-type]

    monkeypatch.setattr(Snapshot, "stream", disturbed)
    result = shop_database.loaded()
    assert len(streamed) == 2
    assert (result.rows_read, result.rows_loaded, result.rows_rejected) == (100, 99, 1)
    assert ids(shop_database) == list(range(1, 100))


def test_many_batches_arrive_whole(
    shop_database: PostgresLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop_database.run(
        "create table orders as select i as order_id, i / 8.0 as amount, "
        "timestamptz '2025-01-01 00:00+00' + i * interval '1 s' as updated_at, "
        "repeat(md5(i::text), 20) as note from generate_series(1, 60000) as i"
    )
    columns = [
        ORDER_COLUMNS[0],
        {"name": "amount", "type": "decimal(18,4)"},
        ORDER_COLUMNS[2],
        {"name": "note"},
    ]
    monkeypatch.setattr(read, "_TOLD_EVERY", 20_000)
    shop_database.declare(shop_database.table(columns=columns))
    shop_database.loaded()
    total = 60000 * 60001 // 2
    expected = (60000, 60000, Decimal(total) / 8, datetime(2025, 1, 1, 16, 40), 640)  # noqa: DTZ001 - UTC
    figures = "count(*), count(distinct order_id), sum(amount), max(updated_at), min(length(note))"
    assert shop_database.rows(columns=figures) == [expected]
    told = [line for line in shop_database.said if line.endswith(" rows so far")]
    assert len(told) >= 2  # so it came in several batches


# -- columns


def test_what_is_not_declared_is_told_and_left_out(shop_database: PostgresLake) -> None:
    shop_database.make_orders("(1, 1, null)")
    shop_database.run("alter table orders add column \"Secret Note\" text default 'x'")
    shop_database.declare()
    shop_database.loaded()
    assert "shop.orders: not declared, so not loaded: Secret Note" in shop_database.said
    assert len(shop_database.rows()[0]) == 3


def test_a_column_may_have_another_name_in_the_database(shop_database: PostgresLake) -> None:
    shop_database.run('create table "Order Lines" ("Id" int, id int, "a""b" text)')
    shop_database.run("""insert into "Order Lines" values (1, 2, 'it''s')""")
    columns = [
        {"name": "upper", "header": "Id", "type": "integer"},
        {"name": "id", "type": "integer"},
        {"name": "odd", "header": 'a"b'},
    ]
    table = shop_database.table(table="counter.Order Lines", key=None, columns=columns)
    shop_database.declare(table)
    shop_database.loaded()
    assert shop_database.rows() == [(1, 2, "it's")]


def test_a_column_that_is_gone_is_told_in_one_sentence(shop_database: PostgresLake) -> None:
    shop_database.make_orders("(1, 1, null)")
    shop_database.run("alter table orders rename column amount to amounts")
    shop_database.declare()
    assert shop_database.refused() == (
        "shop.orders: the column 'amount' is not there. If 'amounts' is its new name, write "
        "header: amounts at that column."
    )


def test_a_column_that_can_never_be_its_type_is_refused(shop_database: PostgresLake) -> None:
    shop_database.run("create table orders (order_id bool, amount int, updated_at time)")
    shop_database.declare()
    assert shop_database.refused().startswith(
        "shop.orders: the column 'order_id' is bool in the database, of which none is a whole number"
    )


# -- queries


def test_a_query_is_loaded_like_a_table(shop_database: PostgresLake) -> None:
    shop_database.make_orders("(1, 1, null)", "(2, 2, null)", "(3, 3, null)")
    query = "select * from counter.orders\nwhere order_id > 1 -- not the first;\n;  "
    shop_database.declare(shop_database.table(table=None, query=query))
    shop_database.loaded()
    assert ids(shop_database) == [2, 3]
    assert shop_database.rows(columns="distinct _file") == [("query",)]


@pytest.mark.parametrize(
    "query",
    [
        "delete from counter.orders returning *",
        "with gone as (delete from counter.orders returning *) select * from gone",
        "select * from counter.orders) as source; commit; drop table counter.orders; --",
        "select * from counter.orders; drop table counter.orders",
        "select *, nextval('counter.numbers') as n from counter.orders",
    ],
)
def test_a_query_can_only_read(shop_database: PostgresLake, query: str) -> None:
    shop_database.make_orders("(1, 1, null)")
    shop_database.run("create sequence numbers", "grant all on orders, numbers to clerk")
    columns = [*ORDER_COLUMNS, {"name": "n", "type": "integer"}]
    is_writing = "nextval" in query
    table = shop_database.table(table=None, query=query)
    shop_database.declare({**table, "columns": columns if is_writing else list(ORDER_COLUMNS)})
    told = shop_database.refused()
    assert "the database refuses the query" in told or "more than read" in told
    assert shop_database.server.rows("select count(*) from counter.orders") == [(1,)]


def test_a_query_with_two_columns_of_one_name_is_refused(shop_database: PostgresLake) -> None:
    query = "select 1 as order_id, 2 as order_id, 3 as amount, now() as updated_at"
    shop_database.declare(shop_database.table(table=None, query=query))
    assert "the query gives the column 'order_id' twice" in shop_database.refused()


# -- the guide


def test_the_example_of_the_guide_loads(shop_database: PostgresLake) -> None:
    guide = (ROOT / "docs" / "reference" / "kinds-of-sources.md").read_text(encoding="utf-8")
    section = guide.partition("## PostgreSQL\n")[2]
    example = section.partition("```yaml\n")[2].partition("```\n")[0]
    shop_database.folder.mkdir(parents=True)
    path = shop_database.folder / "sources.yml"
    path.write_text(example.replace("public.", f"{shop_database.schema}."), encoding="utf-8")
    shop_database.run(
        "create table orders (id int, status text, total numeric, updated_at timestamptz, note text)",
        "insert into orders values (1, 'paid', 9.5, '2024-05-04 10:00+02', 'x'), "
        "(2, 'paid', 1, '2023-12-31 10:00+02', 'before initial')",
        "create table categories (id int, name text)",
        "create table products (sku text, title text, category_id int, is_draft bool)",
        "insert into categories values (1, 'Cheese')",
        "insert into products values ('C1', 'Goat cheese', 1, false), ('C2', 'Draft', 1, true)",
    )
    sources = load_sources_file(path, {"WEBSHOP_DATABASE_URL": shop_database.address})
    result = ingest(sources, shop_database.lake, shop_database.folder)
    assert [(each.rows_loaded, each.error) for each in result.tables] == [(1, None), (1, None)]
