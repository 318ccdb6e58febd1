"""Renders the site: pages, data files and shared files, from the marts of a release.

The same pages, marts and facts give the same bytes. Nothing here reads the clock or the network.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment

from configuration.errors import PlainError
from reports.asset_files import SharedFile, shared_files
from reports.checks import check_pages
from reports.context import Context, table_of
from reports.explore.descriptions import Described
from reports.explore.page import explore_files
from reports.facts import ReleaseFacts
from reports.formats import Formatter
from reports.frames import Field, Frame, materialize
from reports.kpis import Card
from reports.language.site import SiteFile
from reports.marts import open_marts
from reports.pages import Page, load_pages
from reports.sparkline import sparkline_end
from reports.sql import first_line
from reports.templating import rendered, template_environment
from reports.views import ItemView, item_view, paired_on_paper
from reports.words import words_for


@dataclass(frozen=True)
class RenderResult:
    """What was written: the pages by id, and all files with their sizes in bytes."""

    pages: tuple[str, ...]
    files: Mapping[str, int]
    index: Path


@dataclass(frozen=True)
class SectionView:
    """A heading with its items."""

    id: str
    title: str
    intro: str
    items: Sequence[ItemView]


@dataclass(frozen=True)
class PageView:
    """A page as the template shows it; `lead` is the figure that stands for it in the list."""

    id: str
    title: str
    description: str
    period: str
    sections: Sequence[SectionView]
    is_empty: bool
    lead: Card | None
    lead_period: str


def render_site(
    pages_dir: Path,
    marts: Mapping[str, Sequence[Path]],
    facts: ReleaseFacts,
    out_dir: Path,
    *,
    built_plotly: bool = True,
    explore: Mapping[str, Described] | None = None,
) -> RenderResult:
    """Write the site of `pages_dir` over these Parquet files into the folder `out_dir`.

    Raises ConfigurationError for pages that do not fit the marts, PlainError for a query that fails.
    All pages are made before the first file is written. `built_plotly`: take the small Plotly of
    `make assets` where it is there. With `explore`, what is known of the marts, the Explore page is
    written too; it needs what `make assets` has built (PlainError).
    """
    pages = load_pages(pages_dir)
    site = pages[0].site
    formatter = Formatter(site.locale, site.currency or facts.reporting_currency)
    connection = open_marts(marts)
    try:
        fields = check_pages(connection, pages)
        views = [_page_view(page, connection, fields[page.id], formatter) for page in pages]
    finally:
        connection.close()
    shared = shared_files(built=built_plotly)
    owners = pages_dir.parent / "templates"
    environment = _environment(site, facts, formatter, shared, views, owners)
    environment.globals["has_explore"] = explore is not None
    files = _written_out(views, environment, shared)
    if explore is not None:
        files.update(explore_files(environment, marts, explore))
    for name, content in files.items():
        path = out_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    sizes = {name: len(content) for name, content in sorted(files.items())}
    return RenderResult(tuple(page.id for page in pages), sizes, out_dir / "index.html")


def _page_view(
    page: Page,
    connection: duckdb.DuckDBPyConnection,
    fields: Mapping[str, tuple[Field, ...]],
    formatter: Formatter,
) -> PageView:
    words = words_for(page.site.locale)
    context = Context(page, connection, _run_datasets(page, connection, fields), formatter, words)
    taken: set[str] = set()
    sections = []
    for index, section in enumerate(page.spec.sections):
        items = []
        for number, item in enumerate(section.items):
            location = ("sections", index, "items", number)
            name = _unique(item.id or _slug(item.title or f"{item.type} {index + 1}"), taken)
            try:
                items.append(item_view(item, location, name, context))
            except duckdb.Error as error:
                raise page.problem(
                    location, f"page '{page.id}', item '{name}': {first_line(error)}"
                ) from error
        name = _unique(_slug(section.title) if section.title else f"part_{index + 1}", taken)
        intro = context.text(section.intro)
        sections.append(SectionView(name, section.title, intro, paired_on_paper(items)))
    shown = [item for section in sections for item in section.items]
    drawn = [item for item in shown if item.kind != "text"]
    leads = [item for item in shown if item.cards]
    return PageView(
        page.id,
        page.spec.title,
        page.spec.description,
        context.text(page.spec.period),
        sections,
        all(item.is_empty for item in drawn or shown),
        leads[0].cards[0] if leads else None,
        leads[0].period if leads else "",
    )


def _run_datasets(
    page: Page, connection: duckdb.DuckDBPyConnection, fields: Mapping[str, tuple[Field, ...]]
) -> dict[str, Frame]:
    frames = {}
    for name, dataset in page.spec.datasets.items():
        try:
            frames[name] = materialize(connection, table_of(name), dataset, fields[name])
        except duckdb.Error as error:
            raise page.problem(
                ("datasets", name, "sql"),
                f"page '{page.id}', dataset '{name}': the query fails: {first_line(error)}",
                "The site was not written.",
            ) from error
    return frames


def _written_out(
    views: Sequence[PageView], environment: Environment, shared: Mapping[str, SharedFile]
) -> dict[str, bytes]:
    files = {file.href: file.content for file in shared.values()}
    for view in views:
        html = rendered(environment, "page.html", page=view, here=view.id)
        files[f"{view.id}.html"] = html.encode()
        files[f"data/{view.id}.js"] = _data_file(view).encode()
    files["index.html"] = rendered(environment, "index.html", here="index").encode()
    return files


def _environment(
    site: SiteFile,
    facts: ReleaseFacts,
    formatter: Formatter,
    shared: Mapping[str, SharedFile],
    views: Sequence[PageView],
    owners: Path,
) -> Environment:
    environment = template_environment(owners)
    environment.globals.update(
        site=site,
        facts=facts,
        words=words_for(site.locale),
        shared=shared,
        pages=views,
        language=site.locale.replace("_", "-"),
        number=lambda value: formatter.text(value, "int"),
        day=lambda value: formatter.text(value, "date"),
        sparkline_end=sparkline_end,
    )
    return environment


def _data_file(view: PageView) -> str:
    """The page's data as a script: browsers do not let a page from disk fetch JSON."""
    lines = [f"// Data of the page {view.id}: one entry per item."]
    for section in view.sections:
        for item in section.items:
            if item.data:
                lines.append(f"TILLHOUSE.add({_json(item.id)}, {_json(item.data)});")
    return "\n".join(lines) + "\n"


def _json(value: Any) -> str:
    # ASCII only, so that no line separator of Unicode and no character set can break the script.
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False).replace(
        "</", "<\\/"
    )


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "item"


def _unique(name: str, taken: set[str]) -> str:
    number, candidate = 2, name
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    taken.add(candidate)
    return candidate


__all__ = ["PlainError", "ReleaseFacts", "RenderResult", "render_site"]
