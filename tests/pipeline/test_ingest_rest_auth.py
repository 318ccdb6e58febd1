"""How an API knows who asks: each way is sent as it should be, renewed where it ends, and written nowhere."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from configuration.errors import ConfigurationError
from ingest.declaration.sources_file import load_sources_file
from tests.pipeline.paged_api import ids_of, numbered
from tests.pipeline.rest_lake import TOKEN, RestLake, order, orders_table
from tests.pipeline.scripted_api import Asked, Reply, as_json, page, scripted_api

BASIC = {"type": "basic", "username": "till", "password": "${SHOP_TOKEN}"}
HEADER_KEY = {"type": "api_key", "api_key": "${SHOP_TOKEN}", "name": "X-Shop-Key"}
QUERY_KEY = HEADER_KEY | {"name": "appid", "location": "query"}
WORDS = base64.b64encode(f"till:{TOKEN}".encode()).decode()


@pytest.fixture
def lake(tmp_path: Path) -> RestLake:
    return RestLake(tmp_path)


def is_welcome(auth: dict[str, Any], asked: Asked) -> bool:
    if auth["type"] == "basic":
        return asked.authorization == f"Basic {WORDS}"
    if auth.get("location") == "query":
        return asked.parameters.get("appid") == TOKEN
    return asked.headers.get("X-Shop-Key") == TOKEN


@pytest.mark.parametrize("auth", [BASIC, HEADER_KEY, QUERY_KEY], ids=str)
def test_each_way_is_sent_with_every_request_and_written_nowhere(
    lake: RestLake, auth: dict[str, Any], caplog: pytest.LogCaptureFixture, capfd: Any
) -> None:
    caplog.set_level("DEBUG", logger="dlt")

    def answer(asked: Asked) -> Reply:
        if not is_welcome(auth, asked):
            return as_json({}, 401)
        if asked.path == "/broken":
            return as_json({"error": f"no {asked.parameters} {asked.headers}"}, 418)
        if "page" in asked.parameters:
            return as_json({"data": [order(2)]})
        # some APIs repeat the key in their links
        return as_json({"data": [order(1)], "next": f"/orders?page=2&appid={TOKEN}"})

    with scripted_api(answer) as api:
        broken = orders_table(name="broken", path="/broken")
        following = {"type": "next_url", "next_url_path": "next"}
        lake.declare(api.url, orders_table(), broken, auth=auth, pagination=following)
        good, bad = lake.ingest().tables
    assert good.rows_loaded == 2
    assert "refuses the request (418" in str(bad.error)
    said = "".join([*lake.said, str(bad.error), caplog.text, *capfd.readouterr()])
    written = [path.read_bytes() for path in lake.lake.rglob("*") if path.is_file()]
    for secret in (TOKEN, WORDS):
        assert secret not in said
        assert not [content for content in written if secret.encode() in content]
    if auth.get("location") == "query":
        assert [request.headers for request in api.asked if "X-Shop-Key" in request.headers] == []


@pytest.mark.parametrize("auth", [BASIC, HEADER_KEY, QUERY_KEY], ids=str)
def test_a_refusal_names_the_variable(lake: RestLake, auth: dict[str, Any]) -> None:
    with scripted_api(lambda asked: as_json({}, 403)) as api:
        lake.declare(api.url, orders_table(), auth=auth)
        assert "Check the environment variable SHOP_TOKEN" in lake.refused()


@pytest.mark.parametrize(
    "auth",
    [
        BASIC | {"password": TOKEN},
        HEADER_KEY | {"api_key": TOKEN},
        {
            "type": "oauth2_client_credentials",
            "token_url": "https://id.example.com/token",
            "client_id": "till",
            "client_secret": TOKEN,
        },
    ],
    ids=lambda auth: auth["type"],
)
def test_a_secret_that_stands_in_the_file_is_refused(lake: RestLake, auth: dict[str, Any]) -> None:
    lake.declare("http://127.0.0.1:1", orders_table(), auth=auth)
    with pytest.raises(ConfigurationError, match="holds a secret in plain text") as refusal:
        lake.sources()
    assert TOKEN not in str(refusal.value)


@pytest.mark.parametrize("end", ["\nx", " ", "\u20ac"])
@pytest.mark.parametrize(
    "auth", [{"type": "bearer", "token": "${SHOP_TOKEN}"}, HEADER_KEY], ids=str
)
def test_a_secret_that_no_header_may_have_is_told_without_showing_it(
    lake: RestLake, auth: dict[str, Any], end: str
) -> None:
    with scripted_api(lambda asked: page([order(1)])) as api:
        lake.declare(api.url, orders_table(), auth=auth)
        sources = load_sources_file(lake.sources_file, {"SHOP_TOKEN": TOKEN + end})
        lake.sources = lambda: sources  # type: ignore[method-assign]
        assert "that no header may have" in lake.refused()
        assert api.asked == []


# -- OAuth2 client credentials


class Tokens:
    """Gives tokens T1, T2 and so on, each good for `uses` requests and said to be for `seconds`."""

    def __init__(self, uses: int = 1000, seconds: object = 3600) -> None:
        self.uses = uses
        self.seconds = seconds
        self.given: list[Asked] = []
        self.left = 0

    def answer(self, asked: Asked) -> Reply:
        if asked.path == "/token":
            self.given.append(asked)
            self.left = self.uses
            token = {"access_token": self.newest, "expires_in": self.seconds}
            return as_json(token | {"token_type": "bearer"})
        if asked.authorization != f"Bearer {self.newest}" or self.left == 0:
            return as_json({"error": "invalid_token"}, 401)
        self.left -= 1
        start = int(asked.parameters.get("cursor", 0))
        return page(numbered(6)[start : start + 2], start + 2 if start < 4 else None)

    @property
    def newest(self) -> str:
        return f"very-secret-access-token-{len(self.given)}"


def oauth(url: str, **changes: Any) -> dict[str, Any]:
    return {
        "type": "oauth2_client_credentials",
        "token_url": f"{url}/token",
        "client_id": "till",
        "client_secret": "${SHOP_TOKEN}",
        **changes,
    }


SIX = [f"A{number}" for number in range(1, 7)]


def test_a_token_is_fetched_once_and_serves_all_pages(lake: RestLake) -> None:
    tokens = Tokens()
    with scripted_api(tokens.answer) as api:
        lake.declare(api.url, orders_table(), auth=oauth(api.url, scope="orders:read"))
        assert lake.ingest_one().rows_loaded == 6
    (given,) = tokens.given
    assert given.method == "POST"
    assert given.form == {
        "grant_type": "client_credentials",
        "client_id": "till",
        "client_secret": TOKEN,
        "scope": "orders:read",
    }
    written = [path.read_bytes() for path in lake.lake.rglob("*") if path.is_file()]
    for secret in (TOKEN, tokens.newest):
        assert not [content for content in written if secret.encode() in content]


def test_id_and_secret_may_be_wanted_in_a_header(lake: RestLake) -> None:
    tokens = Tokens()
    with scripted_api(tokens.answer) as api:
        lake.declare(api.url, orders_table(), auth=oauth(api.url, client_in="header"))
        assert ids_of(lake, api) == SIX
    (given,) = tokens.given
    assert given.authorization == f"Basic {WORDS}"
    assert given.form == {"grant_type": "client_credentials"}


def test_a_token_that_has_ended_is_fetched_anew_before_it_is_used(lake: RestLake) -> None:
    tokens = Tokens(seconds=0)
    with scripted_api(tokens.answer) as api:
        lake.declare(api.url, orders_table(), auth=oauth(api.url))
        assert ids_of(lake, api) == SIX
        assert [each.path for each in api.asked] == ["/token", "/orders"] * 3


@pytest.mark.parametrize("seconds", [3600, None, "soon"])
def test_a_token_that_is_called_back_in_the_middle_is_fetched_anew(
    lake: RestLake, seconds: object
) -> None:
    tokens = Tokens(uses=2, seconds=seconds)
    with scripted_api(tokens.answer) as api:
        lake.declare(api.url, orders_table(), auth=oauth(api.url))
        assert ids_of(lake, api) == SIX
        # the third page is refused, and given for a new token
        assert [each.path for each in api.asked] == [
            "/token", "/orders", "/orders", "/orders", "/token", "/orders",
        ]  # fmt: skip


def test_a_new_token_that_is_refused_too_is_an_error(lake: RestLake) -> None:
    tokens = Tokens(uses=0)
    with scripted_api(tokens.answer) as api:
        lake.declare(api.url, orders_table(), auth=oauth(api.url))
        assert "refuses the credentials (401 Unauthorized)" in lake.refused()
        assert len(tokens.given) == 2


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (as_json({"error": "invalid_client"}, 401), "refuses the credentials (401 Unauthorized)"),
        (as_json({"error": "invalid_scope"}, 400), "refuses the request (400 Bad Request)"),
        (as_json({"error": "busy"}, 503), "the API fails (503"),
        (as_json({"token": "x"}), "gives no access_token"),
        (as_json(["x"]), "gives no access_token"),
        (Reply(b"<html>log in</html>"), "does not answer with JSON"),
    ],
    ids=str,
)
def test_a_token_that_is_not_given_is_told(lake: RestLake, reply: Reply, message: str) -> None:
    with scripted_api(lambda asked: reply) as api:
        lake.declare(api.url, orders_table(), auth=oauth(api.url))
        error = lake.refused()
        assert message in error
        assert error.startswith(f"{api.url}/token: ")
        assert {each.path for each in api.asked} == {"/token"}


def test_the_clients_secret_is_not_sent_on_to_another_host(lake: RestLake) -> None:
    with scripted_api(lambda asked: as_json({"access_token": "x"})) as stranger:
        away = Reply(b"{}", 307, {"Location": f"{stranger.url}/token"})
        with scripted_api(lambda asked: away) as api:
            lake.declare(api.url, orders_table(), auth=oauth(api.url))
            assert "which is not where base_url is" in lake.refused()
        assert stranger.asked == []
