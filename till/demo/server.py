"""The demo webshop's API on loopback: token, cursor pages, updated-since, rate limit, failures.

It behaves as real shop APIs do, so that what loads it can be trusted with one: docs/guides/demo.md.
"""

from __future__ import annotations

import datetime as dt
import hmac
import itertools
import json
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

from configuration.errors import PlainError, StopAsked
from till.demo.generate import STORY_ENDS_AT
from till.demo.pages import LARGEST_PAGE, RESOURCES, USUAL_PAGE, BadRequestError, PageRequest, Pages
from till.demo.rate_limit import TokenBucket

DEFAULT_PORT = 8765
DEFAULT_TOKEN = "demo-token"  # noqa: S105 - the demo's data is no secret
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Behaviour:
    """How difficult the API is: the defaults delay a full load of the demo by a second or two.

    `rate` requests a second after a `burst`; every `fail_every`th answer is a 500 (0: none); the
    connection is dropped without an answer on the requests whose numbers, from 1, are in `drops`.
    """

    rate: float = 50
    burst: int = 80
    fail_every: int = 40
    drops: frozenset[int] = frozenset()


@contextmanager
def serve(
    folder: Path,
    port: int = DEFAULT_PORT,
    token: str = DEFAULT_TOKEN,
    *,
    until: dt.datetime | None = None,
    behaviour: Behaviour | None = None,
) -> Iterator[str]:
    """Serve the demo in `folder` while the block runs; yields the base URL without `/v1`.

    `port` 0 takes a free one. `until` (UTC, without a zone; the story's end when not given) is the
    moment that the API stands at: later rows are not there yet, later changes have not happened.
    Raises PlainError when the data is missing or the port is taken.
    """
    server = _open(folder, port, token, until or STORY_ENDS_AT, behaviour or Behaviour())
    thread = threading.Thread(
        target=server.serve_forever,
        kwargs={"poll_interval": 0.02},  # how long the end of the block waits
        name="demo-api",
        daemon=True,
    )
    thread.start()
    try:
        yield server.base_url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def run_forever(
    folder: Path,
    port: int = DEFAULT_PORT,
    token: str = DEFAULT_TOKEN,
    *,
    until: dt.datetime | None = None,
    on_ready: Callable[[str], None] = lambda base_url: None,
) -> None:
    """Serve the demo until interrupted (Ctrl+C); `on_ready` is called with the base URL."""
    with _open(folder, port, token, until or STORY_ENDS_AT, Behaviour()) as server:
        on_ready(server.base_url)
        try:
            server.serve_forever()
        except (KeyboardInterrupt, StopAsked):
            return


class DemoServer(ThreadingHTTPServer):
    """The listening server with what its handlers share."""

    daemon_threads = True

    def __init__(self, port: int, token: str, pages: Pages, behaviour: Behaviour) -> None:
        self.token = token
        self.pages = pages  # first: a port that is taken ends in server_close
        super().__init__((HOST, port), Handler)
        self.behaviour = behaviour
        self.bucket = TokenBucket(behaviour.rate, behaviour.burst)
        self.numbers = itertools.count(1)  # next() on it is atomic

    @property
    def base_url(self) -> str:
        """Where it listens, without the path of the API's version."""
        return f"http://{HOST}:{self.server_address[1]}"

    def server_close(self) -> None:
        """Stop listening and let go of the data."""
        super().server_close()
        self.pages.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over clients that went away in the middle, and connections dropped on purpose."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Refusal(Exception):  # noqa: N818 - an answer, no error of ours
    """An answer other than 200."""

    def __init__(
        self, status: HTTPStatus, message: str, headers: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


class Handler(BaseHTTPRequestHandler):
    """Answers one connection's requests."""

    server: DemoServer
    protocol_version = "HTTP/1.1"
    # head and body are two writes: without this the second waits for the client's acknowledgement
    disable_nagle_algorithm = True
    timeout = 60

    def do_GET(self) -> None:
        """Answer a request, or fail it as `Behaviour` says."""
        try:
            self._answer(HTTPStatus.OK, self._text(urlsplit(self.path)))
        except Refusal as refusal:
            text = json.dumps({"error": refusal.message})
            self._answer(refusal.status, text, refusal.headers)

    def _text(self, address: SplitResult) -> str:
        """Return what was asked for as JSON text, or raise Refusal."""
        if address.path == "/health":
            return '{"status":"ok"}'
        given = self.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self.server.token}".encode()):
            raise Refusal(
                HTTPStatus.UNAUTHORIZED,
                "the token is missing or wrong",
                {"WWW-Authenticate": "Bearer"},
            )
        name = address.path.removeprefix("/v1/")
        if not address.path.startswith("/v1/") or name not in RESOURCES:
            raise Refusal(HTTPStatus.NOT_FOUND, f"there is no {address.path} here")
        self._misbehave()
        try:
            return self.server.pages.page(name, read_page_request(address.query))
        except BadRequestError as problem:
            raise Refusal(HTTPStatus.BAD_REQUEST, str(problem)) from problem

    def _misbehave(self) -> None:
        """Refuse or drop the request where the rate limit or the planned failures say so."""
        if seconds := self.server.bucket.seconds_to_wait():
            raise Refusal(
                HTTPStatus.TOO_MANY_REQUESTS, "too many requests", {"Retry-After": str(seconds)}
            )
        behaviour = self.server.behaviour
        number = next(self.server.numbers)
        if number in behaviour.drops:
            raise ConnectionAbortedError
        if behaviour.fail_every and number % behaviour.fail_every == 0:
            raise Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "something broke, try again")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing: the command tells what is worth telling."""

    def _answer(
        self, status: HTTPStatus, text: str, headers: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def read_page_request(query: str) -> PageRequest:
    """Read a query string. Raises BadRequestError that names the parameter and what is wrong."""
    asked = dict(parse_qsl(query, keep_blank_values=True))
    unknown = asked.keys() - {"limit", "cursor", "updated_since"}
    if unknown:
        raise BadRequestError(f"there is no parameter {min(unknown)}")
    limit = asked.get("limit", str(USUAL_PAGE))
    if not re.fullmatch("[1-9][0-9]{0,3}", limit) or int(limit) > LARGEST_PAGE:
        raise BadRequestError(f"limit must be a number from 1 to {LARGEST_PAGE}")
    since = asked.get("updated_since")
    return PageRequest(
        limit=int(limit),
        cursor=asked.get("cursor", ""),
        updated_since=dt.datetime.min if since is None else _read_moment(since),  # noqa: DTZ901
    )


def _read_moment(text: str) -> dt.datetime:
    """Read an ISO 8601 moment as UTC without a zone; one without a zone is UTC already."""
    try:
        moment = dt.datetime.fromisoformat(text)
        return moment.astimezone(dt.UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        raise BadRequestError("updated_since must be an ISO 8601 moment") from None


def _open(
    folder: Path, port: int, token: str, until: dt.datetime, behaviour: Behaviour
) -> DemoServer:
    pages = Pages(folder, until)
    try:
        return DemoServer(port, token, pages, behaviour)
    except OSError as problem:
        raise PlainError(
            f"the demo's API cannot listen on port {port} ({problem.strerror})",
            where=HOST,
            remedy="Stop what uses it, or set TILL_DEMO_API_PORT to another port.",
        ) from problem
