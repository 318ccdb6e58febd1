"""JSON files: documents and lines, known by content, with their nested lists as tables of their own."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ingest.json import files as json_files
from tests.pipeline.csv_shop import Rejected
from tests.pipeline.file_drops import COLUMNS, FileDrops

LINES: dict[str, Any] = {
    "name": "lines",
    "path": "basket.lines",
    "columns": [{"name": "sku"}, {"name": "pieces", "type": "integer"}],
}


@pytest.fixture
def shop(tmp_path: Path) -> FileDrops:
    shop = FileDrops(tmp_path / "shop", kind="json")
    shop.declare_table()
    return shop


def sale(number: str, amount: object, *lines: dict[str, Any]) -> dict[str, Any]:
    return {"id": number, "amount": amount, "basket": {"lines": list(lines)}}


def test_lines_and_documents_load_together_and_once(shop: FileDrops) -> None:
    shop.drop("a.jsonl", '\ufeff{"id": "a", "amount": 1}\r\n\r\n{"amount": "2", "id": "b"}')
    shop.drop("b.ndjson", '{"id": "ü", "amount": null}\n')
    path = shop.drop("c[1].json", '[{"id": "c", "amount": 3.0}]')
    result = shop.ingest().tables[0]
    assert (result.inputs_loaded, result.rows_read, result.rows_loaded) == (3, 4, 4)
    assert shop.rows() == [("a", 1), ("b", 2), ("c", 3), ("ü", None)]
    path.rename(path.with_name("renamed.json"))
    again = shop.ingest().tables[0]
    assert (again.load_id, again.inputs_skipped, again.error) == (None, 3, None)
    assert shop.manifest().records[0].kind == "json"


def test_what_is_no_record_is_rejected_with_its_line(shop: FileDrops) -> None:
    good = '{"id": "a", "amount": 1}'
    shop.drop("a.jsonl", f'{good}\n\n{{"id": "b", "amo\n[1]\n{{"id": "c", "amount": 1.5}}\n{good}')
    shop.drop("b.json", f"[{good}, 7]")
    result = shop.ingest().tables[0]
    assert (result.rows_read, result.rows_loaded, result.rows_rejected) == (7, 3, 4)
    no_object = "no object with named values"
    assert shop.rejected() == [
        Rejected("drops/a.jsonl", 3, None, "the line is no JSON", '{"id": "b", "amo'),
        Rejected("drops/a.jsonl", 4, None, f"the line is {no_object}", "[1]"),
        Rejected(
            "drops/a.jsonl",
            5,
            "amount",
            "amount: '1.5' is not a whole number",
            '{"id": "c", "amount": 1.5}',
        ),
        Rejected("drops/b.json", None, None, f"the record is {no_object}", "7"),
    ]


def test_more_rejects_than_max_rejected_load_nothing(shop: FileDrops) -> None:
    shop.declare_table(max_rejected=0.4)
    shop.drop("a.jsonl", '{"id": "a", "amount": 1}\nbroken\n')
    assert "1 of 2 rows do not fit" in (error := shop.error())
    assert "for example drops/a.jsonl, line 2: the line is no JSON" in error
    assert shop.manifest().records == []


@pytest.mark.parametrize("small", [16 << 20, 0], ids=["by Python", "by DuckDB"])
def test_a_bad_document_is_refused_and_the_others_load(
    shop: FileDrops, monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    monkeypatch.setattr(json_files, "_SMALL_BYTES", small)
    shop.declare_table(data_selector="result.sales")
    whole = json.dumps({"result": {"sales": [{"id": "a", "amount": 1}]}})
    shop.drop("cut.json", whole[:-3])
    shop.drop("flat.json", "[]")
    shop.drop("lines.jsonl", "{}\n")
    shop.drop("none.json", '{"result": {"sales": []}}')
    shop.drop("whole.json", whole)
    error = str(shop.ingest().tables[0].error)
    assert error.startswith("shop.sales: 4 files were refused; the first: drops/cut.json: ")
    assert "the file is no JSON, or it was cut off" in error
    assert shop.rows() == [("a", 1)]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.json", b'{"rows": []}', "the file has no list at 'its top level'"),
        ("a.json", b"[]", "the file has no rows"),
        ("a.jsonl", b"\n \n", "the file has no rows"),
        ("a.jsonl", b'{"id": "a"}\n', "no record has 'amount', which the table declares"),
        ("a.jsonl", b'{"id": "a", "amount": 1}\n{"id": "\xe4"}\n', "line 2 is not UTF-8 text"),
        ("a.json", b'[{"id": "a"},]', "line 1, column"),
        ("a.csv", b"id,amount\n", "no JSON file is there"),
    ],
)
def test_a_file_that_cannot_be_this_table_says_why(
    shop: FileDrops, name: str, content: bytes, sentence: str
) -> None:
    shop.drop(name, content)
    assert sentence in shop.error()


def test_a_file_without_a_declared_name_is_refused_beside_one_that_has_it(
    shop: FileDrops,
) -> None:
    shop.drop("bad.jsonl", '{"id": "a", "amounts": 1}\n')
    shop.drop("good.jsonl", '{"id": "b", "amount": 2}\n{"id": "c"}\n')
    error = str(shop.ingest().tables[0].error)
    assert error.startswith("drops/bad.jsonl: no record has 'amount', which the table declares")
    assert shop.rows() == [("b", 2), ("c", None)]


def test_nested_lists_become_rows_with_the_key_of_their_parent(shop: FileDrops) -> None:
    columns = [{"name": "id"}, {"name": "amount", "type": "decimal(9,2)"}]
    shop.declare_table(columns, key=["id"], children=[LINES], data_selector="sales")
    sales = [
        sale("a", "1.50", {"sku": "x", "pieces": 1}, {"sku": "y", "pieces": "two"}),
        sale("b", "2.50", {"sku": "z", "pieces": 3}),
        sale("", "9.99", {"sku": "lost", "pieces": 1}),
    ]
    shop.drop("a.json", json.dumps({"sales": sales}))
    result = shop.ingest()
    figures = [(each.rows_read, each.rows_loaded, each.rows_rejected) for each in result.tables]
    assert figures == [(3, 2, 1), (3, 2, 1)]
    assert shop.rows() == [("a", Decimal("1.50")), ("b", Decimal("2.50"))]
    assert shop.rows("lines") == [("a", "x", 1, 0), ("b", "z", 3, 0)]
    sales[1] = sale("b", "2.50", {"sku": "z", "pieces": 4})
    shop.drop("a.json", json.dumps({"sales": sales}))
    shop.ingest()
    assert shop.rows("lines") == [("a", "x", 1, 0), ("b", "z", 4, 0)]
    assert shop.ingest().tables[1].load_id is None


def test_a_child_that_is_no_list_refuses_its_file_alone(shop: FileDrops) -> None:
    shop.declare_table(key=["id"], children=[LINES])
    shop.drop("bad.jsonl", '{"id": "a", "amount": 1, "basket": {"lines": "none"}}\n')
    shop.drop("good.jsonl", json.dumps(sale("b", 2, {"sku": "z", "pieces": 3})) + "\n")
    error = str(shop.ingest().tables[0].error)
    assert error.startswith("drops/bad.jsonl: basket.lines: in 1 records this is no list")
    assert shop.rows() == [("b", 2)]
    assert shop.rows("lines") == [("b", "z", 3, 0)]


def test_a_child_declared_later_is_filled_from_the_files_that_are_there(shop: FileDrops) -> None:
    shop.drop("a.jsonl", json.dumps(sale("a", 1, {"sku": "x", "pieces": 1})) + "\n")
    shop.ingest()
    shop.declare_table(COLUMNS, key=["id"], children=[LINES])
    (shop.folder / "drops" / "a.jsonl").rename(shop.folder / "drops" / "renamed.jsonl")
    shop.ingest()
    assert shop.rows() == [("a", 1)]
    assert shop.rows("lines") == [("a", "x", 1, 0)]
    assert shop.ingest().tables[0].load_id is None
