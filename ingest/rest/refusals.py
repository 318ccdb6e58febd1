"""What an API did instead of answering, in one sentence each; never a header, a body or a whole address."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus

import requests
from urllib3.exceptions import ProtocolError

from configuration.errors import PlainError


class UnusableAnswerError(requests.RequestException):
    """An answer that is no whole JSON document; it is asked for again before it is told."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


class ListMovedError(Exception):
    """The list changed while it was read, so that a record may have been missed; it is read again."""


def explained(error: requests.RequestException, where: str, variables: Sequence[str]) -> PlainError:
    """The sentence for a request that failed for good. Never the error's own text: it holds the URL."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return refused(error.response.status_code, where, variables)
    if isinstance(error, UnusableAnswerError):
        return PlainError(error.what, where=where, remedy=error.remedy)
    remedy = "Check base_url and the connection, then run it again; nothing was loaded."
    if isinstance(error, requests.exceptions.ContentDecodingError):
        what = "the API sends compressed answers that cannot be unpacked"
    elif isinstance(error, requests.TooManyRedirects):
        what = "the API sends us from address to address without an end"
    elif isinstance(error, requests.Timeout):
        what = "the API does not answer in time"
    elif isinstance(error.args[0] if error.args else None, ProtocolError):
        what = "the API breaks off its answers"
    else:
        reason = re.search(r"\[Errno -?\d+\] ([A-Za-z ,]+)", str(error))
        what = f"the API cannot be reached{f' ({reason[1].lower()})' if reason else ''}"
    return PlainError(what, where=where, remedy=remedy)


def refused(status: int, where: str, variables: Sequence[str]) -> PlainError:
    """The sentence for an answer with the HTTP status `status`."""
    phrase = f"{status} {HTTPStatus(status).phrase}" if status in set(HTTPStatus) else str(status)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return PlainError(
            f"the API refuses the credentials ({phrase})",
            where=where,
            remedy=f"Check {given(variables)}.",
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        remedy = "Wait a while, then run it again; nothing was loaded."
        return PlainError(f"the API allows no more requests ({phrase})", where=where, remedy=remedy)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        remedy = "It was asked several times; run it again later. Nothing was loaded."
        return PlainError(f"the API fails ({phrase})", where=where, remedy=remedy)
    return PlainError(
        f"the API refuses the request ({phrase})",
        where=where,
        remedy="Check base_url, path and params in the sources file.",
    )


def given(variables: Sequence[str]) -> str:
    """Where the credentials come from."""
    names = " and ".join(dict.fromkeys(variables))
    return f"the environment variable {names}" if names else "'auth' in the sources file"
