"""One page file in a preview: made when it is asked for, around what is wrong in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import duckdb
from ruamel.yaml.comments import CommentedMap

from configuration.errors import ConfigurationError, PlainError
from reports.checks import check_page
from reports.context import Addresses
from reports.frames import Field, Frame, label_of, materialize
from reports.language.datasets import Dataset
from reports.language.site import SiteFile
from reports.page_views import PageView, Prepared, SectionView, page_views, prepare
from reports.pages import link_problems, page_of, read_page
from reports.preview.faults import Document, notice_card, problems_of
from reports.settings import settings_of
from reports.sql import first_line
from reports.views import ItemView

Made = TypeVar("Made")


@dataclass
class Bench:
    """What all pages are made with; the rows of datasets are kept while their queries stay the same."""

    connection: duckdb.DuckDBPyConnection
    site: SiteFile
    currency: str
    today: date
    kept: dict[str, tuple[object, Frame]] = field(default_factory=dict)
    runs: int = 0

    def run(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: str,
        dataset: Dataset,
        fields: Sequence[Field],
    ) -> Frame:
        """The rows of a dataset, whose table is still there if it ran before."""
        asked = (dataset.query, tuple(dataset.order), dataset.limit, tuple(fields))
        known = self.kept.get(table)
        if known is None or known[0] != asked:
            self.kept.pop(table, None)
            known = (asked, materialize(connection, table, dataset, fields))
            self.kept[table] = known
            self.runs += 1
        return known[1]


@dataclass(frozen=True)
class Entry:
    """What other pages need to know of one: its place in the navigation, and whether it has keys."""

    id: str
    title: str
    description: str
    position: int
    is_template: bool


class Draft:
    """A page file as it was saved last; raises the errors of the page as a whole, with all problems."""

    def __init__(self, path: Path, bench: Bench, data_source: str = "") -> None:
        self.path = path
        self._data_source = data_source
        self._bench = bench
        self._document: Document | None = None
        self._broken: PlainError | None = None
        self._prepared: Prepared | None = None
        self._views: dict[str, PageView] = {}
        self.entry = self._first_look()

    def _first_look(self) -> Entry:
        raw = CommentedMap()
        try:
            raw = read_page(self.path, self._data_source)
            self._document = Document(raw)
        except PlainError as error:
            self._broken = error
        template = raw.get("for_each")
        told = template if isinstance(template, dict) else {}
        title = told.get("list_title") if isinstance(template, dict) else raw.get("title")
        description = told.get("list_description") if told else raw.get("description")
        position = raw.get("position", 100)
        return Entry(
            self.path.stem,
            str(title or label_of(self.path.stem)),
            str(description or ""),
            position if isinstance(position, int) else 100,
            isinstance(template, dict),
        )

    def view(
        self, name: str, templates: Mapping[str, bool], addresses: Addresses
    ) -> PageView | None:
        """The view of the page, or of one of its keys; None where there is no such key."""
        if name not in self._views:
            found = self._around_faults(lambda: self._drawn(name, templates, addresses))
            if found is None:
                return None
            self._views[name] = found
        return self._views[name]

    def addresses(self, templates: Mapping[str, bool]) -> Mapping[Any, str]:
        """The files of the page by key, as links to it need them."""
        alone: dict[Any, str] = {None: f"{self.entry.id}.html"}
        if not self.entry.is_template:
            return alone
        try:
            return self._around_faults(lambda: self.ready(templates).addresses)
        except PlainError:
            return alone

    def _around_faults(self, make: Callable[[], Made]) -> Made:
        """What `make` gives, once all that is wrong and can be spared is out of the page."""
        while True:
            if self._broken is not None:
                raise self._broken
            try:
                return make()
            except PlainError as error:
                self._set_aside(error)

    def _set_aside(self, error: PlainError) -> None:
        self._prepared = None
        self._views.clear()
        try:
            if self._document is None:
                raise error
            self._document.set_aside(problems_of(error))
        except PlainError as whole:
            self._broken = whole

    def ready(self, templates: Mapping[str, bool]) -> Prepared:
        """The page with its rows; raises PlainError with what is wrong in it."""
        if self._prepared is None and self._document is not None:
            bench = self._bench
            page = page_of(self._document.content, self.path, bench.site, bench.connection)
            fields, problems = check_page(bench.connection, page)
            problems += link_problems(page, templates)
            if problems:
                raise ConfigurationError("the page has errors", problems=problems)
            settings = settings_of(bench.site, page.spec, bench.currency)
            self._prepared = prepare(
                page, bench.connection, fields, settings, bench.today, bench.run
            )
        assert self._prepared is not None  # noqa: S101 - a draft without a document is broken
        return self._prepared

    def _drawn(
        self, name: str, templates: Mapping[str, bool], addresses: Addresses
    ) -> PageView | None:
        prepared = self.ready(templates)
        try:
            made = list(page_views(prepared, self._bench.connection, addresses, name))
        except duckdb.Error as error:
            raise PlainError(first_line(error), where=str(self.path)) from error
        view = next((one for one in made if one.id == name), None)
        return self._with_faults(view) if view else None

    def _with_faults(self, view: PageView) -> PageView:
        assert self._document is not None  # noqa: S101 - there is a view of it
        faults = self._document.items

        def shown(item: ItemView) -> ItemView:
            fault = faults.get(item.location)
            if fault is not None:
                return replace(item, title="", html=fault.card(), is_empty=False)
            inner = [shown(one) for one in item.items]
            return replace(
                item, items=inner, is_empty=item.is_empty and all(one.is_empty for one in inner)
            )

        sections = [
            replace(section, items=[shown(item) for item in section.items])
            for section in view.sections
        ]
        if self._document.notices:
            card = ItemView("text", "preview_notice", html=notice_card(self._document.notices))
            sections.insert(0, SectionView("preview_notices", "", "", [card]))
        is_empty = view.is_empty and not faults and not self._document.notices
        return replace(view, sections=sections, is_empty=is_empty)
