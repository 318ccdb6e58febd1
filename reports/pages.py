"""Loads the page files, and checks everything that can be known without data, all at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from configuration.errors import ConfigurationError, PlainError
from configuration.yaml_file import (
    Location,
    load_yaml_model,
    nearest,
    position_of,
    read_yaml,
    validate_yaml,
)
from reports.formats import FORMATS
from reports.language.items import ChartItem
from reports.language.metrics import Metrics, references
from reports.language.page import AnyItem, PageFile, metrics_of, templates_of
from reports.language.site import SiteFile
from reports.language.tables import Table
from reports.language.texts import Text
from reports.placeholders import format_name, is_format, placeholders, strays
from reports.sql import QueryError, Reads, reads_of

_PAGE_ID = re.compile(r"^[a-z][a-z0-9_]*$")


@dataclass(frozen=True)
class Page:
    """A page file that holds together: its references exist, its queries are SELECTs."""

    id: str
    file: str
    spec: PageFile
    site: SiteFile
    reads: Mapping[str, Reads]
    document: Any = field(repr=False, compare=False, default=None)

    @property
    def metrics(self) -> Metrics:
        """The site's metrics and the page's own."""
        return Metrics({**self.site.metrics, **self.spec.metrics})

    def problem(self, location: Location, what: str, remedy: str = "") -> PlainError:
        """An error at a place of the page's YAML."""
        line, column = position_of(self.document, location)
        return PlainError(what, where=f"{self.file}:{line}:{column}", remedy=remedy)

    def items(self) -> Iterator[tuple[Location, AnyItem]]:
        """Every item with its place in the YAML."""
        for index, section in enumerate(self.spec.sections):
            for number, item in enumerate(section.items):
                yield ("sections", index, "items", number), item


def load_site(pages_dir: Path) -> SiteFile:
    """`site.yml` beside the folder of the pages; the defaults where there is none."""
    path = pages_dir.parent / "site.yml"
    return load_yaml_model(path, SiteFile) if path.exists() else SiteFile(title="Reports")


def load_pages(pages_dir: Path) -> list[Page]:
    """All pages of a folder in the order of the navigation.

    Raises ConfigurationError with the problems of all files at once.
    """
    site = load_site(pages_dir)
    problems: list[PlainError] = []
    pages: list[Page] = []
    with duckdb.connect() as connection:
        for path in sorted(pages_dir.glob("*.yml")):
            try:
                pages.append(_load_page(path, site, connection))
            except ConfigurationError as error:
                problems.extend(error.problems or [error])
    if problems:
        raise ConfigurationError(
            "the report pages have errors", where=str(pages_dir), problems=problems
        )
    if not pages:
        raise ConfigurationError(
            "there is no report page here",
            where=str(pages_dir),
            remedy="Add one: docs/guides/reports.md.",
        )
    return sorted(pages, key=lambda page: (page.spec.position, page.spec.title, page.id))


def unknown(kind: str, name: str, allowed: list[str]) -> tuple[str, str]:
    """What and remedy for a name that does not exist."""
    guess = nearest(name, allowed)
    if guess:
        return f"there is no {kind} '{name}'", f"Did you mean '{guess}'?"
    known = ", ".join(sorted(allowed)) or "none"
    return f"there is no {kind} '{name}'", f"Known: {known}."


def _load_page(path: Path, site: SiteFile, connection: duckdb.DuckDBPyConnection) -> Page:
    document = read_yaml(path)
    spec = validate_yaml(document, PageFile, str(path))
    reads: dict[str, Reads] = {}
    page = Page(path.stem, str(path), spec, site, reads, document)
    problems = list(_reference_problems(page))
    for name, dataset in spec.datasets.items():
        try:
            reads[name] = reads_of(connection, dataset.sql)
        except QueryError as problem:
            problems.append(page.problem(("datasets", name, "sql"), f"dataset '{name}': {problem}"))
    if problems:
        raise ConfigurationError("the page has errors", where=str(path), problems=problems)
    return page


def _reference_problems(page: Page) -> Iterator[PlainError]:
    if not _PAGE_ID.match(page.id) or page.id == "index":
        yield PlainError(
            f"'{page.id}' cannot be the name of a page",
            where=page.file,
            remedy="Use small letters, digits and _; `index` is the list of pages.",
        )
    yield from _metric_problems(page)
    for location, item in page.items():
        yield from _item_problems(page, location, item)
    yield from _id_problems(page)
    texts: list[tuple[Location, str]] = [(("period",), page.spec.period)]
    texts += [
        (("sections", i, "intro"), section.intro) for i, section in enumerate(page.spec.sections)
    ]
    texts += [
        (location + part, text)
        for location, item in page.items()
        for part, text in templates_of(item)
    ]
    for location, text in texts:
        yield from _template_problems(page, location, text)


def _metric_problems(page: Page) -> Iterator[PlainError]:
    for name in sorted(set(page.site.metrics) & set(page.spec.metrics)):
        yield page.problem(
            ("metrics", name),
            f"the metric '{name}' is defined in site.yml already",
            "Use another name.",
        )
    names = list(page.metrics)
    for name, metric in page.metrics.items():
        for used in references(metric):
            if used not in names:
                what, remedy = unknown("metric", used, names)
                yield page.problem(("metrics", name, "sql"), f"metric '{name}': {what}", remedy)
            elif name in page.metrics.below(used):
                yield page.problem(
                    ("metrics", name, "sql"), f"the metric '{name}' is made of itself"
                )


def _item_problems(page: Page, location: Location, item: AnyItem) -> Iterator[PlainError]:
    if not isinstance(item, Text) and item.dataset not in page.spec.datasets:
        what, remedy = unknown("dataset", item.dataset, list(page.spec.datasets))
        yield page.problem((*location, "dataset"), what, remedy)
    for part, name in metrics_of(item):
        if name not in page.metrics:
            what, remedy = unknown("metric", name, list(page.metrics))
            yield page.problem(location + part, what, remedy)
    if isinstance(item, ChartItem) and not item.title:
        yield page.problem(location, "a chart needs a title", "Add `title:`.")
    if isinstance(item, Table) and not item.title:
        yield page.problem(location, "a table needs a title", "Add `title:`.")


def _id_problems(page: Page) -> Iterator[PlainError]:
    seen: set[str] = set()
    for location, item in page.items():
        if item.id and item.id in seen:
            yield page.problem((*location, "id"), f"two items have the id '{item.id}'")
        seen.add(item.id or "")


def _template_problems(page: Page, location: Location, text: str) -> Iterator[PlainError]:
    for stray in strays(text):
        yield page.problem(
            location,
            f"in the text: {stray} stands for no value",
            "Write `{dataset.column}` or `{dataset.column:format}`.",
        )
    for placeholder in placeholders(text):
        if placeholder.dataset not in page.spec.datasets:
            what, remedy = unknown("dataset", placeholder.dataset, list(page.spec.datasets))
            yield page.problem(location, f"in the text: {what}", remedy)
        if not is_format(placeholder.format):
            what, remedy = unknown("format", format_name(placeholder.format), list(FORMATS))
            yield page.problem(location, f"in the text: {what}", remedy)
