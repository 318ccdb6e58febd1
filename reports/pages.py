"""Loads the page files, and checks everything that can be known without data, all at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
from ruamel.yaml.comments import CommentedMap

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
from reports.frames import label_of
from reports.language.annotations import Annotation
from reports.language.first_format import FirstApp, is_first_format, normalised
from reports.language.items import ChartItem
from reports.language.metrics import Metrics, references
from reports.language.page import (
    AnyItem,
    Details,
    PageFile,
    dataset_of,
    links_of,
    metrics_of,
    templates_of,
)
from reports.language.site import SiteFile
from reports.language.tables import Table
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
    def title(self) -> str:
        """Its name in lists: of a template, that of the page that lists its pages."""
        template = self.spec.for_each
        return (template.list_title or label_of(self.id)) if template else self.spec.title

    @property
    def description(self) -> str:
        """Its description in lists."""
        return self.spec.for_each.list_description if self.spec.for_each else self.spec.description

    @cached_property
    def metrics(self) -> Metrics:
        """The site's metrics and the page's own."""
        return Metrics({**self.site.metrics, **self.spec.metrics})

    @cached_property
    def annotations(self) -> list[Annotation]:
        """What happened, from the site and from the page."""
        return [*self.site.annotations, *self.spec.annotations]

    def problem(self, location: Location, what: str, remedy: str = "") -> PlainError:
        """An error at a place of the page's YAML."""
        line, column = position_of(self.document, location)
        return PlainError(what, where=f"{self.file}:{line}:{column}", remedy=remedy)

    def items(self) -> Iterator[tuple[Location, AnyItem]]:
        """Every item with its place in the YAML; a fold comes before what it holds."""
        for index, section in enumerate(self.spec.sections):
            for number, item in enumerate(section.items):
                location: Location = ("sections", index, "items", number)
                yield location, item
                if isinstance(item, Details):
                    for place, inner in enumerate(item.items):
                        yield (*location, "items", place), inner


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
        try:
            listed = listed_reports(pages_dir)
        except ConfigurationError as error:
            problems.extend(error.problems or [error])
            listed = {}
        for path in sorted({*pages_dir.glob("*.yml"), *listed}):
            try:
                pages.append(_load_page(path, site, connection, listed.get(path, "")))
            except ConfigurationError as error:
                problems.extend(error.problems or [error])
    if not problems:  # a page that could not be read may be the one that a link names
        templates = {page.id: page.spec.for_each is not None for page in pages}
        problems = [problem for page in pages for problem in link_problems(page, templates)]
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
    return sorted(pages, key=lambda page: (page.spec.position, page.title, page.id))


def link_problems(page: Page, templates: Mapping[str, bool]) -> Iterator[PlainError]:
    """Links to pages that are not there, and keys of pages that have none.

    `templates` are all pages by id, and whether each is one with `for_each`.
    """
    found = [
        (location + part, link) for location, item in page.items() for part, link in links_of(item)
    ]
    if page.spec.for_each:
        columns = enumerate(page.spec.for_each.columns)
        found += [(("for_each", "columns", i, "link"), c.link) for i, c in columns if c.link]
    for location, link in found:
        if link.page not in templates:
            what, remedy = unknown("page", link.page, list(templates))
            yield page.problem((*location, "page"), what, remedy)
        elif link.key and not templates[link.page]:
            yield page.problem(
                (*location, "key"),
                f"the page '{link.page}' is one page, without keys",
                "Leave out `key`, or link to a page with `for_each`.",
            )


def unknown(kind: str, name: str, allowed: list[str]) -> tuple[str, str]:
    """What and remedy for a name that does not exist."""
    guess = nearest(name, allowed)
    if guess:
        return f"there is no {kind} '{name}'", f"Did you mean '{guess}'?"
    known = ", ".join(sorted(allowed)) or "none"
    return f"there is no {kind} '{name}'", f"Known: {known}."


