"""The demo's API over real HTTP: what it refuses, and the bad days that a client must survive."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipeline.demo_client import PATIENT, Document, get
from till.demo.server import DEFAULT_TOKEN, Behaviour, serve


@pytest.fixture(scope="module")
def base_url(small_demo: Path) -> Iterator[str]:
    with serve(small_demo, port=0, behaviour=PATIENT) as url:
        yield url


# -- refusals


@pytest.mark.parametrize("token", [None, "wrong", "", DEFAULT_TOKEN + "x", "ñ"])
def test_a_wrong_token_is_refused(base_url: str, token: str | None) -> None:
    answer = get(base_url, "/v1/orders", token=token)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "token" in answer.document["error"]


def test_a_token_of_ones_own_replaces_the_default(small_demo: Path) -> None:
    with serve(small_demo, port=0, token="abc", behaviour=PATIENT) as url:
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


def test_too_many_requests_are_told_when_to_come_back(small_demo: Path) -> None:
    slow = Behaviour(rate=0.01, burst=2, fail_every=0)
    with serve(small_demo, port=0, behaviour=slow) as url:
        answers = [get(url, "/v1/products") for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 429, 429]
    assert 90 <= int(answers[2].headers["Retry-After"]) <= 100


def test_a_failure_is_over_at_the_next_try(small_demo: Path) -> None:
    moody = Behaviour(rate=1e6, burst=1_000_000, fail_every=3)
    with serve(small_demo, port=0, behaviour=moody) as url:
        answers = [get(url, "/v1/products", limit=5) for _ in range(7)]
    assert [answer.status for answer in answers] == [200, 200, 500, 200, 200, 500, 200]
    assert answers[3].document == answers[0].document


def test_the_usual_behaviour_fails_now_and_then_and_loses_nothing(
    small_demo: Path, expected: Document
) -> None:
    usual = Behaviour(rate=1e6, burst=1_000_000)
    statuses = []
    rows = 0
    cursor: str | None = ""
    with serve(small_demo, port=0, behaviour=usual) as url:
        while cursor is not None:
            following = {"cursor": cursor} if cursor else {}
            answer = get(url, "/v1/events", limit=50, **following)
            statuses.append(answer.status)
            if answer.status == 200:
                rows += len(answer.document["data"])
                cursor = answer.document["next_cursor"]
    assert statuses.count(500) >= 2
    assert rows == expected["resources"]["events"]["rows"]


def test_a_dropped_connection_is_dropped_once(small_demo: Path) -> None:
    rude = Behaviour(rate=1e6, burst=1_000_000, fail_every=0, drops=frozenset({2}))
    with serve(small_demo, port=0, behaviour=rude) as url:
        assert get(url, "/v1/products").status == 200
        with pytest.raises(http.client.RemoteDisconnected):
            get(url, "/v1/products")
        assert get(url, "/v1/products").status == 200
