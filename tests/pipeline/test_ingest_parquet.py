"""Parquet files: known by content, found by column names, copied without being bent."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.pipeline.csv_shop import Rejected
from tests.pipeline.file_drops import FileDrops

A = "select 'a' as id, 1::bigint as amount"
B = "select 'b' as id, 2::bigint as amount"


@pytest.fixture
def shop(tmp_path: Path) -> FileDrops:
    shop = FileDrops(tmp_path / "shop", kind="parquet")
    shop.declare_table()
    return shop


def test_a_file_is_loaded_once_and_known_under_another_name(shop: FileDrops) -> None:
    path = shop.drop_parquet("a.parquet", A)
    assert shop.ingest().tables[0].rows_loaded == 1
    path.rename(path.with_name("renamed.parquet"))
    again = shop.ingest().tables[0]
    assert (again.load_id, again.inputs_skipped, again.error) == (None, 1, None)
    shop.drop_parquet("b.parquet", B)
    assert shop.ingest().tables[0].inputs_loaded == 1
    assert shop.rows() == [("a", 1), ("b", 2)]
    assert shop.manifest().records[0].kind == "parquet"


def test_a_changed_file_replaces_its_former_version(shop: FileDrops) -> None:
    shop.drop_parquet("a.parquet", A)
    shop.drop_parquet("b.parquet", B)
    first = shop.ingest().tables[0]
    shop.drop_parquet("a.parquet", f"{A} union all select 'c', 3")
    shop.ingest()
    newest = shop.manifest().records[-1]
    assert [(each.load_id, each.path) for each in newest.supersedes] == [
        (first.load_id, "drops/a.parquet")
    ]
    assert shop.rows() == [("a", 1), ("b", 2), ("c", 3)]


def test_columns_are_found_by_name_in_any_order_and_capitals(shop: FileDrops) -> None:
    shop.declare_table(
        [
            {"name": "upper", "header": "Id"},
            {"name": "lower", "header": "id"},
            {"name": "file", "header": "_file"},
        ]
    )
    path = shop.drop("a.parquet", b"")
    parquet.write_table(pa.table({"_file": ["f1"], "id": ["l1"], "Id": ["u1"]}), path)
    parquet.write_table(
        pa.table({"Id": ["u2"], "id": ["l2"], "_file": ["f2"]}), path.with_name("b.parquet")
    )
    shop.ingest()
    assert shop.rows() == [("u1", "l1", "f1"), ("u2", "l2", "f2")]


@pytest.mark.parametrize(
    ("select", "sentence"),
    [
        ("select 'a' as id", "the column 'amount' is not there"),
        (f"{A}, 3 as extra", "the column 'extra' is not declared"),
        (
            "select 'a' as id, 1::bigint as amounts",
            "If 'amounts' is the new name of 'amount', write header: amounts at that column.",
        ),
        ("select 'a' as id, true as amount", "holds BOOLEAN, of which none is a whole number"),
        ("select 'a' as id, [1, 2] as amount", "holds lists or blocks"),
        (f"select * from ({A}) limit 0", "the file has no rows"),
    ],
)
def test_a_file_of_another_shape_is_refused(shop: FileDrops, select: str, sentence: str) -> None:
    shop.drop_parquet("bad.parquet", select)
    assert sentence in (error := shop.error())
    assert error.startswith("drops/bad.parquet: ")


@pytest.mark.parametrize(
    ("declared", "stored"),
    [
        ("boolean", "date '2024-03-09'"),
        ("boolean", "1::double"),
        ("date", "20240309"),
        ("timestamp", "1709985600.0::double"),
        ("integer", "timestamp '2024-03-09 12:00:00'"),
        ("text", "'a'::blob"),
        ("text", "{'a': 1}"),
    ],
)
def test_a_column_that_never_is_of_the_declared_type_refuses_the_file(
    shop: FileDrops, declared: str, stored: str
) -> None:
    shop.declare_table([{"name": "v", "type": declared}])
    shop.drop_parquet("a.parquet", f"select {stored} as v")
    assert shop.error().startswith("drops/a.parquet: the column 'v' holds ")


def test_what_is_cut_off_or_no_parquet_is_refused_and_the_others_load(shop: FileDrops) -> None:
    whole = shop.drop_parquet("whole.parquet", A).read_bytes()
    for keep in (0, 3, -1, -9):
        shop.drop(f"cut{keep}.parquet", whole[:keep])
    shop.drop("words.parquet", "id,amount\na,1\n")
    result = shop.ingest().tables[0]
    assert str(result.error).startswith("shop.sales: 5 files were refused; the first: drops/cut-1")
    assert "the file is no Parquet file, or it was cut off" in str(result.error)
    assert shop.rows() == [("a", 1)]


def test_a_file_that_is_broken_within_is_refused_and_the_others_load(shop: FileDrops) -> None:
    rows = "select md5(i::varchar) as id, i as amount from range(5000) t(i)"
    path = shop.drop_parquet("broken.parquet", rows, ", compression zstd")
    shop.drop_parquet("whole.parquet", B)
    content = bytearray(path.read_bytes())
    content[200:4000] = bytes(3800)
    path.write_bytes(content)
    result = shop.ingest().tables[0]
    assert "drops/broken.parquet: the file is broken within" in str(result.error)
    assert shop.rows() == [("b", 2)]


def test_what_does_not_fit_is_rejected_with_its_row_and_original_text(shop: FileDrops) -> None:
    shop.declare_table(
        [
            {"name": "id", "header": "Id", "nullable": False},
            {"name": "amount", "type": "decimal(9,2)"},
        ]
    )
    shop.drop_parquet(
        "a.parquet",
        "from (values ('a', 1.5000::decimal(18,4)), ('b', 1.2345), (null, 2), ('', 3), ('c', null)) "
        "t(Id, amount)",
    )
    result = shop.ingest().tables[0]
    assert (result.rows_read, result.rows_loaded, result.rows_rejected) == (5, 2, 3)
    assert shop.rows() == [("a", Decimal("1.50")), ("c", None)]
    number = "a number with at most 7 digits before and 2 after the point"
    assert shop.rejected() == [
        Rejected(
            "drops/a.parquet",
            2,
            "amount",
            f"amount: '1.2345' is not {number}",
            '{"Id":"b","amount":"1.2345"}',
        ),
        Rejected("drops/a.parquet", 3, "id", "id is empty", '{"Id":null,"amount":"2.0000"}'),
        Rejected("drops/a.parquet", 4, "id", "id is empty", '{"Id":null,"amount":"3.0000"}'),
    ]


def test_more_rejects_than_max_rejected_load_nothing(shop: FileDrops) -> None:
    shop.declare_table(max_rejected=0.4)
    shop.drop_parquet("a.parquet", "from (values ('a', '1'), ('b', 'two')) t(id, amount)")
    assert "1 of 2 rows do not fit" in (error := shop.error())
    assert "for example drops/a.parquet, row 2: amount: 'two' is not a whole number" in error
    assert shop.manifest().records == []


NOON = datetime.datetime.fromisoformat("2024-03-09T12:00:00")
CASES: list[tuple[str, str, object]] = [
    ("integer", "12::double", 12),
    ("integer", "12.5::double", None),
    ("integer", "9223372036854775808::ubigint", None),
    ("integer", "7::utinyint", 7),
    ("integer", "' 7 '", 7),
    ("double", "9007199254740993::bigint", None),
    ("double", "9007199254740992::bigint", 9007199254740992.0),
    ("double", "'nan'::double", None),
    ("double", "'inf'::float", None),
    ("decimal(18,4)", "0.1::double", Decimal("0.1")),
    ("decimal(18,4)", "1.23456::double", None),
    ("decimal(4,2)", "123.4::decimal(9,1)", None),
    ("boolean", "1::tinyint", True),
    ("boolean", "2::tinyint", None),
    ("date", "timestamp '2024-03-09 00:00:00'", datetime.date(2024, 3, 9)),
    ("date", "timestamp '2024-03-09 00:00:01'", None),
    ("timestamp", "timestamptz '2024-03-09 14:00:00+02'", NOON),
    ("timestamp", "'2024-03-09T14:00:00+02:00'::timestamptz::varchar", NOON),
    ("timestamp", "date '2024-03-09'", NOON.replace(hour=0)),
    (
        "timestamp",
        "'2024-03-09 12:00:00.123456'::timestamp_ns",
        NOON.replace(microsecond=123456),
    ),
    ("timestamp", "'2024-03-09 12:00:00.123456789'::timestamp_ns", None),
    ("text", "12::integer", "12"),
    ("text", "0.10::decimal(4,2)", "0.10"),
    ("text", "''", ""),
]


def test_a_stored_value_is_kept_exactly_or_rejected(shop: FileDrops) -> None:
    """One row per case, in which only the column of that case is filled."""
    shop.declare_table([{"name": f"v{at}", "type": case[0]} for at, case in enumerate(CASES)])
    rows = (f"select {stored} as v{at}" for at, (_, stored, _) in enumerate(CASES))
    shop.drop_parquet("a.parquet", " union all by name ".join(rows))
    shop.ingest()
    found = {
        f"v{at}": value for row in shop.rows() for at, value in enumerate(row) if value is not None
    }
    wanted = {f"v{at}": kept for at, (_, _, kept) in enumerate(CASES)}
    assert found == {name: kept for name, kept in wanted.items() if kept is not None}
    rejected = {each.column for each in shop.rejected()}
    assert rejected == {name for name, kept in wanted.items() if kept is None}


def test_files_that_store_a_column_differently_load_together(shop: FileDrops) -> None:
    shop.drop_parquet("a.parquet", "select 1::integer as amount, 'a' as id")
    shop.drop_parquet("b.parquet", "select 'b' as id, '2' as amount")
    shop.drop_parquet("c[1].parquet", "select 'c' as id, 3.5::double as amount")
    result = shop.ingest().tables[0]
    assert (result.rows_read, result.rows_loaded, result.rows_rejected) == (3, 2, 1)
    assert shop.rows() == [("a", 1), ("b", 2)]
    assert [(each.path, each.rows_rejected) for each in shop.manifest().records[0].inputs] == [
        ("drops/a.parquet", 0),
        ("drops/b.parquet", 0),
        ("drops/c[1].parquet", 1),
    ]


def test_a_folder_without_parquet_files_says_so(shop: FileDrops) -> None:
    shop.drop("a.csv", "id,amount\n")
    assert "no Parquet file is there" in (error := shop.error())
    assert "its name must end in .parquet" in error
