"""A list of an API, page by page, as the bytes that came, in the spool; read again where it moved.

Each page is a file named LIST-PAGE-SKIP-TAKE.json: of its records, TAKE count after the first SKIP.
"""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import requests

from configuration.errors import PlainError
from ingest.json.paths import json_path
from ingest.rest.declaration import RestSource, RestTable
from ingest.rest.pagination_declaration import Movable
from ingest.rest.records import came_first, identity_of, key_paths
from ingest.rest.refusals import ListMovedError, explained
from ingest.results import LoadContext
from ingest.rows.duckdb_sql import number, text_list, text_literal

if TYPE_CHECKING:
    from dlt.sources.helpers.rest_client.client import RESTClient

READINGS = 3
_ERRORS = ("error", "errors")


@dataclass(frozen=True)
class Resource:
    """One list: its number in this load, its path, and what its records get from a parent's row (JSON)."""

    number: int
    path: str
    parent: str | None = None


@dataclass(frozen=True)
class Fetched:
    """What came of one list."""

    resource: Resource
    pages: int
    rows: int
    bytes: int
    sha256: str


@dataclass
class Api:
    """What all requests of one load have in common."""

    context: LoadContext
    source: RestSource
    table: RestTable
    connection: duckdb.DuckDBPyConnection
    folder: Path
    _client: RESTClient | None = field(default=None, repr=False)

    @property
    def where(self) -> str:
        """What is told of this resource: its address, without values or parameters."""
        return self.context.sources.hide(f"{self.source.base_url}{self.table.path}")

    @property
    def client(self) -> RESTClient:
        """Opened with the first request: dlt takes half a second to import."""
        if self._client is None:
            from ingest.rest.client import open_client  # noqa: PLC0415 - imports dlt

            self._client = open_client(self.context, self.source)
        return self._client


def fetch(api: Api, resource: Resource, params: Mapping[str, str]) -> Fetched:
    """Get every page into the folder; raises PlainError when that cannot be had whole.

    Lets requests' HTTPError with a 404 pass, for lists that belong to a parent's row.
    """
    api.folder.mkdir(parents=True, exist_ok=True)
    pagination = api.source.pagination_of(api.table)
    is_confirmed = isinstance(pagination, Movable) and pagination.read_twice
    readings: list[_Reading] = []
    moved = ""
    for _ in range(READINGS + is_confirmed):
        for left in api.folder.glob(f"{resource.number:08d}-*.json"):
            left.unlink()
        reading = _Reading(api, resource, params)
        try:
            reading.run()
        except ListMovedError as error:
            readings.clear()
            moved = str(error)
        except requests.RequestException as error:
            if _is_gone(error) and resource.parent is not None and not reading.pages:
                raise
            variables = api.context.sources.auth_variables(api.source.name)
            raise _of_later_page(explained(error, api.where, variables), reading, error) from None
        else:
            readings.append(reading)
            if not is_confirmed or reading.is_like(readings[:-1]):
                return reading.fetched
            moved = moved or "two readings differ"
        # What was read until now is read again.
        api.context.meter.add(rows=-reading.rows, size=-reading.bytes)
        api.context.progress(f"{api.where}: the list moved ({moved}); reading it again")
    raise PlainError(
        f"the list moved each time it was read ({moved}), so records may be missing",
        where=api.where,
        remedy="Run it again at a quieter time, or ask for a stable order under params; if the API's "
        "total counts other records too, leave out total_path. Nothing was loaded.",
    )


def _is_gone(error: requests.RequestException) -> bool:
    response = error.response
    return response is not None and response.status_code in (404, 410)


def _of_later_page(error: PlainError, reading: _Reading, cause: requests.RequestException) -> Any:
    """Some APIs refuse the page after the last one; that is no end that could be told from a failure."""
    if not _is_gone(cause) or not reading.pages or not reading.is_movable:
        return error
    remedy = (
        "If that is how it says that the list has ended, give total_path, or stop_at: short_page."
    )
    return PlainError(f"{error.what} for a page after the first", where=error.where, remedy=remedy)


