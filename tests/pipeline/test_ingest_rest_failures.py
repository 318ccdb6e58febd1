"""APIs on bad days: what passes is waited out, what stays is said plainly, and nothing is half loaded."""

from __future__ import annotations

import email.utils
import gzip
import json
import math
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.pipeline.rest_lake import HURRIED, TOKEN, RestLake, order, orders_table
from tests.pipeline.scripted_api import Asked, Reply, Script, as_json, page, scripted_api

ORDERS = [order(1), order(2)]


@pytest.fixture
def lake(tmp_path: Path) -> RestLake:
    return RestLake(tmp_path)


def in_turn(*replies: Reply) -> Script:
    """One reply after the other, the last one for ever."""
    left = list(replies)
    return lambda asked: left.pop(0) if len(left) > 1 else left[0]


# -- what passes


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_failure_that_passes_costs_a_retry_and_no_row(lake: RestLake, status: int) -> None:
    with scripted_api(in_turn(as_json({}, status), page(ORDERS))) as api:
        lake.declare(api.url, orders_table())
        assert lake.ingest_one().rows_loaded == 2
    assert len(api.asked) == 2
    assert [row[0] for row in lake.rows()] == ["A1", "A2"]


def test_an_answer_that_breaks_off_is_asked_for_again(lake: RestLake) -> None:
    whole = page(ORDERS)
    half = Reply(whole.body[:30], claimed_bytes=len(whole.body))
    with scripted_api(in_turn(half, whole)) as api:
        lake.declare(api.url, orders_table())
        assert lake.ingest_one().rows_loaded == 2


@pytest.mark.parametrize(
    "broken",
    [
        Reply(page(ORDERS).body[:-20]),  # whole for HTTP, and cut off for JSON
        Reply(gzip.compress(page(ORDERS).body)[:-30], headers={"Content-Encoding": "gzip"}),
        Reply(b"no gzip", headers={"Content-Encoding": "gzip"}),
        Reply(b"<html>Back in a minute</html>", headers={"Content-Type": "text/html"}),
        Reply(b""),
    ],
    ids=["cut", "cut gzip", "no gzip", "html", "empty"],
)
def test_an_answer_that_is_no_whole_document_is_asked_for_again(
    lake: RestLake, broken: Reply
) -> None:
    with scripted_api(in_turn(page(ORDERS[:1], "two"), broken, page(ORDERS[1:]))) as api:
        lake.declare(api.url, orders_table())
        assert lake.ingest_one().rows_loaded == 2
    assert [one.parameters.get("cursor") for one in api.asked] == [None, "two", "two"]


def test_an_answer_may_be_compressed(lake: RestLake) -> None:
    packed = Reply(gzip.compress(page(ORDERS).body), headers={"Content-Encoding": "gzip"})
    with scripted_api(lambda asked: packed) as api:
        lake.declare(api.url, orders_table())
        assert lake.ingest_one().rows_loaded == 2


def test_an_answer_without_content_is_an_empty_list(lake: RestLake) -> None:
    with scripted_api(in_turn(page(ORDERS), Reply(b"", 204))) as api:
        lake.declare(api.url, orders_table())
        assert lake.ingest_one().rows_loaded == 2
        assert lake.ingest_one().error is None
    assert lake.rows() == []


def seconds_from_now(seconds: float) -> tuple[float, str]:
    return time.time() + seconds, str(math.ceil(seconds))


def date_from_now(seconds: float) -> tuple[float, str]:
    ready_at = math.ceil(time.time() + seconds)  # such dates have no fractions
    return ready_at, email.utils.formatdate(ready_at, usegmt=True)


