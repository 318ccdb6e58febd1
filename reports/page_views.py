"""Pages as the templates show them: one view per page, and one per key of a template."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import duckdb

from configuration.errors import ConfigurationError, PlainError
from reports.charts.rows import Answers
from reports.context import Addresses, Context, Own, table_of
from reports.expectations import unmet
from reports.filtering import NOTHING, Filtering, filtering
from reports.formats import Value
from reports.frames import Field, Frame, label_of, materialize
from reports.kpis import Card
from reports.language.datasets import Dataset
from reports.language.links import Link
from reports.language.page import AnyItem, ForEach
from reports.language.tables import Column, Table
from reports.page_addresses import file_stems
from reports.pages import Page
from reports.settings import Settings
from reports.sql import first_line, quoted
from reports.views import Ids, ItemView, item_view, paired_on_paper
from reports.yaml_shown import head_yaml, yaml_of

Run = Callable[[duckdb.DuckDBPyConnection, str, Dataset, Sequence[Field]], Frame]


@dataclass(frozen=True)
class SectionView:
    """A heading with its items."""

    id: str
    title: str
    intro: str
    items: Sequence[ItemView]


@dataclass(frozen=True)
class PageView:
    """A page as the template shows it; `lead` is the figure that stands for it in the list.

    `name` is that of its file, `nav` that of its entry in the navigation: the pages of a template
    share the entry of the page that lists them, which has their files and titles in `below`.
    """

    id: str
    nav: str
    title: str
    description: str
    period: str
    sections: Sequence[SectionView]
    settings: Settings
    is_empty: bool
    lead: Card | None = None
    lead_period: str = ""
    warnings: Sequence[str] = ()
    parent: str = ""
    below: Sequence[tuple[str, str]] = ()
    filtering: Filtering = NOTHING
    yaml: str = ""

    def items(self) -> Iterator[ItemView]:
        """All items, also those in folds."""
        for section in self.sections:
            for item in section.items:
                yield from item.with_inner()


@dataclass(frozen=True)
class Prepared:
    """A page file with its rows: every dataset has been run, for all keys of a template at once."""

    page: Page
    frames: Mapping[str, Frame]
    settings: Settings
    keys: Mapping[Value, str]
    warnings: Sequence[str]

    @property
    def addresses(self) -> Mapping[Value, str]:
        """The files of its pages by key; that of the page itself, or of its list, is under None."""
        found: dict[Value, str] = {None: f"{self.page.id}.html"}
        stems = file_stems(self.page.id, list(self.keys))
        return {**found, **{key: f"{stem}.html" for key, stem in stems.items()}}


def prepare(
    page: Page,
    connection: duckdb.DuckDBPyConnection,
    fields: Mapping[str, tuple[Field, ...]],
    settings: Settings,
    today: date,
    run: Run = materialize,
) -> Prepared:
    """Run the datasets of a page file, and hold them against what its author expects."""
    frames = {}
    for name, dataset in page.spec.datasets.items():
        try:
            frames[name] = run(connection, table_of(page, name), dataset, fields[name])
        except duckdb.Error as error:
            raise page.problem(
                ("datasets", name, dataset.query_key),
                f"page '{page.id}', dataset '{name}': the query fails: {first_line(error)}",
                "The site was not written.",
            ) from error
    keys = _keys(page, page.spec.for_each, connection) if page.spec.for_each else {}
    return Prepared(page, frames, settings, keys, _warnings(page, frames, settings, today))


def page_views(
    prepared: Prepared,
    connection: duckdb.DuckDBPyConnection,
    addresses: Addresses,
    only: str | None = None,
) -> Iterator[PageView]:
    """The view of a page; of a template, that of the page that lists its pages, then those.

    With `only`, the name of a page's file without its ending, that one alone is made.
    """
    page, settings = prepared.page, prepared.settings
    context = Context(
        page, connection, prepared.frames, settings.formatter, settings.words, addresses, Answers()
    )
    template = page.spec.for_each
    if template is None:
        yield replace(_view(page.id, context, settings), warnings=prepared.warnings)
        return
    own = dict(_own_contexts(prepared, template, context))
    if only in (None, page.id):
        yield _list_view(prepared, template, context, own)
    for stem, each in own.items():
        if only in (None, stem):
            view = _view(stem, each, settings)
            yield replace(view, parent=page.title, warnings=prepared.warnings)


def _own_contexts(
    prepared: Prepared, template: ForEach, context: Context
) -> Iterator[tuple[str, Context]]:
    """For each page of a template its file and its context: the rows of its key."""
    parts = {
        name: _by_key(frame, template.key)
        for name, frame in prepared.frames.items()
        if template.key in [field.name for field in frame.fields]
    }
    stems = file_stems(prepared.page.id, list(prepared.keys))
    for key, title in prepared.keys.items():
        frames = {
            name: Frame(frame.fields, tuple(parts[name].get(key, ()))) if name in parts else frame
            for name, frame in prepared.frames.items()
        }
        yield stems[key], replace(context, frames=frames, own=Own(key, title))


def _view(name: str, context: Context, settings: Settings) -> PageView:
    page, ids = context.page, Ids()
    sections = []
    for index, section in enumerate(page.spec.sections):
        items = [
            _with_yaml(
                item_view(item, ("sections", index, "items", number), index + 1, ids, context),
                item,
                page,
            )
            for number, item in enumerate(section.items)
        ]
        title = context.title(section.title)
        part = ids.of(title or f"part_{index + 1}")
        sections.append(
            SectionView(part, title, context.text(section.intro), paired_on_paper(items))
        )
    shown = [item for section in sections for item in section.items]
    drawn = [item for item in shown if item.kind != "text"]
    leads = [item for item in shown if item.cards]
    ids_by_place = {
        one.location: one.id for item in shown for one in item.with_inner() if not one.is_empty
    }
    return PageView(
        id=name,
        filtering=filtering(context, ids_by_place),
        nav=page.id,
        title=context.title(page.spec.title),
        description=context.title(page.spec.description),
        period=context.text(page.spec.period),
        sections=sections,
        settings=settings,
        is_empty=all(item.is_empty for item in drawn or shown),
        lead=leads[0].cards[0] if leads else None,
        lead_period=leads[0].period if leads else "",
        yaml=head_yaml(page) if page.spec.show_yaml else "",
    )


def _with_yaml(view: ItemView, item: AnyItem, page: Page) -> ItemView:
    return view.but(yaml=yaml_of(page, item, view.location)) if page.spec.show_yaml else view


def _list_view(
    prepared: Prepared, template: ForEach, context: Context, own: Mapping[str, Context]
) -> PageView:
    """The page that lists those of a template, in a table whose first column leads to them."""
    page = prepared.page
    whole = prepared.frames[template.dataset]
    index, seen, rows = whole.index(template.key), set(), []
    for row in whole.rows:
        if row[index] in prepared.keys and row[index] not in seen:
            seen.add(row[index])
            rows.append(row)
    columns = list(template.columns) or _list_columns(template)
    link = Link(page=page.id, key=template.key)
    if not any(column.link for column in columns):
        columns[0] = columns[0].model_copy(update={"link": link})
    table = Table(type="table", title=page.title, dataset=template.dataset, columns=columns)
    frames = {**prepared.frames, template.dataset: Frame(whole.fields, tuple(rows))}
    ids = Ids()
    view = item_view(table, ("for_each",), 1, ids, replace(context, frames=frames))
    section = SectionView(ids.of("part_1"), "", "", [view.but(title="")])
    return PageView(
        id=page.id,
        nav=page.id,
        title=page.title,
        description=page.description,
        period="",
        sections=[section],
        settings=prepared.settings,
        is_empty=view.is_empty,
        warnings=prepared.warnings,
        below=[(stem, each.title(page.spec.title)) for stem, each in own.items()],
    )


def _list_columns(template: ForEach) -> list[Column]:
    names = dict.fromkeys([template.title, template.key])
    return [Column(field=name, label=label_of(name)) for name in names]


def _keys(page: Page, template: ForEach, connection: duckdb.DuckDBPyConnection) -> dict[Value, str]:
    """The keys of a template with the titles of their pages, in the dataset's order."""
    key, table = quoted(template.key), quoted(table_of(page, template.dataset))
    condition = f" and ({template.where})" if template.where else ""
    try:
        rows = connection.execute(
            f"select {key}, arg_min(cast({quoted(template.title)} as varchar), rowid) from {table} "
            f"where {key} is not null{condition} group by {key} order by min(rowid) limit {template.max}"
        ).fetchall()
    except duckdb.Error as error:
        raise page.problem(("for_each",), f"for_each: {first_line(error)}") from error
    return {row[0]: str(row[0]) if row[1] is None else row[1] for row in rows}


def _by_key(frame: Frame, key: str) -> dict[Value, list[tuple[Any, ...]]]:
    index = frame.index(key)
    found: dict[Value, list[tuple[Any, ...]]] = {}
    for row in frame.rows:
        found.setdefault(row[index], []).append(row)
    return found


def _warnings(
    page: Page, frames: Mapping[str, Frame], settings: Settings, today: date
) -> list[str]:
    """What readers are told of rows that are not as expected; raises where the author wants that."""
    told, problems = [], []
    for name, dataset in page.spec.datasets.items():
        if dataset.expect is None:
            continue
        found = unmet(name, dataset.expect, frames[name], today, settings.formatter, settings.words)
        if dataset.expect.otherwise == "banner":
            told += list(found)
        else:
            place = ("datasets", name, "expect")
            problems += [page.problem(place, what, "The site was not written.") for what in found]
    if problems:
        raise _unmet(problems)
    return told


def _unmet(problems: Sequence[PlainError]) -> PlainError:
    """Data that is not as expected is no mistake in a file: the command fails with 1."""
    if len(problems) == 1:
        return problems[0]
    error = ConfigurationError("datasets are not as expected", problems=problems)
    error.exit_code = 1
    return error
