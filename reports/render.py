"""Renders the site: pages, data files and shared files, from the marts of a release.

The same pages, marts and facts give the same bytes. Nothing here reads the clock or the network.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from jinja2 import Environment

from configuration.errors import PlainError
from reports.asset_files import SharedFile, language_file, shared_files
from reports.checks import check_pages
from reports.collection import seldom_collected
from reports.explore.descriptions import Described
from reports.explore.page import explore_files
from reports.facts import ReleaseFacts
from reports.language.site import SiteFile
from reports.marts import open_marts
from reports.page_list import PAGE_LIST, page_list
from reports.page_views import PageView, page_views, prepare
from reports.pages import Page, load_pages
from reports.parquet_files import ParquetWriter
from reports.settings import Settings, settings_of
from reports.sparkline import sparkline_end
from reports.templating import Components, rendered, template_environment


@dataclass(frozen=True)
class RenderResult:
    """What was written: the pages by id, and all files with their sizes in bytes."""

    pages: tuple[str, ...]
    files: Mapping[str, int]
    index: Path


@seldom_collected()
def render_site(
    pages_dir: Path,
    marts: Mapping[str, Sequence[Path]],
    facts: ReleaseFacts,
    out_dir: Path,
    *,
    built_plotly: bool = True,
    explore: Mapping[str, Described] | None = None,
    loaded: Sequence[Page] = (),
) -> RenderResult:
    """Write the site of `pages_dir` over these Parquet files into the folder `out_dir`.

    Raises ConfigurationError for pages that do not fit the marts, PlainError for a query that fails.
    All pages are made before the first file is written. `built_plotly`: take the small Plotly of
    `make assets` where it is there. With `explore`, what is known of the marts, the Explore page is
    written too; it needs what `make assets` has built (PlainError). `loaded` are the pages of the
    folder where they have been read already.
    """
    pages = loaded or load_pages(pages_dir)
    site = pages[0].site
    today = facts.created_at.date()
    connection = open_marts(marts)
    try:
        fields = check_pages(connection, pages)
        prepared = [
            prepare(
                page,
                connection,
                fields[page.id],
                settings_of(site, page.spec, facts.reporting_currency),
                today,
            )
            for page in pages
        ]
        addresses = {one.page.id: one.addresses for one in prepared}
        made = [page_views(one, connection, addresses) for one in prepared]
        listed = [next(views) for views in made]  # of a template, the page that lists the others
        shared = shared_files(built=built_plotly)
        environment = site_environment(
            site,
            facts,
            shared,
            listed,
            pages_dir.parent / "templates",
            has_explore=explore is not None,
        )
        own = written_by(settings_of(site, None, facts.reporting_currency))
        # Those of a template are many: each is written before the next one is made.
        files = _written_out(chain(listed, *made), environment, shared, own)
    finally:
        connection.close()
    if explore is not None:
        environment.globals.update(own)
        files.update(explore_files(environment, marts, explore))
    for name, content in files.items():
        path = out_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    sizes = {name: len(content) for name, content in sorted(files.items())}
    return RenderResult(tuple(page.id for page in pages), sizes, out_dir / "index.html")


def _written_out(
    views: Iterable[PageView],
    environment: Environment,
    shared: Mapping[str, SharedFile],
    own: Mapping[str, Any],
) -> dict[str, bytes]:
    files = {file.href: file.content for file in shared.values()}
    listed = []  # the views are made one after the other, and those of a template let go again
    show = Components(environment, {})
    with ParquetWriter() as parquet:
        for view in views:
            wording = written_by(view.settings)
            html = rendered(environment, "page.html", show, page=view, here=view.nav, **wording)
            files[wording["language_file"].href] = wording["language_file"].content
            files[f"{view.id}.html"] = html.encode()
            files[f"data/{view.id}.js"] = data_file(view).encode()
            if view.parent:
                continue  # those of a template are many; their rows are in the CSV
            listed.append(view)
            for item in view.items():
                if item.frame is not None and not item.is_empty:
                    files[f"data/{view.id}.{item.id}.parquet"] = parquet.content(item.frame)
    files[own["language_file"].href] = own["language_file"].content
    files[PAGE_LIST] = page_list(listed).encode()
    files["index.html"] = rendered(environment, "index.html", here="index", **own).encode()
    return files


def site_environment(
    site: SiteFile,
    facts: ReleaseFacts,
    shared: Mapping[str, SharedFile],
    listed: Sequence[PageView],
    owners: Path,
    *,
    has_explore: bool = False,
) -> Environment:
    """The templates with what all of them may show; `listed` are the entries of the navigation."""
    environment = template_environment(owners)
    environment.globals.update(
        site=site,
        facts=facts,
        shared=shared,
        pages=listed,
        sparkline_end=sparkline_end,
        has_explore=has_explore,
        page=None,
    )
    return environment


@lru_cache
def written_by(settings: Settings) -> dict[str, Any]:
    """What templates write with: a page may have a language of its own."""
    formatter = settings.formatter
    return {
        "settings": settings,
        "language_file": language_file(formatter),
        "words": settings.words,
        "language": settings.language,
        "number": lambda value: formatter.text(value, "int"),
        "day": lambda value: formatter.text(value, "date"),
    }


def data_file(view: PageView) -> str:
    """The page's data as a script: browsers do not let a page from disk fetch JSON."""
    lines = [f"// Data of the page {view.id}: one entry per item."]
    shipped = view.filtering
    for name, dataset in shipped.datasets.items():
        lines.append(f"TILLHOUSE.dataset({_json(name)}, {_json(dataset)});")
    if shipped.metrics:
        lines.append(f"TILLHOUSE.metrics({_json(shipped.metrics)});")
    if shipped.filters:
        lines.append(f"TILLHOUSE.filters({_json(shipped.filters)});")
    for item in view.items():
        if item.data:
            lines.append(f"TILLHOUSE.add({_json(item.id)}, {_json(item.data)});")
    return "\n".join(lines) + "\n"


def _json(value: Any) -> str:
    # ASCII only, so that no line separator of Unicode and no character set can break the script.
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False).replace(
        "</", "<\\/"
    )


__all__ = ["PlainError", "ReleaseFacts", "RenderResult", "render_site"]