@pytest.mark.parametrize("promised", [seconds_from_now, date_from_now])
def test_the_moment_that_a_rate_limit_names_is_waited_for(
    lake: RestLake, promised: Callable[[float], tuple[float, str]]
) -> None:
    promises: list[tuple[float, str]] = []

    def answer(asked: Asked) -> Reply:
        if not promises:
            promises.append(promised(1))
        ready_at, retry_after = promises[0]
        too_early = time.time() < ready_at - 0.01
        return as_json({}, 429, Retry_After=retry_after) if too_early else page(ORDERS)

    with scripted_api(answer) as api:
        lake.declare(api.url, orders_table())
        # two requests only: whoever comes back before the moment has used them up
        patience = replace(HURRIED, attempts=2, longest_wait_seconds=5)
        assert lake.ingest_one(patience).rows_loaded == 2
    assert len(api.asked) == 2


def test_no_api_makes_us_wait_longer_than_our_patience(lake: RestLake) -> None:
    with scripted_api(in_turn(as_json({}, 429, Retry_After="86400"), page(ORDERS))) as api:
        lake.declare(api.url, orders_table())
        assert lake.ingest_one().rows_loaded == 2


# -- what stays


def test_an_api_that_is_down_is_said_to_be_down(lake: RestLake) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    lake.declare(f"http://127.0.0.1:{port}", orders_table())
    error = lake.refused()
    assert error.startswith(f"http://127.0.0.1:{port}/orders: the API cannot be reached")
    assert "connection refused" in error
    assert "Check base_url" in error


def test_an_api_without_an_answer_is_not_waited_for_for_ever(lake: RestLake) -> None:
    over = threading.Event()

    def answer(asked: Asked) -> Reply:
        over.wait(30)
        return page(ORDERS)

    with scripted_api(answer) as api:
        lake.declare(api.url, orders_table())
        error = lake.refused(replace(HURRIED, attempts=2, answer_seconds=0.1))
        over.set()
    assert "does not answer in time" in error


def test_an_api_that_dies_in_the_middle_loads_nothing_and_the_others_load(lake: RestLake) -> None:
    following = {None: "two", "two": "three"}

    def answer(asked: Asked) -> Reply:
        if asked.path == "/clients":
            return page(ORDERS)
        cursor = asked.parameters.get("cursor")
        if cursor == "three":
            return as_json({"error": "disk full"}, 500)
        return page([order(1 if cursor is None else 2)], following[cursor])

    with scripted_api(answer) as api:
        clients = orders_table(name="clients", path="/clients")
        lake.declare(api.url, orders_table(), clients)
        orders, others = lake.ingest().tables
    assert "the API fails (500 Internal Server Error)" in str(orders.error)
    assert "Nothing was loaded" in str(orders.error)
    assert lake.records("orders") == []
    assert (others.error, others.rows_loaded) == (None, 2)
    assert [record.table_name for record in lake.records("clients")] == ["clients"]
    assert all("/clients/" in name or ".clients." in name for name in lake.files())
    cursors = [one.get("cursor") for one in api.asked_for("/orders")]
    assert cursors == [None, "two", "three", "three", "three"]