class _Reading:
    """One way through the pages of a list."""

    def __init__(self, api: Api, resource: Resource, params: Mapping[str, str]) -> None:
        self.api = api
        self.resource = resource
        self.params = {**_as_sent(api.table), **params}
        self.pages = self.rows = self.bytes = 0
        self.is_movable = False
        self._digest = hashlib.sha256()
        self._records = hashlib.sha256()
        self._identity = identity_of(api.table)
        selector = api.table.data_selector
        self._selector = f"$.{selector}" if selector else "$"
        self._confirms = getattr(api.source.pagination_of(api.table), "read_twice", False)

    @property
    def fetched(self) -> Fetched:
        """What came."""
        return Fetched(self.resource, self.pages, self.rows, self.bytes, self._digest.hexdigest())

    def is_like(self, before: Sequence[_Reading]) -> bool:
        """Whether the reading before had the same records in the same order."""
        return bool(before) and before[-1]._records.digest() == self._records.digest()

    def run(self) -> None:
        """Get all pages; raises ListMovedError when one may have slipped through between two of them."""
        from ingest.rest.client import read_answer  # noqa: PLC0415 - imports dlt
        from ingest.rest.paging import pager_of  # noqa: PLC0415 - imports dlt

        pager = pager_of(self.api.source, self.api.table, self.api.where)
        self.is_movable = pager.is_movable
        first: list[object] = []
        for page in self.api.client.paginate(
            self.resource.path,
            params=dict(self.params),
            paginator=pager,
            data_selector=self._selector,
            hooks={"response": [read_answer]},
        ):
            self._refuse_what_is_no_list(page.response.json(), page)
            self._keep(page.response, pager.skip, len(page) - pager.skip)
            if self._confirms:
                self._records.update(json.dumps(page[pager.skip :]).encode())
            if pager.is_movable and pager.pages == 1:
                first = [self._identity(record) for record in page]
        if pager.is_movable and pager.pages > 1:
            self._look_at_the_beginning_again(first)
        if pager.total is not None:
            self._compare(pager.total)

    def _keep(self, response: requests.Response, skip: int, take: int) -> None:
        answer = response.content.removeprefix(codecs.BOM_UTF8)
        content = self.api.context.sources.conceal(answer)
        self.pages += 1
        self.rows += take
        self.bytes += len(content)
        self.api.context.meter.add(rows=take, size=len(content))
        self._digest.update(content)
        if response.json() is not None:
            name = f"{self.resource.number:08d}-{self.pages:08d}-{skip}-{take}.json"
            (self.api.folder / name).write_bytes(content)
        if self.pages % 50 == 0:
            name = f"{self.api.source.name}.{self.api.table.name}"
            self.api.context.progress(f"{name}: {self.rows:,} records so far")

    def _look_at_the_beginning_again(self, before: list[object]) -> None:
        """What came to the front meanwhile is taken too: it may have been further back until then."""
        from ingest.rest.client import read_answer  # noqa: PLC0415 - imports dlt
        from ingest.rest.paging import pager_of  # noqa: PLC0415 - imports dlt

        pager = pager_of(self.api.source, self.api.table, self.api.where)
        pages = self.api.client.paginate(
            self.resource.path,
            params=dict(self.params),
            paginator=pager,
            data_selector=self._selector,
            hooks={"response": [read_answer]},
        )
        page = next(pages)
        new = came_first(before, [self._identity(record) for record in page])
        if new is None:
            raise ListMovedError("its first page has changed")
        if new:
            self._keep(page.response, 0, new)

    def _compare(self, total: int) -> None:
        """Hold what came against the API's own total; raises ListMovedError when some are missing."""
        came = _different(self.api, self.resource)
        if came < total:
            raise ListMovedError(f"the API says {total:,} records, {came:,} different ones came")
        if came > total:
            self.api.context.progress(
                f"{self.api.where}: the API says {total:,} records, {came:,} different ones came"
            )

    def _refuse_what_is_no_list(self, document: Any, records: Sequence[Any]) -> None:
        """A 200 with an error in it is no empty list, nor is an answer without one."""
        if document is None:
            return
        selector = self.api.table.data_selector or ""
        named = [
            name
            for name in _ERRORS
            if isinstance(document, dict) and document.get(name) and selector.split(".")[0] != name
        ]
        found = document
        for step in selector.split(".") if selector else ():
            found = found.get(step) if isinstance(found, dict) else None
        if named and found and isinstance(found, list):
            where = self.api.where
            self.api.context.progress(f"{where}: an answer has '{named[0]}' beside its list")
        elif named:
            raise PlainError(
                f"the API answers with an error instead of records (it has '{named[0]}')",
                where=self.api.where,
                remedy="Check path and params in the sources file; nothing was loaded.",
            )
        elif not isinstance(found, list) or len(found) != len(records):
            raise no_list(self.api.table, self.api.where)


def no_list(table: RestTable, where: str) -> PlainError:
    """What is told of an answer in which the list of records is not where it should be."""
    return PlainError(
        f"the answer has no list at '{table.data_selector or 'its top level'}'",
        where=where,
        remedy="Correct data_selector in the sources file.",
    )


def _as_sent(table: RestTable) -> dict[str, str]:
    """The declared parameters as APIs write them: true, not True."""
    return {
        name: json.dumps(value) if isinstance(value, bool) else str(value)
        for name, value in table.params.items()
    }


def _different(api: Api, resource: Resource) -> int:
    """How many different records the list's pages have: by their key, where each has one."""
    files = text_literal((api.folder / f"{resource.number:08d}-*.json").as_posix())
    if not any(api.folder.glob(f"{resource.number:08d}-*.json")):
        return 0
    paths = key_paths(api.table)
    records = f"select unnest({page_records(api.table)}) as record from read_text({files})"
    if not paths:
        return number(api.connection, f"select count(*) from ({records})")
    keys = f"json_extract_string(record, {text_list(json_path(path) for path in paths)})"
    is_whole = f"len(list_filter({keys}, lambda value: value is null)) = 0"
    return number(
        api.connection,
        f"select count(distinct {keys}) filter ({is_whole}) + count(*) filter (not ({is_whole})) "
        f"from ({records})",
    )


def page_records(table: RestTable) -> str:
    """SQL for the list of those records of a page (`content`, `filename`) that count."""
    selector = json_path(table.data_selector or "")
    skip = r"regexp_extract(filename, '-(\d+)-\d+\.json$', 1)::bigint"
    take = r"regexp_extract(filename, '-(\d+)\.json$', 1)::bigint"
    return f"json_extract(content::json, '{selector}[*]')[{skip} + 1 : {skip} + {take}]"
