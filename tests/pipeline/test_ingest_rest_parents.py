"""Lists that belong to the rows of another table: each is asked for when its parent is new, and kept once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from configuration.errors import ConfigurationError
from ingest.compact import compact, tables_of
from ingest.lake.manifest import read_manifest
from tests.pipeline.rest_lake import RestLake, order, orders_table
from tests.pipeline.scripted_api import Asked, Reply, ScriptedApi, as_json, page, scripted_api

SINCE = {"column": "updated_at", "param": "updated_since", "lookback": "1d"}
DAY = "2025-03-0{}T10:00:00Z"


def refunds_table(**changes: Any) -> dict[str, Any]:
    block = {
        "name": "refunds",
        "path": "/orders/{order_id}/refunds",
        "parent": {"table": "orders", "column": "order_id"},
        "data_selector": "data",
        "key": ["order_id", "refund_no"],
        "columns": [
            {"name": "refund_no", "type": "integer"},
            {"name": "amount", "type": "decimal(18,2)"},
        ],
    }
    return block | changes


@dataclass
class Shop:
    """Orders, and the refunds of each; an order whose refunds are None is not found."""

    orders: list[dict[str, Any]]
    refunds: dict[str, list[dict[str, Any]] | None] = field(default_factory=dict)
    failing: str = ""

    def answer(self, asked: Asked) -> Reply:
        if asked.path == "/orders":
            since = asked.parameters.get("updated_since", "")
            return page([one for one in self.orders if str(one["updated_at"]) >= since])
        number = unquote(asked.path.split("/")[2])
        if number == self.failing:
            return as_json({}, 500)
        refunds = self.refunds.get(number, [])
        return as_json({}, 404) if refunds is None else page(refunds)


def refund(number: int, amount: str = "1.00", **more: Any) -> dict[str, Any]:
    return {"refund_no": number, "amount": amount, **more}


@pytest.fixture
def shop() -> Shop:
    return Shop(
        [order(1, DAY.format(1)), order(2, DAY.format(2)), order(3, DAY.format(3))],
        {"A1": [refund(1), refund(2)], "A3": [refund(1, "3.00")]},
    )


@pytest.fixture
def api(shop: Shop) -> Iterator[ScriptedApi]:
    with scripted_api(shop.answer) as served:
        yield served


@pytest.fixture
def lake(tmp_path: Path) -> RestLake:
    return RestLake(tmp_path)


def asked_since(api: ScriptedApi) -> list[str]:
    """The parents asked for since this was asked last."""
    found = [one.path.split("/")[2] for one in api.asked if "refunds" in one.path]
    api.asked.clear()
    return found


REFUNDS = "order_id, refund_no, amount::varchar"
FIRST = [("A1", 1, "1.00"), ("A1", 2, "1.00"), ("A3", 1, "3.00")]


def test_each_parent_is_asked_once_and_again_when_it_changed(
    lake: RestLake, api: ScriptedApi, shop: Shop
) -> None:
    lake.declare(api.url, orders_table(cursor=SINCE), refunds_table())
    assert [each.rows_loaded for each in lake.ingest().tables] == [3, 3]
    assert asked_since(api) == ["A1", "A2", "A3"]
    assert lake.rows("refunds", REFUNDS) == FIRST
    # nothing changed but a row of the lookback comes again: no parent is new
    assert [each.load_id for each in lake.ingest().tables] == [None, None]
    assert asked_since(api) == []
    shop.orders[2] = order(3, DAY.format(4), status="refunded")
    shop.orders.append(order(4, DAY.format(4)))
    shop.refunds |= {"A3": [refund(2, "5.00")], "A4": [refund(1, "4.00")]}
    lake.ingest()
    assert asked_since(api) == ["A3", "A4"]
    # what came of A3 before does not count any more: this is its whole list
    assert lake.rows("refunds", REFUNDS) == [*FIRST[:2], ("A3", 2, "5.00"), ("A4", 1, "4.00")]
    second = lake.records("refunds")[-1]
    assert [each.path for each in second.supersedes] == ["/orders/A3/refunds"]
    assert (second.cursor_before, second.cursor_after) == (
        lake.records()[0].load_id,
        lake.records()[1].load_id,
    )
    assert (second.rows_read, second.rows_loaded, second.rows_rejected) == (2, 2, 0)


def test_parents_without_a_cursor_are_asked_when_their_row_is_another(
    lake: RestLake, api: ScriptedApi, shop: Shop
) -> None:
    lake.declare(api.url, orders_table(), refunds_table())
    lake.ingest()
    assert asked_since(api) == ["A1", "A2", "A3"]
    shop.orders[1] = order(2, DAY.format(2), status="refunded")
    del shop.orders[0]
    lake.ingest()
    assert asked_since(api) == ["A2"]
    assert lake.rows("refunds", REFUNDS) == FIRST  # of an order that is gone, what is known stays


def test_a_parent_that_is_gone_is_told_and_not_asked_again(
    lake: RestLake, api: ScriptedApi, shop: Shop
) -> None:
    shop.refunds["A3"] = None
    lake.declare(api.url, orders_table(cursor=SINCE), refunds_table())
    assert lake.ingest().failed == []
    assert "web.refunds: 1 parent is not there any more (404)" in lake.said
    assert lake.rows("refunds", REFUNDS) == FIRST[:2]
    asked_since(api)
    lake.ingest()
    assert asked_since(api) == []


def test_parents_that_are_all_gone_are_not_asked_again(
    lake: RestLake, api: ScriptedApi, shop: Shop
) -> None:
    shop.refunds = {"A1": None, "A2": None, "A3": None}
    lake.declare(api.url, orders_table(cursor=SINCE), refunds_table())
    assert lake.ingest().failed == []
    asked_since(api)
    lake.ingest()
    assert asked_since(api) == []


def test_a_failure_in_the_middle_keeps_what_came_and_goes_on_from_there(
    lake: RestLake, api: ScriptedApi, shop: Shop
) -> None:
    shop.failing = "A2"
    lake.declare(api.url, orders_table(cursor=SINCE), refunds_table())
    _, result = lake.ingest().tables
    assert "the API fails (500 Internal Server Error); 1 of 3 lists were loaded" in str(
        result.error
    )
    assert lake.rows("refunds", REFUNDS) == FIRST[:2]
    asked_since(api)
    # while it stays so, nothing that was had is asked for again, but what changed is
    shop.orders[0] = order(1, DAY.format(5))
    shop.refunds["A1"] = [refund(7)]
    lake.ingest()
    assert asked_since(api)[0] == "A1"
    shop.failing = ""
    assert lake.ingest().failed == []
    assert asked_since(api) == ["A2", "A3"]
    assert lake.rows("refunds", REFUNDS) == [("A1", 7, "1.00"), FIRST[2]]


def test_a_failure_of_the_first_list_loads_nothing(
    lake: RestLake, api: ScriptedApi, shop: Shop
) -> None:
    shop.failing = "A1"
    lake.declare(api.url, orders_table(cursor=SINCE), refunds_table())
    assert "the API fails" in str(lake.ingest().tables[1].error)
    assert lake.records("refunds") == []


@pytest.mark.parametrize("number", ["a/b", "ä b", "50%", "x?y=1&z", "#1", "a..b"])
def test_a_value_is_quoted_in_the_address(
    lake: RestLake, api: ScriptedApi, shop: Shop, number: str
) -> None:
    shop.orders[:] = [order(1) | {"order_id": number}]
    shop.refunds = {number: [refund(1)]}
    lake.declare(api.url, orders_table(), refunds_table())
    assert lake.ingest().failed == []
    assert lake.rows("refunds", "order_id") == [(number,)]


def test_a_value_that_would_lead_elsewhere_is_not_asked_for(
    lake: RestLake, api: ScriptedApi, shop: Shop
) -> None:
    shop.orders[:] = [order(1) | {"order_id": ".."}, order(2)]
    lake.declare(api.url, orders_table(), refunds_table())
    lake.ingest()
    assert asked_since(api) == ["A2"]
    assert "web.refunds: 1 parent has no value to ask with" in lake.said


def test_lists_of_such_a_table_carry_its_key_and_rejects_say_whose_they_are(
    lake: RestLake, api: ScriptedApi, shop: Shop
) -> None:
    shop.refunds["A3"] = [
        refund(1, lines=[{"sku": "oil"}, {"sku": "salt"}]),
        refund(2, amount="much", lines=[]),
        {},
    ]
    lines = {"name": "refund_lines", "path": "lines", "columns": [{"name": "sku"}]}
    lake.declare(api.url, orders_table(), refunds_table(children=[lines], max_rejected=0.6))
    refunds, children = lake.ingest().tables[1:]
    assert (refunds.rows_read, refunds.rows_loaded, refunds.rows_rejected) == (5, 3, 2)
    assert children.rows_loaded == 2
    columns = "order_id, refund_no, sku, _list_index"
    assert lake.rows("refund_lines", columns) == [("A3", 1, "oil", 0), ("A3", 1, "salt", 1)]
    assert '{"_parent":{"order_id":"A3"}}' in [
        original for *_, original in lake.rejected("refunds")
    ]
    inputs = {each.path: each.rows_rejected for each in lake.records("refunds")[0].inputs}
    assert inputs == {f"/orders/A{n}/refunds": 2 * (n == 3) for n in (1, 2, 3)}


def test_a_reload_asks_all_parents_again_and_replaces_everything(
    lake: RestLake, api: ScriptedApi, shop: Shop
) -> None:
    lake.declare(api.url, orders_table(cursor=SINCE), refunds_table())
    lake.ingest()
    asked_since(api)
    shop.refunds = {"A2": [refund(9)]}
    lake.ingest(reload=True, only=["web.refunds"])
    assert asked_since(api) == ["A1", "A2", "A3"]
    assert lake.rows("refunds", REFUNDS) == [("A2", 9, "1.00")]
    lake.ingest(reload=True, only=["web.orders"])
    lake.ingest()
    assert asked_since(api) == []  # the parents are the same as before


def test_parents_whose_files_were_put_together_are_known(
    lake: RestLake, api: ScriptedApi, shop: Shop
) -> None:
    lake.declare(api.url, orders_table(cursor=SINCE), refunds_table())
    lake.ingest(only=["web.orders"])
    shop.orders.append(order(4, DAY.format(4)))
    lake.ingest()
    assert asked_since(api) == ["A1", "A2", "A3", "A4"]
    for _ in range(2):  # the second removes what the first put elsewhere
        manifest = read_manifest(lake.lake)
        compact(lake.lake, manifest, tables_of(manifest.records), keep=timedelta())
    assert not (lake.lake / lake.records()[0].files[0].path).exists()
    changed = order(5, DAY.format(5))
    del changed["status"]  # no new record has it, and those of before do
    shop.orders[:] = [changed]
    assert lake.ingest().failed == []
    assert asked_since(api) == ["A5"]


def test_a_reload_that_breaks_off_takes_nothing_away(
    lake: RestLake, api: ScriptedApi, shop: Shop
) -> None:
    lake.declare(api.url, orders_table(cursor=SINCE), refunds_table())
    lake.ingest()
    shop.failing = "A2"
    shop.refunds["A1"] = [refund(9)]
    assert lake.ingest(reload=True, only=["web.refunds"]).failed != []
    assert lake.rows("refunds", REFUNDS) == [("A1", 9, "1.00"), FIRST[2]]


def test_a_list_that_is_not_found_after_its_first_page_is_an_error(lake: RestLake) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.path == "/orders":
            return page([order(1)])
        return as_json({}, 404) if "cursor" in asked.parameters else page([refund(1)], "two")

    with scripted_api(answer) as served:
        lake.declare(served.url, orders_table(), refunds_table())
        assert "refuses the request (404" in str(lake.ingest().tables[1].error)


def test_one_list_in_another_form_does_not_hold_back_those_before_it(
    lake: RestLake, shop: Shop
) -> None:
    def answer(asked: Asked) -> Reply:
        is_odd = asked.path == "/orders/A2/refunds"
        return as_json({"data": {"count": 0}}) if is_odd else shop.answer(asked)

    with scripted_api(answer) as served:
        lake.declare(served.url, orders_table(), refunds_table())
        error = str(lake.ingest().tables[1].error)
    assert "no list at 'data'; 1 of 3 lists were loaded before that" in error
    assert lake.rows("refunds", REFUNDS) == FIRST[:2]


def test_a_grandparents_rows_are_followed_too(lake: RestLake, api: ScriptedApi) -> None:
    def answer(asked: Asked) -> Reply:
        steps = asked.path.split("/")
        if len(steps) == 2:
            return page([order(1), order(2)])
        return page([refund(1)] if len(steps) == 4 else [{"text": steps[2] + steps[4]}])

    notes = {
        "name": "notes",
        "path": "/refunds/x/{refund_no}/notes",
        "parent": {"table": "refunds", "column": "refund_no"},
        "data_selector": "data",
        "columns": [{"name": "text"}],
    }
    unique = refunds_table(key=["refund_no"])
    with scripted_api(answer) as served:
        lake.declare(served.url, orders_table(), refunds_table(), notes)
        assert "rows of 'refunds' with different keys have the same refund_no '1'" in str(
            lake.ingest().tables[2].error
        )
        lake.declare(served.url, orders_table(), unique, notes)
        assert lake.ingest().tables[2].rows_loaded == 1


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"path": "/refunds"}, "the path must hold {order_id} once"),
        ({"path": "/{order_id}/{status}"}, "the path must hold {order_id} once"),
        ({"parent": None, "key": ["refund_no"]}, "the path holds braces"),
        ({"parent": {"table": "clients", "column": "order_id"}}, "which is no table before it"),
        ({"columns": [{"name": "order_id"}]}, "the column 'order_id' is there twice"),
        ({"key": ["refund_id"]}, "the key names 'refund_id'"),
    ],
)
def test_a_parent_that_cannot_be_followed_is_refused(
    lake: RestLake, changes: dict[str, Any], problem: str
) -> None:
    block = {name: value for name, value in refunds_table(**changes).items() if value is not None}
    lake.declare("http://127.0.0.1:1", orders_table(), block)
    with pytest.raises(ConfigurationError) as refusal:
        lake.sources()
    assert problem in str(refusal.value)