@pytest.mark.parametrize(
    ("reply", "message"),
    {
        "truncated": (Reply(page(ORDERS).body[:-20]), "is not JSON, or was cut off"),
        "html": (Reply(b"<html>Sorry!</html>"), "is a web page or XML, not JSON"),
        "empty": (Reply(b""), "is not JSON, or was cut off"),
        "breaks off": (Reply(b'{"data": [', claimed_bytes=5000), "breaks off its answers"),
        "hangs up": (Reply(b"", claimed_bytes=5000), "breaks off its answers"),
        "nan": (Reply(b'{"data": [{"order_id": "A1", "amount": NaN}]}'), "is not JSON"),
        "latin-1": (Reply('{"data": [{"order_id": "ñ"}]}'.encode("latin-1")), "is not UTF-8"),
        "object": (as_json({"data": {"order_id": "A1"}}), "no list at 'data'"),
        "text": (as_json({"data": "A1"}), "no list at 'data'"),
        "null": (as_json({"data": None}), "no list at 'data'"),
        "elsewhere": (as_json({"orders": ORDERS}), "no list at 'data'"),
        "bare list": (as_json(ORDERS), "no list at 'data'"),
        "numbers": (page([1, 2]), "2 of the records are no objects"),
        "error": (as_json({"data": [], "error": {"code": 7}}), "has 'error'"),
        "errors": (as_json({"errors": ["no"]}), "answers with an error instead of records"),
        "bad gzip": (Reply(b"no gzip at all", headers={"Content-Encoding": "gzip"}), "be unpacked"),
        "not found": (as_json({}, 404), "refuses the request (404 Not Found)"),
        "unauthorized": (as_json({}, 401), "refuses the credentials (401 Unauthorized)"),
        "forbidden": (as_json({}, 403), "Check the environment variable SHOP_TOKEN"),
        "too many": (as_json({}, 429), "allows no more requests (429 Too Many Requests)"),
        "down": (as_json({}, 503), "the API fails (503 Service Unavailable)"),
        "strange": (as_json({}, 599), "the API fails (599)"),
    }.values(),
)
def test_an_answer_that_cannot_be_used_is_told_plainly(
    lake: RestLake, reply: Reply, message: str
) -> None:
    with scripted_api(lambda asked: reply) as api:
        lake.declare(api.url, orders_table())
        error = lake.refused()
    assert error.startswith((f"{api.url}/orders: ", "web.orders: "))
    assert message in error


def test_an_error_beside_records_is_told(lake: RestLake) -> None:
    with scripted_api(lambda asked: as_json({"data": ORDERS, "errors": ["one is late"]})) as api:
        lake.declare(api.url, orders_table())
        assert lake.ingest_one().rows_loaded == 2
        assert f"{api.url}/orders: an answer has 'errors' beside its list" in lake.said


def test_a_list_that_is_missing_on_one_page_only_is_no_end_of_the_list(lake: RestLake) -> None:
    pages = in_turn(page(ORDERS, "two"), as_json({"message": "maintenance", "next_cursor": None}))
    with scripted_api(pages) as api:
        lake.declare(api.url, orders_table())
        assert "no list at 'data'" in lake.refused()


@pytest.mark.parametrize("length", [1, 3])
def test_pages_that_go_round_in_a_circle_are_left(lake: RestLake, length: int) -> None:
    def answer(asked: Asked) -> Reply:
        if len(api.asked) > 20:
            return as_json({}, 500)  # enough; the message below would be another one
        number = int(asked.parameters.get("cursor", "0"))
        return page([order(number)], str((number + 1) % length or length))

    with scripted_api(answer) as api:
        lake.declare(api.url, orders_table())
        assert "the same cursor came twice" in lake.refused()
    assert len(api.asked) <= length + 2


def test_the_token_is_sent_and_written_nowhere(lake: RestLake) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.authorization != f"Bearer {TOKEN}":
            return as_json({}, 401)
        if asked.path == "/broken":  # an API that says back what it was sent
            return as_json({"you sent": asked.authorization}, 400)
        return page(ORDERS)

    with scripted_api(answer) as api:
        lake.declare(api.url, orders_table(), orders_table(name="broken", path="/broken"))
        result = lake.ingest()
    assert [each.rows_loaded for each in result.tables] == [2, 0]
    texts = [str(result), *lake.said, *map(str, causes(result.tables[1].error))]
    assert not [text for text in texts if TOKEN in text]
    written = [path for path in lake.lake.rglob("*") if path.is_file()]
    assert written
    assert not [path for path in written if TOKEN.encode() in path.read_bytes()]


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what a traceback would show beside it."""
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def test_a_byte_order_mark_is_no_part_of_the_answer(lake: RestLake) -> None:
    body = b"\xef\xbb\xbf" + json.dumps({"data": ORDERS}).encode()
    with scripted_api(lambda asked: Reply(body)) as api:
        lake.declare(api.url, orders_table())
        assert lake.ingest_one().rows_loaded == 2
