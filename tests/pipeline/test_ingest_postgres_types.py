"""Every type of PostgreSQL: loaded exactly as the declared type, or rejected with its reason."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tests.pipeline.postgres_lake import PostgresLake

# Type in the database, a value, the declared type, and what the lake must have.
EXACT: list[tuple[str, str, str, Any]] = [
    ("smallint", "-32768", "integer", -32768),
    ("int", "2147483647", "integer", 2147483647),
    ("bigint", "-9223372036854775808", "integer", -9223372036854775808),
    ("bigint", "9007199254740993", "decimal(18,0)", Decimal("9007199254740993")),
    ("bigint", "9007199254740993", "text", "9007199254740993"),
    ("oid", "4294967295", "integer", 4294967295),
    ("numeric", "12.0", "integer", 12),
    ("numeric", "12345678901234567890.123456789", "decimal(38,9)", "same"),
    ("numeric(18,4)", "0.1", "decimal(18,4)", Decimal("0.1000")),
    ("numeric", "1e-20", "text", "0.00000000000000000001"),
    ("numeric", "NaN", "text", "NaN"),
    ("real", "0.1", "double", 0.1),
    ("real", "0.1", "decimal(4,2)", Decimal("0.10")),
    ("float8", "0.30000000000000004", "double", 0.30000000000000004),
    ("float8", "0.1", "decimal(4,2)", Decimal("0.10")),
    ("float8", "0.30000000000000004", "text", "0.30000000000000004"),
    ("money", "-1234.56", "decimal(18,2)", Decimal("-1234.56")),
    ("money", "1234.56", "text", "1234.56"),
    ("bool", "true", "boolean", True),
    ("bool", "false", "text", "false"),
    ("int", "1", "boolean", True),
    ("text", " 12 ", "integer", 12),
    ("text", "", "integer", None),
    ("text", "it''s \\ \" tab\tline\nend", "text", "it's \\ \" tab\tline\nend"),
    ("text", "", "text", ""),
    ("varchar(10)", "éñ€😀", "text", "éñ€😀"),
    ("char(5)", "ab", "text", "ab"),
    ('"char"', "x", "text", "x"),
    ("name", "public", "text", "public"),
    ("mood", "so-so", "text", "so-so"),
    ("cents", "7", "integer", 7),
    ("date", "2024-02-29", "date", date(2024, 2, 29)),
    ("date", "2024-02-29", "timestamp", datetime(2024, 2, 29)),  # noqa: DTZ001
    ("date", "2024-02-29", "text", "2024-02-29"),
    (
        "timestamp",
        "2024-03-31 02:30:00.123456",
        "timestamp",
        datetime(2024, 3, 31, 2, 30, 0, 123456),  # noqa: DTZ001
    ),
    ("timestamp", "2024-03-31", "date", date(2024, 3, 31)),
    ("timestamptz", "2024-03-31 03:30+02", "timestamp", datetime(2024, 3, 31, 1, 30)),  # noqa: DTZ001
    ("timestamptz", "2024-03-31 03:30+02", "text", "2024-03-31 01:30:00+00"),
    ("timestamptz", "2024-03-31 00:00+00", "date", date(2024, 3, 31)),
    ("timestamptz", "infinity", "text", "infinity"),
    ("timestamp", "1500-01-01", "timestamp", datetime(1500, 1, 1)),  # noqa: DTZ001
    ("time", "23:59:59.5", "text", "23:59:59.5"),
    ("timetz", "10:00+02", "text", "10:00:00+02"),
    ("interval", "1 mon -2 days 3 h", "text", "1 mon -2 days +03:00:00"),
    (
        "uuid",
        "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
        "text",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    ),
    ("json", '{"a":  1.10}', "text", '{"a":  1.10}'),
    ("jsonb", '{"b": 1.10, "a": [null]}', "text", '{"a": [null], "b": 1.10}'),
    ("int[]", "{1,null,3}", "text", "{1,NULL,3}"),
    ("text[]", '{"a,b",c}', "text", '{"a,b",c}'),
    ("bytea", "\\x00dead", "text", "\\x00dead"),
    ("inet", "10.0.0.1/8", "text", "10.0.0.1/8"),
    ("bit(3)", "101", "text", "101"),
    ("int4range", "[1,5)", "text", "[1,5)"),
    ("pair", "(1,x)", "text", "(1,x)"),
]

# Type in the database, a value, the declared type: what no such value can be.
UNFIT: list[tuple[str, str, str]] = [
    ("numeric", "12.5", "integer"),
    ("numeric", "NaN", "decimal(18,4)"),
    ("numeric", "Infinity", "decimal(18,4)"),
    ("numeric", "1.23456", "decimal(18,4)"),
    ("numeric", "1e30", "decimal(18,4)"),
    ("bigint", "100", "decimal(2,0)"),
    ("float8", "NaN", "double"),
    ("float8", "-Infinity", "double"),
    ("real", "Infinity", "double"),
    ("float8", "0.30000000000000004", "decimal(4,2)"),
    ("int", "2", "boolean"),
    ("text", "three", "integer"),
    ("date", "infinity", "date"),
    ("date", "-infinity", "timestamp"),
    ("date", "0044-03-15 BC", "date"),
    ("date", "10000-01-01", "date"),
    ("date", "5874897-12-31", "date"),
    ("timestamp", "infinity", "timestamp"),
    ("timestamp", "0044-03-15 12:00 BC", "timestamp"),
    ("timestamp", "294276-12-31 23:59:59", "timestamp"),
    ("timestamp", "2024-03-31 10:00", "date"),
    ("timestamptz", "infinity", "timestamp"),
    ("timestamptz", "-infinity", "timestamp"),
    ("timestamptz", "0044-03-15 12:00+00 BC", "timestamp"),
    ("timestamptz", "10000-01-01 00:00+00", "timestamp"),
    ("uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "integer"),
    ("interval", "1 day", "integer"),
]


def literal(value: str) -> str:
    return "'" + value.replace("''", "'").replace("'", "''") + "'"


def test_every_type_arrives_exactly(shop_database: PostgresLake) -> None:
    shop_database.run(
        "create type mood as enum ('fine', 'so-so')",
        "create domain cents as int check (value > 0)",
        "create type pair as (a int, b text)",
        f"create table orders ({', '.join(f'c{n} {case[0]}' for n, case in enumerate(EXACT))})",
        f"insert into orders values ({', '.join(literal(case[1]) for case in EXACT)})",
        "insert into orders default values",
    )
    columns = [{"name": f"c{n}", "type": case[2]} for n, case in enumerate(EXACT)]
    shop_database.declare(shop_database.table(key=None, columns=columns))
    result = shop_database.loaded()
    assert (result.rows_loaded, result.rows_rejected) == (2, 0)
    (row,) = shop_database.rows(columns="* exclude (_file)")[:1]
    found = {
        f"{case[0]} {case[1]} as {case[2]}": value for case, value in zip(EXACT, row, strict=True)
    }
    wanted = {
        f"{case[0]} {case[1]} as {case[2]}": Decimal(case[1]) if case[3] == "same" else case[3]
        for case in EXACT
    }
    assert found == wanted
    assert shop_database.rows()[1] == (None,) * len(EXACT)


def test_what_does_not_fit_is_rejected_with_its_reason(shop_database: PostgresLake) -> None:
    """One row per value, and one with a good time beside all of them."""
    names = [f"c{n}" for n in range(len(UNFIT))]
    kinds = ", ".join(f"{name} {case[0]}" for name, case in zip(names, UNFIT, strict=True))
    shop_database.run(
        f"create table orders (n int, {kinds})",
        *(
            f"insert into orders (n, c{n}) values ({n}, {literal(case[1])})"
            for n, case in enumerate(UNFIT)
        ),
        "insert into orders (n) values (1000)",
    )
    columns = [
        {"name": "n", "type": "integer"},
        *({"name": name, "type": case[2]} for name, case in zip(names, UNFIT, strict=True)),
    ]
    table = shop_database.table(key=["n"], columns=columns, max_rejected=1.0)
    shop_database.declare(table)
    result = shop_database.loaded()
    assert (result.rows_read, result.rows_loaded) == (len(UNFIT) + 1, 1)
    assert shop_database.rows(columns="n") == [(1000,)]
    rejected = {json.loads(row[2])["n"]: row for row in shop_database.rejected()}
    for number, (_, value, kind) in enumerate(UNFIT):
        column, reason, original = rejected[str(number)]
        assert column == f"c{number}"
        shown = json.loads(original)[column]
        assert reason.startswith(f"{column}: '{shown}' is not "), (value, kind, reason)
        assert shown is not None
        if "infinity" in value or "BC" in value:
            assert shown.split(" ")[-1] == value.split(" ")[-1]


def test_a_column_with_one_odd_time_keeps_the_others_exact(shop_database: PostgresLake) -> None:
    shop_database.make_orders(
        "(1, 1, 'infinity')",
        "(2, 2, '2024-03-31 03:30:00.000001+02')",
        "(3, 3, '0001-01-01 00:00+00')",
        "(4, 4, '9999-12-31 23:59:59.999999+00')",
    )
    shop_database.declare(shop_database.table(max_rejected=0.5))
    shop_database.loaded()
    assert [row[2] for row in shop_database.rows()] == [
        datetime(2024, 3, 31, 1, 30, 0, 1),  # noqa: DTZ001
        datetime(1, 1, 1),  # noqa: DTZ001
        datetime(9999, 12, 31, 23, 59, 59, 999999),  # noqa: DTZ001
    ]
    (rejected,) = shop_database.rejected()
    assert rejected[1].startswith("updated_at: 'infinity' is not a time")


def test_rows_above_max_rejected_refuse_the_load(shop_database: PostgresLake) -> None:
    shop_database.make_orders("(1, 1, null)", "(null, 2, null)")
    shop_database.declare()
    assert shop_database.refused() == (
        "shop.orders: 1 of 2 rows do not fit the declared columns, more than max_rejected (0.05 of the rows) "
        "allows, so none is loaded; for example order_id is empty. Correct the types in the "
        "sources file, or mend the rows in the database."
    )


def test_the_settings_of_a_server_change_no_value(shop_database: PostgresLake) -> None:
    settings = {
        "timezone": "'Asia/Tokyo'",
        "datestyle": "'SQL, DMY'",
        "intervalstyle": "'iso_8601'",
        "bytea_output": "'escape'",
        "extra_float_digits": "-15",
    }
    shop_database.run(
        "create table orders as select 1 as order_id, timestamptz '2024-03-09 00:00+00' as a, "
        "date '2024-03-09' as b, interval '1 day' as c, bytea '\\x00' as d, 0.1234567::real as e",
        *(f"alter role clerk set {name} = {value}" for name, value in settings.items()),
    )
    columns = [{"name": name} for name in "abcde"]
    shop_database.declare(shop_database.table(key=None, columns=columns))
    try:
        shop_database.loaded()
    finally:
        shop_database.run("alter role clerk reset all")
    values = ("2024-03-09 00:00:00+00", "2024-03-09", "1 day", "\\x00", "0.1234567")
    assert shop_database.rows() == [values]
