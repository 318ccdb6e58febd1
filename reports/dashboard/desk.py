"""The desk that all readers of a dashboard share: the current release, its pages, and what was drawn before.

Before every answer it looks whether another release is current or a file was saved; that costs a few questions
to the file system. One request at a time: all share the connection to the marts.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment

from configuration.errors import PlainError
from reports.dashboard.choice import Controls, Query, controls_of, read_choice, write_choice
from reports.dashboard.filtered import filtered_view
from reports.facts import ReleaseFacts
from reports.language.site import SiteFile
from reports.marts import open_marts
from reports.page_views import PageView
from reports.preview.draft import Entry
from reports.preview.folder import PagesFolder
from reports.preview.preview_site import PreviewRelease
from reports.preview.watch import Watched, effect_of
from reports.render import site_environment
from reports.settings import Settings

MOST_KEPT = 200  # pages under filters


@dataclass(frozen=True)
class Shown:
    """A page as a reader chose it; `whole` is the same without any filter."""

    view: PageView
    whole: PageView
    controls: Controls


class Desk:
    """Answers for the pages of the current release; raises PlainError where there is no release at first."""

    def __init__(
        self, pages_dir: Path, release_file: Path, release: Callable[[], PreviewRelease]
    ) -> None:
        self._lock = threading.Lock()
        self._release_now = release
        self._watched = Watched(pages_dir, (pages_dir.parent / "templates",), release_file)
        self._seen = self._watched.snapshot()
        self._open(release())

    def _open(self, release: PreviewRelease) -> None:
        self._release = release
        self._connection = open_marts(release.marts)
        self._read({})

    def _read(self, kept: dict[str, Any]) -> None:
        self._kept: OrderedDict[tuple[str, str], Shown] = OrderedDict()
        self._folder = PagesFolder(self._watched.pages, self._connection, self._release.facts, kept)
        self._environment: Environment | None = None

    def refresh(self) -> None:
        """Take up another release, and files that were saved since the last answer."""
        with self._lock:
            now = self._watched.snapshot()
            if now == self._seen:
                return
            changed = {
                path for path in {*now, *self._seen} if now.get(path) != self._seen.get(path)
            }
            self._seen = now
            if effect_of(changed, self._watched).release:
                try:
                    release = self._release_now()
                    before = self._connection
                    self._open(release)
                    before.close()
                    return
                except PlainError:  # one that is gone or half there: the one before is still open
                    pass
            self._read(self._folder.bench.kept)

    @property
    def facts(self) -> ReleaseFacts:
        """What is known of the release that is shown."""
        return self._release.facts

    @property
    def site(self) -> SiteFile:
        """What all pages share."""
        return self._folder.site

    @property
    def settings(self) -> Settings:
        """How the list of pages writes and looks."""
        return self._folder.settings

    @property
    def broken(self) -> PlainError | None:
        """What is wrong with the settings of all pages."""
        return self._folder.broken

    @property
    def environment(self) -> Environment:
        """The templates of the static pages, whose components the dashboard shows."""
        if self._environment is None:
            templates = self._watched.pages.parent / "templates"
            self._environment = site_environment(self.site, self.facts, {}, [], templates)
        return self._environment

    def entries(self) -> list[Entry]:
        """The pages in the order of the navigation."""
        with self._lock:
            return self._folder.entries()

    def keys(self, page: str) -> Mapping[str, str]:
        """Of a template: the titles of its pages by name, in their order; nothing for another page."""
        with self._lock:
            owner = self._folder.owner(page)
            if owner is None or not owner.entry.is_template:
                return {}
            files = self._folder.files[page]
            titles = owner.ready(self._folder.templates).keys
            return {files[key].removesuffix(".html"): title for key, title in titles.items()}

    def owner_of(self, name: str) -> str | None:
        """The page file of a page: itself, or the template that it is made by."""
        owner = self._folder.owner(name)
        return owner.entry.id if owner else None

    def shown(self, name: str, query: Query) -> Shown | None:
        """A page under the filters of an address; None where there is no such page.

        Raises PlainError with all that is wrong where the page as a whole cannot be drawn.
        """
        with self._lock:
            return self._shown(name, query)

    def _shown(self, name: str, query: Query) -> Shown | None:
        whole, owner = self._folder.view(name), self._folder.owner(name)
        if whole is None or owner is None:
            return None
        controls = controls_of(whole.filtering)
        choice = read_choice(controls, query)
        asked = (name, repr(write_choice(controls, choice)))
        if asked not in self._kept:
            prepared = owner.ready(self._folder.templates)
            view = filtered_view(
                whole, prepared, self._connection, self._folder.files, controls, choice
            )
            self._kept[asked] = Shown(view, whole, controls)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return self._kept[asked]
