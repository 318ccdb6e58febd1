"""From one page to the next: dlt's way of paging, with an eye on lists that move, repeat or never end.

Imports dlt; it is imported when a request is about to be made, not before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from dlt.sources.helpers.rest_client.paginators import BasePaginator
from requests import Request, Response

from configuration.errors import PlainError
from ingest.rest.auth_declaration import ApiKeyAuth
from ingest.rest.client import HostGuard, value_at
from ingest.rest.declaration import RestSource, RestTable
from ingest.rest.pagination_declaration import (
    CursorPagination,
    LinkHeaderPagination,
    Movable,
    NextUrlPagination,
    OffsetPagination,
    Paged,
    PageNumberPagination,
)
from ingest.rest.records import Identity, identity_of
from ingest.rest.refusals import ListMovedError


def pager_of(source: RestSource, table: RestTable, where: str) -> Pager:
    """The way through the pages of this table's list, from its beginning."""
    pagination = source.pagination_of(table)
    match pagination:
        case PageNumberPagination():
            return PageNumbers(pagination, where)
        case OffsetPagination():
            return Offsets(pagination, identity_of(table), where)
        case CursorPagination():
            return Cursors(pagination, where)
        case LinkHeaderPagination() | NextUrlPagination():
            guard, auth = HostGuard(source, where), source.auth
            key = auth.name if isinstance(auth, ApiKeyAuth) and auth.location == "query" else None
            return Links(pagination, guard, key, where)
    return Pager(None, where)


def _send(request: Request, parameter: str, value: object) -> None:
    params: dict[str, str] = request.params if isinstance(request.params, dict) else {}
    request.params = {**params, parameter: str(value)}


class Pager(BasePaginator):
    """One page; and what all ways have: counting, the total that the API tells, and a highest number.

    Of the page that came last, the first `skip` records are known from the page before.
    """

    def __init__(self, pagination: Paged | None, where: str) -> None:
        super().__init__()
        self.where = where
        self.pages = 0
        self.came = 0
        self.skip = 0
        self.total: int | None = None
        self._limits = pagination
        self._former: list[Any] = []
        self._seen: set[bytes] = set()

    @property
    def is_movable(self) -> bool:
        """Whether what a page has depends on what came or went before it."""
        return isinstance(self._limits, Movable)

    def init_request(self, request: Request) -> None:
        """Begin at the first page."""
        self.update_request(request)

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        """Count the page that came, and decide whether there is another one."""
        records = data or []
        document = response.json()
        self.pages += 1
        self._refuse_repeats(response, records)
        if document is not None:
            self._note_total(document)
        self.skip = self.known(records)
        self.came += len(records) - self.skip
        self._has_next_page = self.goes_on(response, document, records)
        if self._has_next_page and self._limits and self.pages >= self._limits.max_pages:
            raise PlainError(
                f"the list has not ended after {self.pages:,} pages",
                where=self.where,
                remedy="If it is so long, raise max_pages under pagination; nothing was loaded.",
            )

    def update_request(self, request: Request) -> None:
        """Ask for the page that comes next."""

    def known(self, records: Sequence[Any]) -> int:
        """How many of the first records were on the page before."""
        del records
        return 0

    def goes_on(self, response: Response, document: Any, records: Sequence[Any]) -> bool:
        """Whether another page is to be asked for."""
        del response, document, records
        return False

    @property
    def is_complete(self) -> bool:
        """Whether as many came as the API says there are."""
        return self.total is not None and self.came >= self.total

    def _note_total(self, document: Any) -> None:
        path = self._limits.total_path if self._limits else None
        if path is None:
            return
        found = value_at(document, path.split("."))
        try:
            # The highest: where a record went, it has come, and the one that took its place may not have.
            self.total = max(int(str(found)), self.total or 0)
        except ValueError:
            if self.total is None:
                raise PlainError(
                    f"the answer has no number at '{path}'",
                    where=self.where,
                    remedy="Correct total_path under pagination, or leave it out.",
                ) from None

    def _refuse_repeats(self, response: Response, records: list[Any]) -> None:
        if not self.is_movable or not records:
            return
        digest = hashlib.sha256(response.content).digest()
        if digest in self._seen or records == self._former:
            raise PlainError(
                "the API repeats a page: the same records came twice",
                where=self.where,
                remedy="Check pagination in the sources file; nothing was loaded.",
            )
        self._seen.add(digest)
        self._former = records


class PageNumbers(Pager):
    """Page 1, page 2, page 3."""

    def __init__(self, pagination: PageNumberPagination, where: str) -> None:
        super().__init__(pagination, where)
        self._of = pagination

    def update_request(self, request: Request) -> None:
        """Ask for the page after those that came."""
        _send(request, self._of.page_param, self._of.first_page + self.pages)
        if self._of.size_param:
            _send(request, self._of.size_param, self._of.size)

    def goes_on(self, response: Response, document: Any, records: Sequence[Any]) -> bool:
        """Until nothing comes, or all of the total came, or a short page where that is an end."""
        del response, document
        if self._of.stop_at == "short_page" and len(records) < (self._of.size or 0):
            return False
        return bool(records) and not self.is_complete


