"""Links from a row or a point to another page."""

from __future__ import annotations

from pydantic import Field

from configuration.yaml_file import Block
from reports.language.named import Named


class Link(Block):
    """To a page; of a page that is made for each of something, to that of this row's `key`."""

    page: str
    key: str | None = Field(None, description="The column with the key of the page to go to.")
    keep_filters: bool = Field(True, description="The filters that are set go with the reader.")


def link_column(part: tuple[int | str, ...], link: Link | None) -> list[Named]:
    """The column that a link names."""
    return [Named((*part, "link", "key"), link.key)] if link and link.key else []
