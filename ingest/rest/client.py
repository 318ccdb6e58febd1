"""The client that asks an API: dlt's, with its retries; every answer is a whole JSON document or an error.

dlt's client retries 429 (honouring Retry-After, in seconds or as a date), 5xx, time-outs and broken
connections; here answers that are cut off or no JSON are added. Nothing secret goes to another host.
Imports dlt; it is imported when a request is about to be made, not before.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import SplitResult, urlsplit

import requests
from dlt.common.configuration.specs.runtime_configuration import RuntimeConfiguration
from dlt.sources.helpers.requests import Client
from dlt.sources.helpers.rest_client.client import RESTClient

from configuration.errors import PlainError
from ingest.rest.auth import api_auth
from ingest.rest.auth_declaration import OAuth2Auth
from ingest.rest.declaration import RestSource
from ingest.rest.refusals import UnusableAnswerError
from ingest.results import LoadContext, Patience

_PORTS = {"http": 80, "https": 443}
_SUCCESS = range(200, 300)
_RETRIED = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    UnusableAnswerError,
)


def open_client(context: LoadContext, source: RestSource) -> RESTClient:
    """A client for `source`, used for all requests of a load: it keeps connections, and OAuth2's token."""
    guard = HostGuard(source, context.sources.hide(source.base_url))
    tokens, token_url = _session(context.patience), source.base_url
    if isinstance(source.auth, OAuth2Auth):
        token_url = source.auth.token_url
        alone = source.model_copy(update={"base_url": token_url, "allowed_hosts": ()})
        _guarded(tokens, HostGuard(alone, context.sources.hide(token_url)))
    client = RESTClient(
        base_url=source.base_url,
        auth=api_auth(
            source.auth,
            tokens,
            context.sources.hide(token_url),
            context.sources.auth_variables(source.name),
        ),
        session=_guarded(_session(context.patience), guard),
        config=RuntimeConfiguration(),
    )
    # dlt would log the address of each request, in which an API key may stand.
    client._log_request = lambda *_: None  # type: ignore[method-assign]
    return client


def _session(patience: Patience) -> requests.Session:
    session: requests.Session = Client(
        raise_for_status=False,
        exceptions=_RETRIED,
        request_timeout=(patience.connect_seconds, patience.answer_seconds),
        request_max_attempts=patience.attempts,
        request_backoff_factor=patience.backoff_seconds,
        request_max_retry_delay=patience.longest_wait_seconds,
    ).session
    return session


class HostGuard:
    """Says which addresses may be asked: those of base_url's host, and of the hosts that are allowed."""

    def __init__(self, source: RestSource, where: str) -> None:
        self._home = _origin(urlsplit(source.base_url))
        self._allowed = {host.lower() for host in source.allowed_hosts}
        self._where = where

    def check(self, address: str) -> None:
        """Raise PlainError when `address` is on another host: the credentials would go there too."""
        try:
            parts = urlsplit(address)
            scheme, host, port = _origin(parts)
        except ValueError:
            scheme, host, port = "", "", 0
        if (scheme, host, port) == self._home:
            return
        is_safe = scheme == "https" or (scheme == "http" and self._home[0] == "http")
        if is_safe and ({host, f"{host}:{port}"} & self._allowed):
            return
        raise PlainError(
            f"the API leads us to {scheme or '?'}://{host or '?'}, which is not where base_url is",
            where=self._where,
            remedy="The credentials are not sent there. If that is right, add the host to allowed_hosts.",
        )


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(scheme, 0)


def _guarded(session: requests.Session, guard: HostGuard) -> requests.Session:
    """`session`, with redirects followed only where the credentials may go."""

    def keep_credentials_home(request: requests.PreparedRequest, response: object) -> None:
        guard.check(str(request.url))

    session.rebuild_auth = keep_credentials_home  # type: ignore[assignment,method-assign]
    return session


def read_answer(response: requests.Response, *args: Any, **options: Any) -> None:
    """A hook for each answer: raises unless it is JSON, and keeps what was read in it.

    An answer without content (204) is an empty page. Raises requests' HTTPError for other statuses.
    """
    del args, options
    if response.is_redirect:
        return
    if response.status_code not in _SUCCESS:
        raise requests.HTTPError(str(response.status_code), response=response)
    document = None
    if response.status_code != HTTPStatus.NO_CONTENT:
        document = _document(response)
    setattr(response, "json", lambda **_: document)  # noqa: B010 - read once, not once per reader


def _document(response: requests.Response) -> Any:
    content = response.content.removeprefix(codecs.BOM_UTF8)
    kind = response.headers.get("Content-Type", "").lower()
    if content.lstrip()[:1] == b"<" or "text/html" in kind:
        raise UnusableAnswerError(
            "the answer is a web page or XML, not JSON",
            "Check base_url and path (it may be a page to log in at); nothing was loaded.",
        )
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise UnusableAnswerError(
            "the answer is not UTF-8, which JSON must be",
            "Ask whoever runs the API to mend that; nothing was loaded.",
        ) from None
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError):
        raise UnusableAnswerError(
            "the answer is not JSON, or was cut off",
            "Check base_url and path; nothing was loaded.",
        ) from None


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_number)


def value_at(document: object, path: Sequence[str]) -> object:
    """The value at `path` in a JSON document; None where there is none."""
    for step in path:
        if not isinstance(document, dict):
            return None
        document = document.get(step)
    return document
