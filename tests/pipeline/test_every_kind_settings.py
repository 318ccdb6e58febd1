"""What a table may hold is the same for every kind of source, or is refused where it is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from configuration.errors import ConfigurationError
from ingest.declaration.sources_file import load_sources_file
from tests.pipeline.every_kind import COLUMNS, KINDS, Shop, shop_of

# What csv, parquet, json and rest_api do with columns is tested in test_ingest_contracts_columns.py.
WITH_COLUMNS = ("excel", "postgres", "postgres_cdc")


@pytest.fixture
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    """A shop of the kind that the test is parametrized with."""
    with shop_of(request.param, tmp_path / "shop", request) as found:
        yield found


def kinds(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("shop", names, indirect=True)


@kinds(*KINDS)
def test_a_rule_rejects_a_row_with_its_reason(shop: Shop) -> None:
    shop.declare(
        {"name": "id", "pattern": "[a-z]"},
        {"name": "channel", "allowed": ["stall", "web"]},
        {"name": "amount", "type": "integer", "min": 1, "nullable": False},
        max_rejected=4,
    )
    sale = {"id": "a", "channel": "web", "amount": 1}
    shop.put([sale, {**sale, "id": "b", "channel": "fax"}, {**sale, "id": "c", "amount": 0}])
    shop.put([{**sale, "id": "D"}, {**sale, "id": "e", "channel": "fax", "amount": -5}])
    result = shop.load()
    assert (result.rows_read, result.rows_loaded, result.rows_rejected) == (5, 1, 4)
    assert shop.rows() == [("a", 1)]
    assert [(column, reason.partition(" (record")[0]) for column, reason in shop.rejected()] == [
        ("amount", "amount: '0' is not at least 1"),
        ("channel", "channel: 'fax' is not one of stall, web"),
        (
            "channel, amount",
            "channel: 'fax' is not one of stall, web; amount: '-5' is not at least 1",
        ),
        ("id", "id: 'D' is not text like [a-z]"),
    ]


@kinds(*WITH_COLUMNS, "events", "kinesis")
def test_more_rejected_rows_than_allowed_load_nothing(shop: Shop) -> None:
    shop.declare(COLUMNS[0], {**COLUMNS[1], "max": 5}, max_rejected=1)
    shop.put([{"id": "a", "amount": 1}, {"id": "b", "amount": 6}, {"id": "c", "amount": 7}])
    assert "2 of 3 rows do not fit the declared columns, more than max_rejected (1 row)" in (
        shop.refused()
    )


@kinds(*WITH_COLUMNS, "kinesis")
def test_a_new_column_is_added_as_text_under_a_name_that_stays(shop: Shop) -> None:
    shop.declare(on_new_column="add")
    shop.put([{"id": "a", "amount": 1}])
    shop.load()
    shop.put([{"id": "b", "amount": 2, "Note 1": "x"}])
    shop.load()
    shop.put([{"id": "c", "amount": 3, "Note 1": "y", "Note 2": 7}])
    shop.load()
    expected = {"b": ("x", None), "c": ("y", "7")}
    assert {row[0]: row[1:] for row in shop.rows("id, note_1, note_2") if row[0] != "a"} == expected
    assert [(each.name, each.header) for each in shop.records()[-1].added] == [
        ("note_1", "Note 1"),
        ("note_2", "Note 2"),
    ]
    assert any("added as text" in said and "note_1" in said for said in shop.said)


@kinds(*WITH_COLUMNS, "kinesis")
def test_a_new_column_is_passed_over_and_told(shop: Shop) -> None:
    shop.declare(on_new_column="ignore")
    shop.put([{"id": "a", "amount": 1, "Note 1": "x"}])
    shop.load()
    assert "shop.sales: not declared, so not loaded: Note 1" in shop.said
    assert shop.rows() == [("a", 1)]
    assert "Note 1" not in str(shop.records()[0].schema)


@kinds(*WITH_COLUMNS)
def test_a_new_column_is_refused_and_the_setting_named(shop: Shop) -> None:
    shop.declare(on_new_column="refuse")
    shop.put([{"id": "a", "amount": 1}])
    shop.load()
    shop.put([{"id": "b", "amount": 2, "Note 1": "x"}])
    said = shop.refused()
    assert "'Note 1'" in said
    assert "on_new_column: add" in said
    # Nothing is lost: once it is allowed, what waited is loaded.
    shop.declare(on_new_column="ignore")
    shop.load()
    assert shop.rows() == [("a", 1), ("b", 2)]


@kinds(*WITH_COLUMNS, "events", "kinesis")
def test_a_missing_column_is_empty(shop: Shop) -> None:
    shop.declare(*COLUMNS, {"name": "note"}, on_missing_column="null")
    shop.put([{"id": "a", "amount": 1, "note": "x"}])
    shop.load()
    shop.put([{"id": "b", "amount": 2}])
    shop.load()
    assert {row[:2] for row in shop.rows("id, amount")} == {("a", 1), ("b", 2)}
    assert shop.rows("id, amount, note")[-1] == ("b", 2, None)


@kinds(*WITH_COLUMNS)
def test_a_missing_column_is_refused_unless_it_may_be_missing(shop: Shop) -> None:
    shop.declare(*COLUMNS, {"name": "note"})
    shop.put([{"id": "a", "amount": 1, "note": "x"}])
    shop.load()
    shop.put([{"id": "b", "amount": 2}])
    assert "note" in shop.refused()
    # What must not be empty must be there, whatever is allowed to be missing.
    shop.declare(*COLUMNS, {"name": "note", "nullable": False}, on_missing_column="null")
    assert "note" in shop.refused()


@kinds(*WITH_COLUMNS, "json", "rest_api")
def test_what_has_none_of_the_columns_is_another_table_whatever_may_be_missing(shop: Shop) -> None:
    # Only a followed table must have a key, which may never be missing.
    key = ["sku"] if shop.kind == "postgres_cdc" else []
    shop.declare({"name": "sku"}, {"name": "pieces"}, key=key, on_missing_column="null")
    shop.put([{"id": "a", "amount": 1}])
    assert shop.ingest().error is not None
    assert shop.records() == []


@kinds("parquet", "postgres", "postgres_cdc")
def test_a_column_of_another_type_is_cast_or_refused(shop: Shop) -> None:
    shop.declare(COLUMNS[0], {"name": "amount", "type": "date"}, on_type_change="refuse")
    shop.put([{"id": "a", "amount": "2024-05-04"}])
    said = shop.refused()
    assert "'amount'" in said
    assert "on_type_change: cast" in said
    shop.declare(COLUMNS[0], {"name": "amount", "type": "date"})
    assert shop.load().rows_loaded == 1
    # Another width is no other type.
    shop.declare(COLUMNS[0], {"name": "amount", "type": "text"}, on_type_change="refuse")
    shop.load(reload=True)
    assert shop.rows() == [("a", "2024-05-04")]


@kinds("postgres", "postgres_cdc")
def test_a_type_that_changes_later_is_refused_and_loses_nothing(shop: Shop) -> None:
    shop.declare(on_type_change="refuse")
    shop.put([{"id": "a", "amount": 1}])
    shop.load()
    shop.put([{"id": "b", "amount": 2}])
    table = shop.put
    server = table.server  # type: ignore[attr-defined]
    server.run(f"alter table {shop.table['table']} alter column amount type text")
    assert "is text in the database, not integer as declared" in shop.refused()
    shop.declare()
    shop.load()
    assert shop.rows() == [("a", 1), ("b", 2)]


SENSELESS: list[tuple[str, dict[str, Any], str]] = [
    *((kind, {"on_type_change": "refuse"}, "leave it out") for kind in ("csv", "json", "excel")),
    *((kind, {"on_type_change": "refuse"}, "leave it out") for kind in ("events", "kinesis")),
    ("rest_api", {"on_type_change": "refuse"}, "leave it out"),
    ("events", {"on_new_column": "add"}, "kept whole in the column _payload"),
    ("events", {"on_new_column": "refuse"}, "kept whole in the column _payload"),
    ("events", {"on_missing_column": "refuse"}, "write nullable: false"),
    ("kinesis", {"on_new_column": "refuse"}, "write add or ignore"),
    ("kinesis", {"on_missing_column": "refuse"}, "write nullable: false"),
]
NEEDED = {
    "rest_api": {"base_url": "https://example.com"},
    "kinesis": {"stream": "sales", "region": "eu-west-1"},
}


@pytest.mark.parametrize(("kind", "settings", "why"), SENSELESS)
def test_a_setting_that_says_nothing_to_a_kind_is_refused_in_its_line(
    kind: str, settings: dict[str, Any], why: str, tmp_path: Path
) -> None:
    table = {} if kind == "kinesis" else {"path": "/sales"}
    shop = Shop(kind, tmp_path, NEEDED.get(kind, {}), table, lambda sales: None)
    shop.declare(**settings)
    with pytest.raises(ConfigurationError) as caught:
        load_sources_file(shop.folder / "sources.yml", {})
    (problem,) = caught.value.problems
    (name,) = settings
    assert f".{name}: " in str(problem)
    assert why in str(problem)
    shop.declare()
    load_sources_file(shop.folder / "sources.yml", {})
