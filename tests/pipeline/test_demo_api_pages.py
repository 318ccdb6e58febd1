"""The demo's API over real HTTP: its pages hold every row once, as it stood at a moment of the story."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.pipeline.demo_client import PATIENT, Document, get, read_all
from till.demo.pages import RESOURCES
from till.demo.server import serve


@pytest.fixture(scope="module")
def base_url(small_demo: Path) -> Iterator[str]:
    with serve(small_demo, port=0, behaviour=PATIENT) as url:
        yield url


def newest(versions: list[Document], key: str) -> dict[str, Document]:
    return {row[key]: row for row in sorted(versions, key=lambda row: str(row["updated_at"]))}


# -- pages


@pytest.mark.parametrize("name", RESOURCES)
@pytest.mark.parametrize("limit", [1000, 237])
def test_pages_hold_every_row_once_in_order(
    base_url: str, expected: Document, name: str, limit: int
) -> None:
    key = RESOURCES[name].key
    rows = read_all(base_url, name, limit=limit)
    order = [(row["updated_at"], row[key]) for row in rows]
    assert order == sorted(order)
    assert len({row[key] for row in rows}) == len(rows)
    assert len(rows) == expected["resources"][name]["rows"]


def test_a_page_that_ends_with_the_last_row_has_no_next_cursor(
    base_url: str, expected: Document
) -> None:
    rows = expected["resources"]["products"]["rows"]
    assert get(base_url, "/v1/products", limit=rows).document["next_cursor"] is None
    almost_all = get(base_url, "/v1/products", limit=rows - 1).document
    last = get(base_url, "/v1/products", cursor=almost_all["next_cursor"]).document
    assert (len(last["data"]), last["next_cursor"]) == (1, None)


def test_orders_carry_their_lines(base_url: str, expected: Document) -> None:
    orders = read_all(base_url, "orders", limit=1000)
    lines = [line for order in orders for line in order["lines"]]
    assert len(lines) == expected["resources"]["orders"]["children"]["lines"]
    assert {tuple(line) for line in lines} == {
        ("line_id", "line_number", "product_id", "quantity", "unit_price", "discount_amount")
    }
    assert all(isinstance(line["quantity"], int) for line in lines)
    assert all(isinstance(line["unit_price"], str) for line in lines)
    assert all(
        [line["line_number"] for line in order["lines"]] == list(range(1, len(order["lines"]) + 1))
        for order in orders
    )


@pytest.mark.parametrize(
    ("name", "columns"),
    {
        "customers": "customer_id name email country_code signed_up_at updated_at",
        "products": "product_id name category unit_cost unit_price currency updated_at",
        "orders": "order_id kind original_order_id customer_id ordered_at country_code channel"
        " currency status updated_at lines",
        "exchange_rates": "rate_id rate_date currency reporting_currency rate updated_at",
        "events": "event_id event_type occurred_at customer_id session_id product_id updated_at",
    }.items(),
)
def test_a_row_has_the_columns_of_the_guide_and_no_hidden_ones(
    base_url: str, name: str, columns: str
) -> None:
    (row,) = get(base_url, f"/v1/{name}", limit=1).document["data"]
    assert sorted(row) == sorted(columns.split())
    assert dt.datetime.strptime(row["updated_at"], "%Y-%m-%dT%H:%M:%SZ")  # noqa: DTZ007


def test_many_clients_at_once_get_the_same_pages(base_url: str) -> None:
    def first_page(_: int) -> Document:
        return get(base_url, "/v1/orders", limit=300).document

    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(first_page, range(24)))
    assert all(page == pages[0] for page in pages)


# -- updated_since


def test_updated_since_is_inclusive(base_url: str) -> None:
    rows = read_all(base_url, "orders", limit=1000)
    middle = rows[len(rows) // 2]
    since = middle["updated_at"]
    again = read_all(base_url, "orders", limit=1000, updated_since=since)
    assert again == [row for row in rows if row["updated_at"] >= since]
    assert middle in again


def test_updated_since_understands_time_zones(base_url: str) -> None:
    utc = read_all(base_url, "orders", limit=1000, updated_since="2025-12-20T10:00:00Z")
    for same in ("2025-12-20T11:00:00+01:00", "2025-12-20T10:00:00"):
        assert read_all(base_url, "orders", limit=1000, updated_since=same) == utc


def test_updated_since_after_everything_gives_an_empty_page(base_url: str) -> None:
    answer = get(base_url, "/v1/orders", updated_since="2030-01-01T00:00:00Z")
    assert answer.document == {"data": [], "next_cursor": None}


# -- the story told so far


def test_an_order_is_paid_then_shipped_then_delivered(small_demo: Path) -> None:
    seen: dict[str, list[str]] = {}
    for day in range(1, 9):
        with serve(small_demo, port=0, until=dt.datetime(2025, 3, day), behaviour=PATIENT) as url:  # noqa: DTZ001
            for order in read_all(url, "orders", limit=1000, updated_since="2025-02-28T00:00:00Z"):
                statuses = seen.setdefault(order["order_id"], [])
                if order["status"] not in statuses:
                    statuses.append(order["status"])
    steps = ["paid", "shipped", "delivered"]
    assert steps in seen.values()
    assert all(statuses == [s for s in steps if s in statuses] for statuses in seen.values())


@pytest.mark.parametrize("name", RESOURCES)
def test_nothing_from_after_the_moment_is_served(small_demo: Path, name: str) -> None:
    with serve(small_demo, port=0, until=dt.datetime(2024, 8, 15, 12), behaviour=PATIENT) as url:  # noqa: DTZ001
        rows = read_all(url, name, limit=1000)
    moments = [
        value
        for row in rows
        for column, value in row.items()
        if column.endswith("_at") and column != "signed_up_at"
    ]
    assert max(moments) <= "2024-08-15T12:00:00Z"
    assert len({row[RESOURCES[name].key] for row in rows}) == len(rows) > 0


@pytest.mark.parametrize("name", RESOURCES)
def test_loading_what_changed_step_by_step_ends_as_loading_all_at_once(
    small_demo: Path, base_url: str, name: str
) -> None:
    key = RESOURCES[name].key
    versions: list[Document] = []
    since = "2020-01-01T00:00:00Z"
    for until in ("2024-06-30", "2024-12-31", "2025-03-03", "2025-12-20", "2026-01-01"):
        with serve(
            small_demo, port=0, until=dt.datetime.fromisoformat(until), behaviour=PATIENT
        ) as url:
            versions += read_all(url, name, limit=1000, updated_since=since)
        since = max(row["updated_at"] for row in versions)
    at_once = {row[key]: row for row in read_all(base_url, name, limit=1000)}
    assert newest(versions, key) == at_once


def test_customers_and_products_change(small_demo: Path, base_url: str) -> None:
    with serve(small_demo, port=0, until=dt.datetime(2024, 12, 31), behaviour=PATIENT) as url:  # noqa: DTZ001
        before = {
            name: {row[RESOURCES[name].key]: row for row in read_all(url, name, limit=1000)}
            for name in ("customers", "products")
        }
    for name, column in (("customers", "email"), ("products", "unit_price")):
        key = RESOURCES[name].key
        changed = [
            row
            for row in read_all(base_url, name, limit=1000)
            if row[key] in before[name] and row[column] != before[name][row[key]][column]
        ]
        assert changed
        assert all(row["updated_at"] > before[name][row[key]]["updated_at"] for row in changed)
