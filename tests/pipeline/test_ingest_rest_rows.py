"""What becomes of an API's records: typed rows, child rows, and rejected rows with their reason."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ingest.results import TableResult
from tests.pipeline.rest_lake import ORDER_COLUMNS, RestLake, order, orders_table
from tests.pipeline.scripted_api import page, scripted_api

MOMENT = dt.datetime(2025, 3, 1, 10)  # noqa: DTZ001 - UTC, naive as in the lake
LINES = {
    "name": "orders__lines",
    "path": "lines",
    "columns": [{"name": "sku"}, {"name": "quantity", "type": "integer"}],
}


@pytest.fixture
def lake(tmp_path: Path) -> RestLake:
    return RestLake(tmp_path)


def load(lake: RestLake, records: list[Any], table: Mapping[str, Any]) -> list[TableResult]:
    with scripted_api(lambda asked: page(records)) as api:
        lake.declare(api.url, table)
        return lake.ingest().tables


def load_error(lake: RestLake, records: list[Any], table: Mapping[str, Any]) -> str:
    with scripted_api(lambda asked: page(records)) as api:
        lake.declare(api.url, table)
        return lake.refused()


# -- columns


def test_a_column_that_no_record_has_any_more_is_an_error_that_knows_its_new_name(
    lake: RestLake,
) -> None:
    records = [{**order(n), "state": "paid"} for n in (1, 2)]
    for record in records:
        del record["status"]
    error = load_error(lake, [{**one, "statuses": "paid"} for one in records], orders_table())
    assert "no record has 'status', which the table declares" in error
    assert "write header: statuses there" in error


def test_a_column_that_some_records_lack_is_empty_there(lake: RestLake) -> None:
    without = order(2)
    del without["status"]
    load(lake, [order(1), without], orders_table())
    assert lake.rows(columns="order_id, status") == [("A1", "paid"), ("A2", None)]


def test_a_column_that_is_new_is_reported_and_not_loaded(lake: RestLake) -> None:
    (result,) = load(lake, [order(1, vat_id="ES1", gift=True)], orders_table())
    assert result.error is None
    assert "web.orders: not declared, so not loaded: gift, vat_id" in lake.said
    assert [column.name for column in lake.records()[0].schema] == [
        *(column["name"] for column in ORDER_COLUMNS),
        "_file",
    ]


def test_a_column_may_stand_deeper_in_the_record_and_under_another_name(lake: RestLake) -> None:
    columns = [{"name": "order_id", "header": "Order-No."}, {"name": "city", "header": "to.city"}]
    record = {"Order-No.": 7, "to": {"city": "Jaén"}}
    # a dot in a header is a step, so this one is looked for below "Order-No"
    assert "no record has 'Order-No'" in load_error(lake, [record], orders_table(columns=columns))
    columns[0]["header"] = "Order-No"
    load(lake, [{"Order-No": 7, "to": {"city": "Jaén"}}], orders_table(columns=columns))
    assert lake.rows() == [("7", "Jaén")]


def test_values_arrive_exactly_or_not_at_all(lake: RestLake) -> None:
    columns = [
        {"name": "order_id"},
        {"name": "money", "type": "decimal(18,4)"},
        {"name": "whole", "type": "integer"},
        {"name": "yes", "type": "boolean"},
        {"name": "day", "type": "date"},
        {"name": "moment", "type": "timestamp"},
    ]
    record = {
        "order_id": "  A1 ",
        "money": "12345678901234.5678",
        "whole": 9_007_199_254_740_993,  # one more than a double can hold
        "yes": False,
        "day": "2024-02-29",
        "moment": "2025-03-01T12:00:00.25+02:00",
    }
    as_number = {**record, "order_id": "A2", "money": 12.3, "whole": "-4", "moment": None}
    load(lake, [record, as_number], orders_table(columns=columns))
    moment = dt.datetime(2025, 3, 1, 10, 0, 0, 250_000)  # noqa: DTZ001 - UTC
    day = dt.date(2024, 2, 29)
    assert lake.rows() == [
        ("  A1 ", Decimal("12345678901234.5678"), 9_007_199_254_740_993, False, day, moment),
        ("A2", Decimal("12.3000"), -4, False, day, None),
    ]


# -- rows that do not fit


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"amount": "twelve"}, "amount: 'twelve' is not a number with at most 16 digits before"),
        ({"amount": "1.234"}, "amount: '1.234' is not a number with at most 16 digits before"),
        ({"updated_at": "yesterday"}, "updated_at: 'yesterday' is not a time such as"),
        ({"order_id": None}, "order_id is empty"),
        ({"order_id": " "}, "order_id is empty"),
        ({"amount": {"value": 3}}, """amount: '{"value":3}' is not a number"""),
    ],
)
def test_a_record_that_does_not_fit_is_kept_with_its_reason(
    lake: RestLake, change: dict[str, Any], reason: str
) -> None:
    bad = order(2, note="left at the neighbour's", **change)
    (result,) = load(lake, [order(1), bad], orders_table(max_rejected=0.5))
    assert (result.rows_read, result.rows_loaded, result.rows_rejected) == (2, 1, 1)
    ((column, told, original),) = lake.rejected()
    assert column == next(iter(change))
    assert told.startswith(reason)
    assert original == json.dumps(bad, separators=(",", ":"))
    assert [row[0] for row in lake.rows()] == ["A1"]


def test_a_record_without_its_key_is_rejected(lake: RestLake) -> None:
    bad = order(2)
    del bad["order_id"]
    load(lake, [order(1), bad], orders_table(max_rejected=0.5))
    assert [(column, reason) for column, reason, _ in lake.rejected()] == [
        ("order_id", "order_id is empty")
    ]


def test_a_record_without_its_cursor_is_rejected(lake: RestLake) -> None:
    table = orders_table(
        max_rejected=0.5, cursor={"column": "updated_at", "param": "updated_since"}
    )
    load(lake, [order(1), order(2, updated_at=None)], table)
    assert [reason for _, reason, _ in lake.rejected()] == ["updated_at is empty"]
    assert lake.records()[0].cursor_after == "2025-03-01T10:00:00Z"


def test_every_reason_of_a_row_is_told(lake: RestLake) -> None:
    load(lake, [order(1), order(2, amount="x", updated_at="y")], orders_table(max_rejected=0.5))
    ((columns, reasons, _),) = lake.rejected()
    assert columns == "amount, updated_at"
    assert [each.split(" is ")[0] for each in reasons.split("; ")] == [
        "amount: 'x'",
        "updated_at: 'y'",
    ]


def test_more_bad_rows_than_allowed_stop_the_load(lake: RestLake) -> None:
    records = [order(1), order(2), order(3, amount="x"), order(4, amount="y")]
    error = load_error(lake, records, orders_table(max_rejected=0.4))
    assert "2 of 4 rows do not fit the declared columns" in error
    assert "max_rejected (0.4 of the rows)" in error


# -- child tables


def test_children_carry_their_parents_key_their_order_and_their_place(lake: RestLake) -> None:
    lines = [{"sku": "oil", "quantity": 2}, {"sku": "salt", "quantity": 1}]
    records = [
        order(1, lines=lines),
        order(2, lines=[]),
        order(3, lines=None),
        order(4),
        order(5, lines=[lines[1]]),
    ]
    cursor = {"column": "updated_at", "param": "updated_since"}
    orders, children = load(lake, records, orders_table(children=[LINES], cursor=cursor))
    assert orders.rows_loaded == 5
    assert (children.rows_read, children.rows_loaded) == (3, 3)
    columns = "order_id, updated_at, sku, quantity, _list_index"
    assert lake.rows("orders__lines", columns) == [
        ("A1", MOMENT, "oil", 2, 0),
        ("A1", MOMENT, "salt", 1, 1),
        ("A5", MOMENT, "salt", 1, 0),
    ]


def test_parent_and_children_are_one_load(lake: RestLake) -> None:
    load(lake, [order(1, lines=[{"sku": "oil", "quantity": 2}])], orders_table(children=[LINES]))
    (parent,), (child,) = lake.records(), lake.records("orders__lines")
    assert parent.load_id == child.load_id
    assert (parent.bytes_read > 0, child.bytes_read) == (True, 0)  # the bytes came once
    manifest = [name for name in lake.files() if name.startswith("raw/_manifest/")]
    assert manifest == [f"raw/_manifest/{parent.load_id}.web.orders.json"]


def test_a_child_that_does_not_fit_is_rejected_alone(lake: RestLake) -> None:
    lines = [{"sku": "oil", "quantity": "two"}, {"sku": "salt", "quantity": 1}]
    table = orders_table(children=[LINES], max_rejected=0.5)
    orders, children = load(lake, [order(1, lines=lines)], table)
    assert (orders.rows_loaded, children.rows_loaded, children.rows_rejected) == (1, 1, 1)
    ((column, reason, original),) = lake.rejected("orders__lines")
    assert (column, original) == ("quantity", '{"sku":"oil","quantity":"two"}')
    assert reason == "quantity: 'two' is not a whole number"
    assert lake.rows("orders__lines", "sku, _list_index") == [("salt", 1)]


def test_children_of_a_record_that_does_not_fit_are_not_loaded(lake: RestLake) -> None:
    line = {"sku": "oil", "quantity": 2}
    records = [order(1, lines=[line]), order(2, amount="x", lines=[line])]
    load(lake, records, orders_table(children=[LINES], max_rejected=0.5))
    assert lake.rows("orders__lines", "order_id") == [("A1",)]


@pytest.mark.parametrize("lines", [{"sku": "oil", "quantity": 2}, "oil", 5])
def test_children_that_are_no_list_are_an_error(lake: RestLake, lines: object) -> None:
    records = [order(1, lines=lines)]
    with scripted_api(lambda asked: page(records)) as api:
        lake.declare(api.url, orders_table(children=[LINES]))
        (result,) = lake.ingest().tables
    assert "orders.lines: in 1 records this is no list" in str(result.error)
    assert lake.files() == []


def test_children_that_are_no_objects_are_an_error(lake: RestLake) -> None:
    error = load_error(lake, [order(1, lines=["oil", None])], orders_table(children=[LINES]))
    assert error.startswith("web.orders.lines: 2 of the records are no objects with named values")


def test_a_column_that_no_child_has_any_more_is_an_error(lake: RestLake) -> None:
    records = [order(1, lines=[{"sku": "oil", "quantities": 2}])]
    error = load_error(lake, records, orders_table(children=[LINES]))
    assert error.startswith("web.orders.lines: no record has 'quantity', which the table declares")
    assert "write header: quantities there" in error


def test_a_list_that_no_record_has_any_more_is_an_error(lake: RestLake) -> None:
    records = [order(1, line=[{"sku": "oil", "quantity": 2}])]
    error = load_error(lake, records, orders_table(children=[LINES]))
    assert error.startswith("web.orders: no record has 'lines', which the table declares")
    assert "write path: line there" in error


def test_a_column_that_is_new_in_a_child_is_reported(lake: RestLake) -> None:
    lines = [{"sku": "oil", "quantity": 2, "lot": "L7"}]
    load(lake, [order(1, lines=lines)], orders_table(children=[LINES]))
    assert "web.orders.lines: not declared, so not loaded: lot" in lake.said


def test_a_list_may_stand_deeper_in_the_record(lake: RestLake) -> None:
    child = {**LINES, "path": "basket.lines"}
    records = [order(1, basket={"lines": [{"sku": "oil", "quantity": 2}]})]
    load(lake, records, orders_table(children=[child]))
    assert lake.rows("orders__lines") == [("A1", "oil", 2, 0)]
