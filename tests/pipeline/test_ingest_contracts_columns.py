"""Columns that are new, that went, or that are stored in another type: added, passed over, or refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.pipeline.csv_shop import CsvShop
from tests.pipeline.file_drops import COLUMNS, FileDrops
from tests.pipeline.rest_lake import RestLake, order, orders_table
from tests.pipeline.scripted_api import page, scripted_api


def drop(shop: FileDrops, name: str, rows: list[dict[str, Any]]) -> None:
    """`rows` as a file of the shop's kind; a key that a row has not is empty."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    if shop.kind == "json":
        shop.drop(f"{name}.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    elif shop.kind == "csv":
        lines = [
            ",".join(str(row.get(key, "")) for key in keys)
            for row in [dict(zip(keys, keys, strict=True)), *rows]
        ]
        shop.drop(f"{name}.csv", "\n".join(lines) + "\n")
    else:
        made = " union all by name ".join(
            "select "
            + ", ".join(
                f"'{value}' as \"{key}\"" if isinstance(value, str) else f'{value} as "{key}"'
                for key, value in row.items()
            )
            for row in rows
        )
        shop.drop_parquet(f"{name}.parquet", made)


def seen(shop: CsvShop, columns: str) -> list[tuple[Any, ...]]:
    """The rows that count, from files with different columns."""
    live = {each.load_id for each in shop.manifest().live_inputs("shop", "sales")}
    records = [each for each in shop.manifest().records if each.load_id in live]
    paths = [str(shop.lake / file.path) for record in records for file in record.files]
    return duckdb.execute(
        f"select {columns} from read_parquet($1, union_by_name = true, hive_partitioning = false) "
        "order by all",
        [paths],
    ).fetchall()


KINDS = pytest.mark.parametrize("kind", ["csv", "json", "parquet"])


@KINDS
def test_a_new_column_is_added_as_text_and_keeps_its_name(tmp_path: Path, kind: str) -> None:
    shop = FileDrops(tmp_path, kind=kind)
    shop.declare_table(on_new_column="add")
    drop(shop, "a", [{"id": "a", "amount": 1}])
    drop(shop, "b", [{"id": "b", "Größe (cm)": 7.5, "amount": 2, "ID 2": "x"}])
    said: list[str] = []
    assert shop.ingest(on_progress=said.append).failed == []
    assert seen(shop, "id, amount, grosse_cm, id_2") == [
        ("a", 1, None, None),
        ("b", 2, "7.5", "x"),
    ]
    (line,) = [each for each in said if "added" in each]
    assert line == (
        "shop.sales: 2 new columns were added as text; to declare it, write under columns: "
        '{name: grosse_cm, header: "Größe (cm)"}, {name: id_2, header: "ID 2"}'
    )
    (record,) = shop.manifest().records
    assert [(each.name, each.header) for each in record.added] == [
        ("grosse_cm", "Größe (cm)"),
        ("id_2", "ID 2"),
    ]
    assert [each.name for each in record.schema] == ["id", "amount", "grosse_cm", "id_2", "_file"]
    # Another header that would be called the same gets another name, in this load and in later ones.
    drop(shop, "c", [{"id": "c", "amount": 3, "id-2": "y"}])
    drop(shop, "d", [{"id": "d", "amount": 4, "ID 2": "z", "ID.2": "w"}])
    assert shop.ingest().failed == []
    assert seen(shop, "id, id_2, id_2_2, id_2_3")[1:] == [
        ("b", "x", None, None),
        ("c", None, None, "y"),
        ("d", "z", "w", None),
    ]


@KINDS
def test_a_new_column_is_passed_over_and_told(tmp_path: Path, kind: str) -> None:
    shop = FileDrops(tmp_path, kind=kind)
    shop.declare_table(on_new_column="ignore")
    drop(shop, "a", [{"note": "n", "id": "a", "amount": 1}])
    drop(shop, "b", [{"id": "b", "remark": "r", "amount": 2}])
    said: list[str] = []
    assert shop.ingest(on_progress=said.append).failed == []
    assert "shop.sales: not declared, so not loaded: note, remark" in said
    assert shop.rows() == [("a", 1), ("b", 2)]


@KINDS
def test_a_new_column_refuses_its_file_and_the_setting_is_named(tmp_path: Path, kind: str) -> None:
    shop = FileDrops(tmp_path, kind=kind)
    shop.declare_table(on_new_column="refuse")
    drop(shop, "a", [{"id": "a", "amount": 1}])
    drop(shop, "b", [{"id": "b", "amount": 2, "note": "n"}])
    error = str(shop.ingest().tables[0].error)
    assert error.startswith("drops/b.")
    assert "'note'" in error
    assert "on_new_column: add" in error
    assert shop.rows() == [("a", 1)]


@KINDS
def test_a_missing_column_is_empty_or_refuses_its_file(tmp_path: Path, kind: str) -> None:
    shop = FileDrops(tmp_path, kind=kind)
    drop(shop, "a", [{"id": "a", "amount": 1}])
    drop(shop, "b", [{"id": "b"}])
    shop.declare_table()
    error = str(shop.ingest().tables[0].error)
    assert error.startswith("drops/b.")
    assert "on_missing_column: null" in error
    shop.declare_table(on_missing_column=None)  # YAML's null, without quotes
    assert shop.ingest().failed == []
    assert shop.rows() == [("a", 1), ("b", None)]


@KINDS
def test_what_must_not_be_empty_must_be_there(tmp_path: Path, kind: str) -> None:
    shop = FileDrops(tmp_path, kind=kind)
    strict = [COLUMNS[0], {**COLUMNS[1], "nullable": False}]
    shop.declare_table(strict, on_missing_column="null")
    drop(shop, "a", [{"id": "a"}])
    assert "'amount'" in shop.error()


def test_a_file_of_another_table_is_refused_whatever_may_be_new_or_missing(tmp_path: Path) -> None:
    shop = FileDrops(tmp_path)
    shop.declare_table(on_new_column="add", on_missing_column="null")
    shop.drop("a.csv", "id,amount,\na,1,x\n")
    assert "column 3 of 3 has no name" in shop.error()
    shop.drop("a.csv", "sku,pieces\na,1\n")
    assert "the columns 'id', 'amount' are not there" in shop.error()


def test_a_rejected_row_keeps_the_text_of_columns_that_are_passed_over(tmp_path: Path) -> None:
    shop = FileDrops(tmp_path)
    shop.declare_table(on_new_column="ignore", on_missing_column="null")
    shop.drop("a.csv", 'note,amount\n"x, y",1\nz,two\n')
    shop.ingest()
    assert [each.original_text for each in shop.rejected()] == ["z,two"]
    shop.declare_table(
        [{"name": "id"}, {"name": "amount"}], on_new_column="add", on_missing_column="null"
    )
    (result,) = shop.ingest(replay_rejected=True).tables
    assert result.rows_replayed == 1
    assert seen(shop, "id, amount::varchar, note") == [(None, "1", None), (None, "two", "z")]


@pytest.mark.parametrize(
    ("stored", "is_other"),
    [("1::integer", False), ("1::bigint", False), ("1.0::double", True), ("'1'", True)],
)
def test_another_stored_type_is_cast_or_refused(
    tmp_path: Path, stored: str, is_other: bool
) -> None:
    shop = FileDrops(tmp_path, kind="parquet")
    shop.drop_parquet("a.parquet", f"select 'a' as id, {stored} as amount")
    shop.declare_table(on_type_change="refuse")
    if is_other:
        error = shop.error()
        assert "the column 'amount' holds " in error
        assert "on_type_change: cast" in error
        shop.declare_table()
    assert shop.ingest().failed == []
    assert shop.rows() == [("a", 1)]


def test_an_api_adds_names_at_the_top_of_its_records(tmp_path: Path) -> None:
    lake = RestLake(tmp_path)
    lines = {"name": "lines", "path": "lines", "columns": [{"name": "sku"}]}
    records = [order(1, gift={"to": "Ann"}, lines=[{"sku": "x", "lot": 1}]), order(2)]
    table = orders_table(children=[lines], on_new_column="add")
    with scripted_api(lambda asked: page(records)) as api:
        lake.declare(api.url, table)
        assert lake.ingest().failed == []
        assert lake.rows(columns="order_id, gift") == [("A1", '{"to":"Ann"}'), ("A2", None)]
        assert lake.rows("lines") == [("A1", "x", 0)]
        assert any("{name: gift}" in line for line in lake.said)
        assert "web.orders.lines: not declared, so not loaded: lot" in lake.said
        lake.declare(api.url, {**table, "on_new_column": "refuse"})
        assert "'gift', not declared" in str(lake.ingest().failed[0].error)
