"""The demo's API over real HTTP on loopback: what a client may rely on and what it must survive."""

from __future__ import annotations

import datetime as dt
import http.client
import json
import socket
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from configuration.errors import PlainError
from till.demo.generate import generate
from till.demo.pages import RESOURCES
from till.demo.server import DEFAULT_TOKEN, Behaviour, run_forever, serve

Document = dict[str, Any]

PATIENT = Behaviour(rate=1e6, burst=1_000_000, fail_every=0)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    document: Document


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    generate(folder, scale=0.2)
    return folder


@pytest.fixture(scope="module")
def expected(demo: Path) -> Document:
    document: Document = json.loads((demo / "expected.json").read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="module")
def base_url(demo: Path) -> Iterator[str]:
    with serve(demo, port=0, behaviour=PATIENT) as url:
        yield url


def get(base_url: str, path: str, token: str | None = DEFAULT_TOKEN, **parameters: Any) -> Answer:
    query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"{base_url}{path}{query}", headers=headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            return Answer(response.status, response.headers, json.load(response))
    except urllib.error.HTTPError as refusal:
        return Answer(refusal.code, refusal.headers, json.load(refusal))


def read_all(base_url: str, name: str, **parameters: Any) -> list[Document]:
    rows: list[Document] = []
    cursor: str | None = ""
    while cursor is not None:
        following = {"cursor": cursor} if cursor else {}
        answer = get(base_url, f"/v1/{name}", **parameters, **following)
        assert answer.status == 200, answer.document
        assert len(answer.document["data"]) <= parameters.get("limit", 100)
        rows += answer.document["data"]
        cursor = answer.document["next_cursor"]
    return rows


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


def test_an_order_is_paid_then_shipped_then_delivered(demo: Path) -> None:
    seen: dict[str, list[str]] = {}
    for day in range(1, 9):
        with serve(demo, port=0, until=dt.datetime(2025, 3, day), behaviour=PATIENT) as url:  # noqa: DTZ001
            for order in read_all(url, "orders", limit=1000, updated_since="2025-02-28T00:00:00Z"):
                statuses = seen.setdefault(order["order_id"], [])
                if order["status"] not in statuses:
                    statuses.append(order["status"])
    steps = ["paid", "shipped", "delivered"]
    assert steps in seen.values()
    assert all(statuses == [s for s in steps if s in statuses] for statuses in seen.values())


@pytest.mark.parametrize("name", RESOURCES)
def test_nothing_from_after_the_moment_is_served(demo: Path, name: str) -> None:
    with serve(demo, port=0, until=dt.datetime(2024, 8, 15, 12), behaviour=PATIENT) as url:  # noqa: DTZ001
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
    demo: Path, base_url: str, name: str
) -> None:
    key = RESOURCES[name].key
    versions: list[Document] = []
    since = "2020-01-01T00:00:00Z"
    for until in ("2024-06-30", "2024-12-31", "2025-03-03", "2025-12-20", "2026-01-01"):
        with serve(demo, port=0, until=dt.datetime.fromisoformat(until), behaviour=PATIENT) as url:
            versions += read_all(url, name, limit=1000, updated_since=since)
        since = max(row["updated_at"] for row in versions)
    at_once = {row[key]: row for row in read_all(base_url, name, limit=1000)}
    assert newest(versions, key) == at_once


def test_customers_and_products_change(demo: Path, base_url: str) -> None:
    with serve(demo, port=0, until=dt.datetime(2024, 12, 31), behaviour=PATIENT) as url:  # noqa: DTZ001
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


# -- refusals


@pytest.mark.parametrize("token", [None, "wrong", "", DEFAULT_TOKEN + "x", "ñ"])
def test_a_wrong_token_is_refused(base_url: str, token: str | None) -> None:
    answer = get(base_url, "/v1/orders", token=token)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "token" in answer.document["error"]


def test_a_token_of_ones_own_replaces_the_default(demo: Path) -> None:
    with serve(demo, port=0, token="abc", behaviour=PATIENT) as url:
        assert get(url, "/v1/products", token="abc").status == 200
        assert get(url, "/v1/products").status == 401


def test_health_needs_no_token(base_url: str) -> None:
    answer = get(base_url, "/health", token=None)
    assert (answer.status, answer.document) == (200, {"status": "ok"})


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/", "/orders", "/v1/order", "/v1/orders/1"])
def test_an_unknown_path_is_not_found(base_url: str, path: str) -> None:
    answer = get(base_url, path)
    assert answer.status == 404
    assert path in answer.document["error"]


