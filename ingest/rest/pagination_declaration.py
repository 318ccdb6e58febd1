"""How an API divides a list into pages, in the sources file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from configuration.yaml_file import Block
from ingest.declaration.values import JsonPath

StopAt = Literal["empty_page", "short_page"]


class NoPagination(Block):
    """One response holds everything."""

    type: Literal["none"]


class Paged(Block):
    """What all ways of dividing have."""

    total_path: JsonPath | None = Field(
        None, description="Where the answer says how many records the whole list has."
    )
    max_pages: int = Field(
        10_000, ge=1, description="More pages than this are taken for a list without an end."
    )


class CursorPagination(Paged):
    """The response says which cursor to send for the next page."""

    type: Literal["cursor"]
    cursor_path: JsonPath = Field(description="Where in the response the next cursor stands.")
    cursor_param: str = Field(min_length=1, description="The request parameter that takes it.")


class Movable(Paged):
    """Pages whose content moves when a record comes or goes meanwhile."""

    read_twice: bool = Field(
        False, description="true: read the list until two readings in a row are the same."
    )


class PageNumberPagination(Movable):
    """The pages are numbered."""

    type: Literal["page_number"]
    page_param: str = Field("page", min_length=1)
    first_page: Literal[0, 1] = 1
    size_param: str | None = Field(None, min_length=1, description="Asks for a size of page.")
    size: int | None = Field(None, ge=1, description="Records a page; goes with size_param.")
    stop_at: StopAt = Field(
        "empty_page",
        description="short_page: the first page with fewer than `size` records is the last one.",
    )


class OffsetPagination(Movable):
    """Each request says how many records to skip."""

    type: Literal["offset"]
    offset_param: str = Field("offset", min_length=1)
    limit_param: str = Field("limit", min_length=1)
    limit: int = Field(100, ge=2, description="Records a page.")
    overlap: bool = Field(
        True,
        description="Ask for the last record of a page again with the next, to see that none moved.",
    )
    stop_at: StopAt = Field(
        "empty_page",
        description="short_page: the first page with fewer than `limit` records is the last one.",
    )


class LinkHeaderPagination(Movable):
    """The header `Link` names the next page, as rel=next (RFC 8288)."""

    type: Literal["link_header"]


class NextUrlPagination(Movable):
    """The response holds the address of the next page."""

    type: Literal["next_url"]
    next_url_path: JsonPath = Field(description="Where in the response it stands.")


AnyPagination = (
    NoPagination
    | CursorPagination
    | PageNumberPagination
    | OffsetPagination
    | LinkHeaderPagination
    | NextUrlPagination
)