class Offsets(Pager):
    """Each page begins with the last record of the one before, which shows whether the list moved.

    What came before the page's end moved to the right (by insertions): the records that are known are
    skipped. It moved to the left, or is gone: one may have slipped through, and the list is read again.
    """

    def __init__(
        self, pagination: OffsetPagination, identity: Callable[[Any], Identity], where: str
    ) -> None:
        super().__init__(pagination, where)
        self._of = pagination
        self._identity = identity
        self._asked = 0
        self._last: Identity | None = None

    def update_request(self, request: Request) -> None:
        """Ask from the place reached, less the record that both pages shall have."""
        _send(request, self._of.offset_param, self._asked)
        _send(request, self._of.limit_param, self._of.limit)

    def known(self, records: Sequence[Any]) -> int:
        """Those up to the last record of the page before; raises ListMovedError when it is not there."""
        if self._last is None:
            return 0
        for place, record in enumerate(records):
            if self._identity(record) == self._last:
                return place + 1
        raise ListMovedError("a record is not where it was")

    def goes_on(self, response: Response, document: Any, records: Sequence[Any]) -> bool:
        """Until nothing new comes, or all of the total came, or a short page where that is an end."""
        del response, document
        known = 0 if self._last is None else 1
        if len(records) <= known or self.is_complete:
            return False
        if self._of.stop_at == "short_page" and len(records) < self._of.limit:
            return False
        # By what came, not by what was asked for: a server may give fewer than the limit.
        # A page of one has nothing to spare for the next one.
        overlap = 1 if self._of.overlap and len(records) > 1 else 0
        self._asked += len(records) - overlap
        self._last = self._identity(records[-1]) if overlap else None
        return True


class Cursors(Pager):
    """The answer says what to send for the next page."""

    def __init__(self, pagination: CursorPagination, where: str) -> None:
        super().__init__(pagination, where)
        self._of = pagination
        self._next: str | None = None
        self._sent: set[str] = set()

    def update_request(self, request: Request) -> None:
        """Send the cursor of the last answer."""
        if self._next is not None:
            _send(request, self._of.cursor_param, self._next)

    def goes_on(self, response: Response, document: Any, records: Sequence[Any]) -> bool:
        """Until an answer has no cursor; raises PlainError for one that came before."""
        del response, records
        found = value_at(document, self._of.cursor_path.split("."))
        self._next = str(found) if found else None
        if self._next is None:
            return False
        if self._next in self._sent:
            raise PlainError(
                "the API repeats a page: the same cursor came twice",
                where=self.where,
                remedy="Check pagination in the sources file; nothing was loaded.",
            )
        self._sent.add(self._next)
        return True


class Links(Pager):
    """The answer, or its header, holds the address of the next page."""

    def __init__(
        self,
        pagination: LinkHeaderPagination | NextUrlPagination,
        guard: HostGuard,
        key: str | None,
        where: str,
    ) -> None:
        super().__init__(pagination, where)
        self._of = pagination
        self._guard = guard
        self._key = key
        self._next: str | None = None
        self._followed: set[str] = set()

    def update_request(self, request: Request) -> None:
        """Go to the address, which has all parameters but the key."""
        if self._next is not None:
            request.url = self._next
            request.params = {}

    def goes_on(self, response: Response, document: Any, records: Sequence[Any]) -> bool:
        """Until there is no address; raises PlainError for one of another host, or one followed before."""
        del records
        if isinstance(self._of, NextUrlPagination):
            found = value_at(document, self._of.next_url_path.split("."))
        else:
            found = response.links.get("next", {}).get("url")
        if not found:
            return False
        if not isinstance(found, str):
            raise PlainError(
                "the next page's address is no text",
                where=self.where,
                remedy="Correct next_url_path under pagination.",
            )
        address = self._without_key(urljoin(response.url, found))
        self._guard.check(address)
        if address in self._followed:
            raise PlainError(
                "the API repeats a page: the same address came twice",
                where=self.where,
                remedy="Check pagination in the sources file; nothing was loaded.",
            )
        self._followed.add(address)
        self._next = address
        return True

    def _without_key(self, address: str) -> str:
        """Without the API key, which some APIs repeat there; it is added to each request."""
        if self._key is None:
            return address
        parts = urlsplit(address)
        kept = [pair for pair in parse_qsl(parts.query, True) if pair[0] != self._key]
        return parts._replace(query=urlencode(kept)).geturl()
