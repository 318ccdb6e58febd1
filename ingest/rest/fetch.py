"""An API's pages, as the bytes that came, in the spool: requests, pages and retries are dlt's.

dlt's client retries 429 (honouring Retry-After, in seconds or as a date), 5xx, time-outs and broken
connections; what remains is told here in one sentence, without anything that stood in a header.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import requests
from urllib3.exceptions import ProtocolError

from configuration.errors import PlainError
from ingest.rest.declaration import CursorPagination, RestSource, RestTable
from ingest.results import LoadContext, Patience


@dataclass(frozen=True)
class Fetched:
    """What came: one file per page, and how many records the pages' own lists had."""

    pages: int
    rows: int
    bytes: int
    sha256: str


def fetch(
    context: LoadContext, source: RestSource, table: RestTable, since: str | None, folder: Path
) -> Fetched:
    """Get every page of the resource into `folder`; raises PlainError when one cannot be had."""
    where = context.sources.hide(f"{source.base_url}{table.path}")
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    pages = rows = size = 0
    try:
        for answer, count in _pages(source, table, since, context.patience, where):
            _check_encoding(answer, where)
            content = context.sources.conceal(answer)
            pages += 1
            rows += count
            size += len(content)
            context.meter.add(rows=count, size=len(content))
            digest.update(content)
            (folder / f"{pages:08d}.json").write_bytes(content)
            if pages % 50 == 0:
                context.progress(f"{source.name}.{table.name}: {rows:,} records so far")
    except requests.RequestException as error:
        variables = context.sources.auth_variables(source.name)
        raise _explained(error, where, variables) from None
    return Fetched(pages, rows, size, digest.hexdigest())


def _check_encoding(content: bytes, where: str) -> None:
    try:
        content.decode()
    except UnicodeDecodeError:
        raise PlainError(
            "the answer is not UTF-8, which JSON must be",
            where=where,
            remedy="Ask whoever runs the API to mend that; nothing was loaded.",
        ) from None


def _pages(
    source: RestSource, table: RestTable, since: str | None, patience: Patience, where: str
) -> Iterator[tuple[bytes, int]]:
    """Each page's bytes, and the length of its list."""
    pagination = source.pagination
    params: dict[str, Any] = {
        name: json.dumps(value) if isinstance(value, bool) else value
        for name, value in table.params.items()
    }
    if table.cursor and since is not None:
        params[table.cursor.param] = since
    seen: set[str] = set()
    for page in _client(source, patience).paginate(
        table.path,
        params=params,
        data_selector=f"$.{table.data_selector}" if table.data_selector else "$",
    ):
        yield page.response.content.removeprefix(codecs.BOM_UTF8), len(page)
        if isinstance(pagination, CursorPagination) and page.paginator.has_next_page:
            cursor = str(page.request.params[pagination.cursor_param])
            if cursor in seen:
                raise PlainError(
                    "the API repeats a page: the same cursor came twice",
                    where=where,
                    remedy="Check pagination in the sources file; nothing was loaded.",
                )
            seen.add(cursor)


def _client(source: RestSource, patience: Patience) -> Any:
    from dlt.sources.helpers.requests import Client  # noqa: PLC0415 - half a second to import
    from dlt.sources.helpers.rest_client.auth import BearerTokenAuth  # noqa: PLC0415
    from dlt.sources.helpers.rest_client.client import RESTClient  # noqa: PLC0415
    from dlt.sources.helpers.rest_client.paginators import (  # noqa: PLC0415
        JSONResponseCursorPaginator,
        SinglePagePaginator,
    )

    pagination = source.pagination
    session = Client(
        raise_for_status=False,
        request_timeout=(patience.connect_seconds, patience.answer_seconds),
        request_max_attempts=patience.attempts,
        request_backoff_factor=patience.backoff_seconds,
        request_max_retry_delay=patience.longest_wait_seconds,
    ).session
    return RESTClient(
        base_url=source.base_url,
        auth=BearerTokenAuth(source.auth.token.get_secret_value()) if source.auth else None,
        paginator=JSONResponseCursorPaginator(pagination.cursor_path, pagination.cursor_param)
        if isinstance(pagination, CursorPagination)
        else SinglePagePaginator(),
        session=session,
    )


def _explained(
    error: requests.RequestException, where: str, variables: Sequence[str]
) -> PlainError:
    """The sentence for a request that failed for good. Never the error's own text: it holds the URL."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return _refused(error.response.status_code, where, variables)
    if isinstance(error, requests.JSONDecodeError):
        return PlainError(
            "the answer is not JSON, or was cut off",
            where=where,
            remedy="Check base_url and path; nothing was loaded.",
        )
    if isinstance(error, requests.Timeout):
        what = "the API does not answer in time"
    elif isinstance(error.args[0] if error.args else None, ProtocolError):
        what = "the API breaks off its answers"
    else:
        reason = re.search(r"\[Errno -?\d+\] ([A-Za-z ,]+)", str(error))
        what = f"the API cannot be reached{f' ({reason[1].lower()})' if reason else ''}"
    return PlainError(
        what,
        where=where,
        remedy="Check base_url and the connection, then run it again; nothing was loaded.",
    )


def _refused(status: int, where: str, variables: Sequence[str]) -> PlainError:
    phrase = f"{status} {HTTPStatus(status).phrase}" if status in set(HTTPStatus) else str(status)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        names = " and ".join(dict.fromkeys(variables))
        given = f"the environment variable {names}" if names else "'auth' in the sources file"
        return PlainError(
            f"the API refuses the credentials ({phrase})", where=where, remedy=f"Check {given}."
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
