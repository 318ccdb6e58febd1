"""One question to an API that nobody declared yet, and its answer: a JSON document, or what a file it is.

dlt's client retries 429 (honouring Retry-After), 5xx and broken connections. Redirects are not followed:
the credentials would go along, and the address to declare is the one that answers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests

from configuration.errors import PlainError
from ingest.files.addresses import web_name
from ingest.results import Patience

_MOST_BYTES = 64 << 20
_TEXT_TYPES = ("text/csv", "application/csv", "text/tab-separated-values")


@dataclass(frozen=True)
class Answer:
    """`document` is None where it is no JSON; `next_link` is what the header `Link` calls the next page."""

    document: object
    next_link: bool = False


class WantsTokenError(PlainError):
    """The API does not say anything to those it does not know."""


class IsFileError(PlainError):
    """The answer is a file of another kind: it is declared as one."""


@dataclass(frozen=True)
class Asker:
    """Asks with the same credentials each time; the token never shows."""

    token: str | None = field(default=None, repr=False)
    token_variable: str | None = None
    patience: Patience = field(default_factory=Patience)

    def ask(self, address: str, params: Mapping[str, object]) -> Answer:
        """The answer to a GET; raises WantsTokenError, IsFileError, or PlainError for any other failure."""
        where = web_name(address, lambda part: part)
        try:
            with self._session() as session:
                response = session.get(
                    address, params=params, headers=self._headers(), allow_redirects=False
                )
                return self._answer(response, where)
        except requests.RequestException as error:
            is_slow = isinstance(error, requests.Timeout)
            raise PlainError(
                f"the API {'does not answer in time' if is_slow else 'cannot be reached'}",
                where=where,
                remedy="Check the address and the connection, then try again.",
            ) from None

    def _headers(self) -> dict[str, str]:
        accept = {"Accept": "application/json"}
        return accept | ({"Authorization": f"Bearer {self.token}"} if self.token else {})

    def _session(self) -> Any:
        from dlt.sources.helpers.requests import Client  # noqa: PLC0415 - half a second to import

        return Client(
            raise_for_status=False,
            request_timeout=(self.patience.connect_seconds, self.patience.answer_seconds),
            request_max_attempts=self.patience.attempts,
            request_backoff_factor=self.patience.backoff_seconds,
            request_max_retry_delay=self.patience.longest_wait_seconds,
        ).session

    def _answer(self, response: requests.Response, where: str) -> Answer:
        status = response.status_code
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise self._refused(status, where)
        if response.is_redirect:
            target = urlsplit(response.headers.get("Location", ""))
            raise PlainError(
                "the answer leads to another address",
                where=where,
                remedy=f"Give that one, if it is right: {target.scheme}://{target.netloc}{target.path}",
            )
        if status != HTTPStatus.OK:
            phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
            raise PlainError(
                f"the API refuses the request ({f'{status} {phrase}'.strip()})",
                where=where,
                remedy="Check the address and its parameters.",
            )
        if response.headers.get("Content-Type", "").partition(";")[0].strip() in _TEXT_TYPES:
            raise IsFileError("the answer is a CSV file", where=where)
        try:
            document = json.loads(response.content[:_MOST_BYTES].decode("utf-8-sig"))
        except ValueError:
            raise PlainError(
                "the answer is no JSON",
                where=where,
                remedy="Check the address: it may be a page for people. A file's address ends as the "
                "file does, such as .csv.",
            ) from None
        return Answer(document, "next" in response.links)

    def _refused(self, status: int, where: str) -> PlainError:
        if self.token is None:
            return WantsTokenError(
                f"the API wants to know who asks ({status})",
                where=where,
                remedy="Put your token into an environment variable, and name that: --token-env NAME.",
            )
        given = self.token_variable or "that you gave"
        return WantsTokenError(
            f"the API refuses the token ({status})",
            where=where,
            remedy=f"Check the environment variable {given}."
            if self.token_variable
            else "Check it.",
        )