def listed_reports(pages_dir: Path) -> dict[Path, str]:
    """The report files that an app file (`app.yml` beside the pages) lists, with their data sources."""
    app = pages_dir.parent / "app.yml"
    if not app.exists():
        return {}
    document = read_yaml(app)
    found: dict[Path, str] = {}
    problems = []
    for index, report in enumerate(validate_yaml(document, FirstApp, str(app)).reports):
        path = next(
            (
                path
                for folder in (pages_dir, app.parent)
                if (path := folder / report.template).is_file()
            ),
            None,
        )
        if path is None:
            line, column = position_of(document, ("reports", index, "template"))
            what, remedy = unknown(
                "file", report.template, [one.name for one in pages_dir.glob("*.yml")]
            )
            problems.append(PlainError(what, where=f"{app}:{line}:{column}", remedy=remedy))
        else:
            found[path] = report.data_source
    if problems:
        raise ConfigurationError("the app file has errors", where=str(app), problems=problems)
    return found


def _load_page(
    path: Path, site: SiteFile, connection: duckdb.DuckDBPyConnection, data_source: str
) -> Page:
    return page_of(read_page(path, data_source), path, site, connection)


def read_page(path: Path, data_source: str = "") -> CommentedMap:
    """The document of a page; one in the first format comes as one of ours."""
    document = read_yaml(path)
    if is_first_format(document):
        document = normalised(document, str(path), data_source)
    return document


def page_of(
    document: CommentedMap, path: Path, site: SiteFile, connection: duckdb.DuckDBPyConnection
) -> Page:
    """The page that a document read from `path` describes.

    Raises ConfigurationError with everything that can be known to be wrong without data.
    """
    spec = validate_yaml(document, PageFile, str(path))
    reads: dict[str, Reads] = {}
    page = Page(path.stem, str(path), spec, site, reads, document)
    problems = list(_reference_problems(page))
    for name, dataset in spec.datasets.items():
        try:
            reads[name] = reads_of(connection, dataset.query)
        except QueryError as problem:
            problems.append(
                page.problem(("datasets", name, dataset.query_key), f"dataset '{name}': {problem}")
            )
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
    if page.spec.for_each:
        texts += _template_titles(page)
        if page.spec.for_each.dataset not in page.spec.datasets:
            what, remedy = unknown("dataset", page.spec.for_each.dataset, list(page.spec.datasets))
            yield page.problem(("for_each", "dataset"), what, remedy)
    texts += [
        (location + part, text)
        for location, item in page.items()
        for part, text in templates_of(item)
    ]
    for location, text in texts:
        yield from _template_problems(page, location, text)


def _template_titles(page: Page) -> list[tuple[Location, str]]:
    """The headings of a template, which may hold values, unlike those of other pages."""
    spec = page.spec
    found: list[tuple[Location, str]] = [
        (("title",), spec.title),
        (("description",), spec.description),
    ]
    found += [(("sections", i, "title"), section.title) for i, section in enumerate(spec.sections)]
    return found + [((*location, "title"), item.title) for location, item in page.items()]


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
    dataset = dataset_of(item)
    if dataset is not None and dataset not in page.spec.datasets:
        what, remedy = unknown("dataset", dataset, list(page.spec.datasets))
        yield page.problem((*location, "dataset"), what, remedy)
    for part, name in metrics_of(item):
        if name not in page.metrics:
            what, remedy = unknown("metric", name, list(page.metrics))
            yield page.problem(location + part, what, remedy)
    if isinstance(item, ChartItem) and not item.title:
        yield page.problem(location, "a chart needs a title", "Add `title:`.")
    if isinstance(item, Details) and not item.title:
        yield page.problem(location, "a fold needs a title", "Add `title:`.")
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
        if not placeholder.dataset and page.spec.for_each is None:
            yield page.problem(
                location,
                f"in the text: {{{placeholder.column}}} stands for no value",
                "Only a page with `for_each` has a key and a title of its own.",
            )
        if placeholder.dataset and placeholder.dataset not in page.spec.datasets:
            what, remedy = unknown("dataset", placeholder.dataset, list(page.spec.datasets))
            yield page.problem(location, f"in the text: {what}", remedy)
        if not is_format(placeholder.format):
            what, remedy = unknown("format", format_name(placeholder.format), list(FORMATS))
            yield page.problem(location, f"in the text: {what}", remedy)