@pytest.mark.parametrize(
    "parameters",
    [
        {"limit": "0"},
        {"limit": "1001"},
        {"limit": "-1"},
        {"limit": "many"},
        {"limit": ""},
        {"limit": "²"},
        {"limit": "9" * 5000},
        {"cursor": "W1tb" * 10_000},
        {"cursor": "not a cursor"},
        {"cursor": "W10"},
        {"cursor": "é"},
        {"cursor": "WzEsMiwzXQ"},
        {"updated_since": "yesterday"},
        {"updated_since": ""},
        {"updated_since": "0001-01-01T00:00:00+12:00"},
        {"page": "2"},
    ],
    ids=lambda parameters: str(parameters)[:40],
)
def test_a_parameter_that_makes_no_sense_is_refused_by_name(
    base_url: str, parameters: dict[str, str]
) -> None:
    answer = get(base_url, "/v1/orders", **parameters)
    assert answer.status == 400
    assert next(iter(parameters)) in answer.document["error"]


def test_a_cursor_of_another_resource_is_refused(base_url: str) -> None:
    cursor = get(base_url, "/v1/events", limit=1).document["next_cursor"]
    assert get(base_url, "/v1/events", cursor=cursor).status == 200
    assert get(base_url, "/v1/orders", cursor=cursor).status == 400


# -- bad days


def test_too_many_requests_are_told_when_to_come_back(demo: Path) -> None:
    slow = Behaviour(rate=0.01, burst=2, fail_every=0)
    with serve(demo, port=0, behaviour=slow) as url:
        answers = [get(url, "/v1/products") for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 429, 429]
    assert 90 <= int(answers[2].headers["Retry-After"]) <= 100


def test_a_failure_is_over_at_the_next_try(demo: Path) -> None:
    moody = Behaviour(rate=1e6, burst=1_000_000, fail_every=3)
    with serve(demo, port=0, behaviour=moody) as url:
        answers = [get(url, "/v1/products", limit=5) for _ in range(7)]
    assert [answer.status for answer in answers] == [200, 200, 500, 200, 200, 500, 200]
    assert answers[3].document == answers[0].document


def test_the_usual_behaviour_fails_now_and_then_and_loses_nothing(
    demo: Path, expected: Document
) -> None:
    usual = Behaviour(rate=1e6, burst=1_000_000)
    statuses = []
    rows = 0
    cursor: str | None = ""
    with serve(demo, port=0, behaviour=usual) as url:
        while cursor is not None:
            following = {"cursor": cursor} if cursor else {}
            answer = get(url, "/v1/events", limit=50, **following)
            statuses.append(answer.status)
            if answer.status == 200:
                rows += len(answer.document["data"])
                cursor = answer.document["next_cursor"]
    assert statuses.count(500) >= 2
    assert rows == expected["resources"]["events"]["rows"]


def test_a_dropped_connection_is_dropped_once(demo: Path) -> None:
    rude = Behaviour(rate=1e6, burst=1_000_000, fail_every=0, drops=frozenset({2}))
    with serve(demo, port=0, behaviour=rude) as url:
        assert get(url, "/v1/products").status == 200
        with pytest.raises(http.client.RemoteDisconnected):
            get(url, "/v1/products")
        assert get(url, "/v1/products").status == 200


# -- starting and stopping


def test_the_port_is_free_again_after_serving(demo: Path) -> None:
    with serve(demo, port=0, behaviour=PATIENT) as url:
        port = int(url.rpartition(":")[2])
    with serve(demo, port=port, behaviour=PATIENT) as url:
        assert get(url, "/health").status == 200


def test_a_taken_port_is_said_plainly(demo: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PlainError, match=f"port {port}") as raised, serve(demo, port=port):
            pass
    assert "TILL_DEMO_API_PORT" in raised.value.remedy


@pytest.mark.parametrize(
    "start", [lambda folder: serve(folder, port=0).__enter__(), run_forever], ids=["serve", "run"]
)
def test_serving_without_data_says_what_to_do(
    tmp_path: Path, start: Callable[[Path], object]
) -> None:
    with pytest.raises(PlainError, match="till demo"):
        start(tmp_path)


def test_run_forever_says_where_it_listens(demo: Path) -> None:
    ready = threading.Event()
    found: list[str] = []

    def on_ready(url: str) -> None:
        found.append(url)
        ready.set()

    thread = threading.Thread(
        target=run_forever, args=(demo, 0), kwargs={"on_ready": on_ready}, daemon=True
    )
    thread.start()
    assert ready.wait(30)
    assert get(found[0], "/health").status == 200
