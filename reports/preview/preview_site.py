"""The site of a preview: every file of it, made when a browser asks for it and kept until it is touched."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import escape

from configuration.errors import PlainError
from reports.asset_files import SharedFile, shared_files
from reports.built_assets import ASSETS
from reports.facts import ReleaseFacts
from reports.marts import open_marts
from reports.page_list import PAGE_LIST, page_list
from reports.page_views import PageView
from reports.parquet_files import ParquetWriter
from reports.preview.draft import Entry
from reports.preview.faults import page_of_problems, problems_of
from reports.preview.folder import PagesFolder
from reports.preview.watch import Effect, Watched
from reports.render import data_file, site_environment, written_by
from reports.settings import Settings
from reports.templating import OURS, place_in_template, rendered

HERE = Path(__file__).parent
_ASSETS_THAT_SHOW = ("script", "report.css", "built")
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".parquet": "application/octet-stream",
}


@dataclass(frozen=True)
class PreviewRelease:
    """The release whose marts the pages are drawn from; `docs` is the page of the dbt docs."""

    marts: Mapping[str, Sequence[Path]]
    facts: ReleaseFacts
    docs: Path


@dataclass(frozen=True)
class Reply:
    """A file of the site. `is_kept`: its name changes with its content; `page` is what reloads it."""

    content: bytes
    content_type: str
    is_kept: bool = False
    page: str | None = None


class PreviewSite:
    """Answers for the files of a site. One request at a time: all share the connection to the marts."""

    def __init__(self, pages_dir: Path, release_file: Path, release: Callable[[], PreviewRelease]):
        self._templates_of_owner = pages_dir.parent / "templates"
        # Not the whole folder of assets: what npm puts there are thousands of files.
        look = (self._templates_of_owner, OURS, *(ASSETS / name for name in _ASSETS_THAT_SHOW))
        self.watched = Watched(pages_dir, look, release_file)
        self._release_now = release
        self._lock = threading.Lock()
        self._release = release()
        self._connection = open_marts(self._release.marts)
        self._read_site({})
        self._read_look()

    def close(self) -> None:
        """Let go of the marts."""
        with self._lock:
            self._connection.close()

    @property
    def datasets_run(self) -> int:
        """How many queries of datasets were run since the marts were opened."""
        return self._folder.bench.runs

    def apply(self, effect: Effect) -> frozenset[str] | None:
        """Forget what saved files touch; the pages to load again, None for all of them."""
        with self._lock:
            if effect.look:
                self._read_look()
            if effect.release:
                self._read_release()
            if effect.site or effect.release:
                self._read_site({} if effect.release else self._folder.bench.kept)
                return None
            before = self._folder.entries()
            self._folder.forget(effect.pages)
            after = self._folder.entries()
            moved = before != after or any(
                entry.is_template for entry in after if entry.id in effect.pages
            )
            if moved:  # the navigation and links of the others
                self._folder.forget(None)
            return None if moved or effect.look else effect.pages | {"index"}

    def reply(self, path: str) -> Reply | None:
        """The file at `path` (without its leading slash); None where the site has none."""
        with self._lock:
            if path == "docs/index.html":
                is_there = self._release.docs.is_file()
                return _reply(path, self._release.docs.read_bytes()) if is_there else None
            if path in self._assets:
                return replace(_reply(path, self._assets[path]), is_kept=True)
            if path == PAGE_LIST:
                return _reply(path, page_list(self._all_views()).encode())
            stem, _, ending = path.rpartition(".")
            if ending == "html":
                return self._page(stem)
            if path.startswith("data/"):
                return self._data(path, stem.removeprefix("data/"), ending)
            return None

    # ---- what is read again ---------------------------------------------------------------------

    def _read_release(self) -> None:
        try:
            release = self._release_now()
            connection = open_marts(release.marts)
        except PlainError:
            return  # a release that is gone or half there: the one before is still open
        self._connection.close()
        self._release, self._connection = release, connection
        self._read_look()

    def _read_site(self, kept: dict[str, Any]) -> None:
        self._folder = PagesFolder(self.watched.pages, self._connection, self._release.facts, kept)

    def _read_look(self) -> None:
        self._assets: dict[str, bytes] = {}
        self._environment: Environment | None = None
        try:
            self._shared: Mapping[str, SharedFile] = shared_files()
        except OSError:  # a file that is being put in place; its save is told, too
            return
        self._assets.update({file.href: file.content for file in self._shared.values()})

    # ---- what is made ---------------------------------------------------------------------------

    def _page(self, name: str) -> Reply | None:
        owner = self._folder.owner(name)
        if name != "index" and owner is None:
            return None
        page = owner.entry.id if owner else "index"
        try:
            if self._folder.broken is not None:
                raise self._folder.broken
            html = self._index() if name == "index" else self._html(name)
        except PlainError as error:
            problems = problems_of(error)
            title = f"{self.watched.pages.name}/{page}.yml cannot be drawn"
            html = str(
                page_of_problems(
                    problems,
                    title
                    if self._folder.broken is None
                    else "The settings of all pages have errors",
                )
            )
        except Exception as error:  # a template of the owner's, or ours: the preview goes on
            told = PlainError(f"{type(error).__name__}: {error}", where=place_in_template(error))
            html = str(page_of_problems([told], "This page cannot be drawn"))
        return None if html is None else replace(_reply("x.html", html.encode()), page=page)

    def _html(self, name: str) -> str | None:
        view = self._folder.view(name)
        return None if view is None else self._written("page.html", view.nav, view.settings, view)

    def _index(self) -> str:
        return self._written("index.html", "index", self._folder.settings, None, self._all_views())

    def _all_views(self) -> list[PageView]:
        listed = []
        for entry in self._folder.entries():
            try:
                view = self._folder.view(entry.id)
            except PlainError as error:
                count = len(problems_of(error))
                told = f"Cannot be drawn: {count} error{'' if count == 1 else 's'}."
                view = replace(self._listed(entry), description=told)
            listed.append(view or self._listed(entry))
        return listed

    def _written(
        self,
        template: str,
        here: str,
        settings: Settings,
        view: PageView | None,
        listed: Sequence[PageView] = (),
    ) -> str:
        entries = listed or [self._listed(entry) for entry in self._folder.entries()]
        site, facts = self._folder.site, self._release.facts
        if self._environment is None:
            self._environment = site_environment(
                site, facts, self._shared, [], self._templates_of_owner
            )
        wording = written_by(settings)
        language = wording["language_file"]
        self._assets[language.href] = language.content
        self._environment.globals.update(site=site, facts=facts, pages=entries)
        return rendered(
            self._environment, template, page=view, here=here, pages=entries, site=site, **wording
        )

    def _listed(self, entry: Entry) -> PageView:
        return PageView(
            id=entry.id,
            nav=entry.id,
            title=entry.title,
            description=entry.description,
            period="",
            sections=[],
            settings=self._folder.settings,
            is_empty=True,
        )

    def _data(self, path: str, name: str, ending: str) -> Reply | None:
        page, _, item = name.partition(".")
        try:
            view = self._folder.view(page)
        except PlainError:
            view = None
        if view is None:
            return None
        if ending == "js" and not item:
            return _reply(path, data_file(view).encode())
        found = next((one for one in view.items() if one.id == item), None)
        if ending != "parquet" or found is None or found.frame is None:
            return None
        with ParquetWriter() as parquet:
            return _reply(path, parquet.content(found.frame))


def with_reload(html: bytes, page: str, since: int, run: str) -> bytes:
    """A page that loads itself again: its Content-Security-Policy lets it ask this server, and no other."""
    added = (
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="/~preview/preview.css">'
        f'<script src="/~preview/reload.js" defer data-page="{escape(page)}" '
        f'data-since="{since}" data-run="{run}"></script></head>'
    ).encode()
    html = html.replace(b"connect-src 'none'", b"connect-src 'self'", 1)
    return html.replace(b"</head>", added, 1)


def own_file(name: str) -> Reply | None:
    """The script and the style that only a preview has."""
    known = ("reload.js", "preview.css")
    return _reply(name, (HERE / name).read_bytes()) if name in known else None


def _reply(path: str, content: bytes) -> Reply:
    return Reply(content, _TYPES[f".{path.rpartition('.')[2]}"])
