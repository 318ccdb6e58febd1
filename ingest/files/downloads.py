"""One file from an address on the web, to a file in the spool: whole, or not at all.

dlt's client retries 429 (honouring Retry-After), 5xx and broken connections; a body that breaks off is begun
anew here. A server that says which version it has is asked only for another one (RFC 9110, section 13).
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
import urllib3

from configuration.errors import PlainError
from ingest.results import Counted, Meter, Patience

_CHUNK_BYTES = 1 << 20
# A file may change twice within the second of its Last-Modified; a minute is what RFC 7232 asks for.
_SURE_SECONDS = 60
_NAMED_TYPES = {
    "application/zip": ".zip",
    "application/x-zip-compressed": ".zip",
    "application/gzip": ".gz",
    "application/x-gzip": ".gz",
    "application/zstd": ".zst",
    "application/x-ndjson": ".jsonl",
    "application/jsonl": ".jsonl",
}
_ENCODINGS = {"gzip": ".gz", "x-gzip": ".gz", "zstd": ".zst"}


@dataclass(frozen=True)
class Answer:
    """What a server said of a file: `names` it may go by, `packing` of the transport, `bytes` if known.

    `is_known`: it is still the version that was asked about, and nothing was written.
    """

    version: str | None = None
    names: tuple[str, ...] = ()
    packing: str | None = None
    bytes: int | None = None
    is_known: bool = False


@dataclass(frozen=True)
class Request:
    """Which file is wanted: `where` is its name in messages, `known` the version that is loaded."""

    address: str
    where: str
    known: str | None
    patience: Patience
    token: str | None = field(default=None, repr=False)
    variables: tuple[str, ...] = ()  # where the token comes from
    meter: Meter | None = field(default=None, repr=False)


def fetch(request: Request, target: Path | None) -> Answer:
    """Write the file to `target`, unless it is the known version; without a target, only ask.

    Raises PlainError when it cannot be had whole.
    """
    patience = request.patience
    with _session(patience) as session:
        for attempt in range(patience.attempts):
            try:
                return _attempt(session, request, target)
            except requests.RequestException as error:
                raise _explained(error, request.where) from None
            except urllib3.exceptions.HTTPError as error:
                if attempt + 1 == patience.attempts:
                    raise _explained(error, request.where) from None
            time.sleep(min(patience.backoff_seconds * 2**attempt, patience.longest_wait_seconds))
    raise AssertionError("a last attempt returns or raises")


def _attempt(session: Any, request: Request, target: Path | None) -> Answer:
    # Bytes as they are: what the server would pack for the way could not be held against its length.
    headers = {"Accept-Encoding": "identity", **_condition(request.known)}
    auth = _Bearer(request.token) if request.token else None
    with session.get(request.address, headers=headers, auth=auth, stream=True) as response:
        if response.status_code == HTTPStatus.NOT_MODIFIED and request.known:
            return Answer(request.known, is_known=True)
        if response.status_code != HTTPStatus.OK:
            raise _refused(response.status_code, request)
        answer = _answer(response, request)
        if target is None or answer.is_known:
            return answer
        size, count = 0, Counted(request.meter)
        if request.meter is not None:
            request.meter.of_bytes = answer.bytes
        try:
            with target.open("wb") as file:
                for chunk in response.raw.stream(_CHUNK_BYTES, decode_content=False):
                    file.write(chunk)
                    size += len(chunk)
                    count(len(chunk))
        except urllib3.exceptions.HTTPError:
            count.take_back()
            raise
        if answer.bytes is not None and size != answer.bytes:
            count.take_back()
            raise urllib3.exceptions.ProtocolError(f"{size} of {answer.bytes} bytes came")
    return Answer(answer.version, answer.names, answer.packing, size)


class _Bearer(requests.auth.AuthBase):
    """The token; taken away by requests where an answer leads to another host."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def _session(patience: Patience) -> Any:
    from dlt.sources.helpers.requests import Client  # noqa: PLC0415 - half a second to import

    return Client(
        raise_for_status=False,
        request_timeout=(patience.connect_seconds, patience.answer_seconds),
        request_max_attempts=patience.attempts,
        request_backoff_factor=patience.backoff_seconds,
        request_max_retry_delay=patience.longest_wait_seconds,
    ).session


def _answer(response: requests.Response, request: Request) -> Answer:
    headers = response.headers
    encoding = headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity", *_ENCODINGS):
        raise PlainError(
            f"the server packs the file as '{encoding}', which was not asked for",
            where=request.where,
            remedy="Download it yourself, and put it into a folder.",
        )
    length = headers.get("Content-Length", "")
    size = int(length) if length.isascii() and length.isdigit() else None
    version = _version(headers, size)
    return Answer(
        version,
        _names(response, request.address),
        _ENCODINGS.get(encoding),
        size,
        is_known=version is not None and version == request.known,
    )


def _version(headers: Mapping[str, str], size: int | None) -> str | None:
    """What tells this version from others, with its length; None when nothing does so surely."""
    length = "" if size is None else f" {size} bytes"
    if etag := headers.get("ETag", "").strip():
        return f"etag {etag}{length}"
    modified = headers.get("Last-Modified", "").strip()
    try:
        age = parsedate_to_datetime(headers.get("Date", "")) - parsedate_to_datetime(modified)
    except (ValueError, TypeError):
        return None
    return f"modified {modified}{length}" if age.total_seconds() >= _SURE_SECONDS else None


def _condition(known: str | None) -> dict[str, str]:
    """The header that asks only for another version than the known one."""
    what, _, value = (known or "").partition(" ")
    value = re.sub(r" \d+ bytes$", "", value)
    if what == "etag":
        return {"If-None-Match": value}
    return {"If-Modified-Since": value} if what == "modified" else {}


def _names(response: requests.Response, address: str) -> tuple[str, ...]:
    """What the file may be called, the surest first: its ending says how to read it."""
    names = [PurePosixPath(unquote(urlsplit(address).path)).name]
    given = re.search(
        r'filename="?([^";]+)', response.headers.get("Content-Disposition", ""), re.IGNORECASE
    )
    if given:
        names.append(given[1].strip())
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in _NAMED_TYPES:
        names.append(f"file{_NAMED_TYPES[kind]}")
    return tuple(names)


def _explained(error: Exception, where: str) -> PlainError:
    """The sentence for a request that failed for good. Never the error's own text: it holds the address."""
    timeouts = (requests.Timeout, urllib3.exceptions.TimeoutError)
    if isinstance(error, timeouts):
        what = "the server does not answer in time"
    elif isinstance(error, urllib3.exceptions.HTTPError):
        what = "the download broke off, each time that it was tried"
    else:
        reason = re.search(r"\[Errno -?\d+\] ([A-Za-z ,]+)", str(error))
        what = f"the server cannot be reached{f' ({reason[1].lower()})' if reason else ''}"
    return PlainError(
        what,
        where=where,
        remedy="Check the address and the connection, then run it again; nothing of it was loaded.",
    )


def _refused(status: int, request: Request) -> PlainError:
    phrase = f"{status} {HTTPStatus(status).phrase}" if status in set(HTTPStatus) else str(status)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        names = " and ".join(dict.fromkeys(request.variables))
        remedy = (
            f"Check the environment variable {names}."
            if names
            else "Give the source an auth, or check the token in the address; such addresses may expire."
        )
    elif status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        remedy = "It was asked several times; run it again later."
    else:
        remedy = "Correct the path in the sources file."
    return PlainError(
        f"the server does not give the file ({phrase})", where=request.where, remedy=remedy
    )
