"""A preview over the small marts of the tests, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reports.preview.preview_site import PreviewRelease, PreviewSite
from reports.preview.watch import effect_of
from tests.unit.reports_folder import FACTS, write_marts, write_pages


class Author:
    """Somebody who writes pages in `folder`, and asks the preview for them without a browser."""

    def __init__(self, folder: Path, pages: Mapping[str, str], **marts: str) -> None:
        self.pages = write_pages(folder, pages)
        found = write_marts(folder / "marts", **marts)
        docs = folder / "docs.html"
        docs.write_text("<title>docs</title>")
        self.site = PreviewSite(
            self.pages, folder / "current.json", lambda: PreviewRelease(found, FACTS, docs)
        )

    def save(self, name: str, text: str) -> frozenset[str] | None:
        """Save a page; gives the pages to load again."""
        path = self.pages / f"{name}.yml"
        path.write_text(text, encoding="utf-8")
        return self.site.apply(effect_of([path], self.site.watched))

    def read(self, path: str) -> str:
        """A file of the site as text."""
        reply = self.site.reply(path)
        assert reply is not None, path
        return reply.content.decode()
