"""A folder of page files over one release: every page of it, made when it is asked for.

The preview and the dashboard show its pages; both draw around what is wrong in one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from configuration.errors import PlainError
from reports.facts import ReleaseFacts
from reports.language.site import SiteFile
from reports.page_views import PageView
from reports.pages import listed_reports, load_site
from reports.preview.draft import Bench, Draft, Entry
from reports.settings import Settings, settings_of


class _Files(Mapping[str, Mapping[Any, str]]):
    """The files that links may lead to; those of a template are found when a link leads there."""

    def __init__(self, drafts: Mapping[str, Draft], templates: Mapping[str, bool]) -> None:
        self._drafts, self._templates = drafts, templates

    def __getitem__(self, page: str) -> Mapping[Any, str]:
        return self._drafts[page].addresses(self._templates)

    def __iter__(self) -> Iterator[str]:
        return iter(self._drafts)

    def __len__(self) -> int:
        return len(self._drafts)


class PagesFolder:
    """The pages in `pages` and their `site.yml`; `broken` says what is wrong with all of them."""

    def __init__(
        self,
        pages: Path,
        connection: duckdb.DuckDBPyConnection,
        facts: ReleaseFacts,
        kept: dict[str, Any] | None = None,
    ) -> None:
        self.pages = pages
        self.broken: PlainError | None = None
        self.site = SiteFile(title="Reports")
        try:
            self.site = load_site(pages)
        except PlainError as error:
            self.broken = error
        currency, today = facts.reporting_currency, facts.created_at.date()
        self.bench = Bench(connection, self.site, currency, today, {} if kept is None else kept)
        self.settings: Settings = settings_of(self.site, None, currency)
        self._drafts: dict[str, Draft] = {}
        self._read_drafts()

    def forget(self, pages: Iterable[str] | None) -> None:
        """Read these pages again; None: all of them."""
        for name in list(self._drafts) if pages is None else pages:
            self._drafts.pop(name, None)
        self._read_drafts()

    def _read_drafts(self) -> None:
        found = {path.stem: path for path in sorted(self.pages.glob("*.yml"))}
        try:
            listed = listed_reports(self.pages)
        except PlainError as error:
            self.broken, listed = error, {}
        found |= {path.stem: path for path in listed}
        self._drafts = {
            name: self._drafts.get(name) or Draft(path, self.bench, listed.get(path, ""))
            for name, path in found.items()
        }

    def entries(self) -> list[Entry]:
        """The pages in the order of the navigation."""
        entries = [draft.entry for draft in self._drafts.values()]
        return sorted(entries, key=lambda entry: (entry.position, entry.title, entry.id))

    @property
    def templates(self) -> dict[str, bool]:
        """All pages by id, and whether each is one with `for_each`."""
        return {name: draft.entry.is_template for name, draft in self._drafts.items()}

    @property
    def files(self) -> Mapping[str, Mapping[Any, str]]:
        """The files that links may lead to, by page and key."""
        return _Files(self._drafts, self.templates)

    def owner(self, name: str) -> Draft | None:
        """The page file that a page comes from: its own name, or that of a template and a key."""
        owner = self._drafts.get(name) or self._drafts.get(name.partition("-")[0])
        return owner if owner and (owner.entry.id == name or owner.entry.is_template) else None

    def view(self, name: str) -> PageView | None:
        """A page; None where there is none, or no such key. Raises PlainError with all that is wrong."""
        owner = self.owner(name)
        return None if owner is None else owner.view(name, self.templates, self.files)
