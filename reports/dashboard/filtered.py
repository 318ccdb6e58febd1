"""A page with a reader's filters: its items computed anew by DuckDB, from the rows that are left.

The same models, SQL, marks and formats as for the whole page; only the rows of its datasets are fewer.
While that happens, a filtered dataset's table stands at the place of the whole one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import duckdb

from configuration.yaml_file import Location
from reports.charts.rows import Answers
from reports.charts.xy_model import XyChart
from reports.context import Addresses, Context, Own, table_of
from reports.dashboard.choice import NONE, Choice, Control, Controls
from reports.dashboard.range_figures import range_figures
from reports.formats import Value
from reports.frames import Frame
from reports.language.kpis import Kpis
from reports.language.page import AnyItem, Details
from reports.page_addresses import file_stems
from reports.page_views import PageView, Prepared, page_views
from reports.pages import Page
from reports.sql import quoted
from reports.views import ItemView


@dataclass(frozen=True)
class _Reader:
    """What has been chosen, and what can be."""

    controls: Controls
    choice: Choice

    def narrowing(self, item: ItemView) -> list[Control]:
        """The filters that an item is narrowed by."""
        by = (self.controls.reach or {}).get(item.id, ())
        return [one for one in self.controls.narrowing(self.choice) if one.field in by]

    @property
    def compare(self) -> list[str] | None:
        """The comparisons to show; None: those of the item."""
        if self.choice.compare is None or self.choice.compare == self.controls.first_comparison:
            return None
        return [] if self.choice.compare == NONE else [self.choice.compare]


def filtered_view(
    whole: PageView,
    prepared: Prepared,
    connection: duckdb.DuckDBPyConnection,
    addresses: Addresses,
    controls: Controls,
    choice: Choice,
) -> PageView:
    """`whole` with those of its items drawn anew that the choice touches; texts stay those of everything."""
    reader = _Reader(controls, choice)
    narrowing = controls.narrowing(choice)
    if not narrowing and reader.compare is None:
        return whole
    touched = {
        item.location
        for item in whole.items()
        if reader.narrowing(item) or _is_compared(item, reader)
    }
    page = _without_findings(prepared.page, touched, reader, bool(narrowing))
    conditions = _conditions(prepared, narrowing, choice)
    with _narrowed(prepared, connection, conditions) as frames:
        left = replace(prepared, page=page, frames=frames)
        views = page_views(left, connection, addresses, whole.id)
        view = next(one for one in views if one.id == whole.id)
        made = {item.location: item for item in view.items() if item.location in touched}
        context = _context(left, connection, addresses, whole.id)
        for location, item in page.items():
            drawn = made.get(location)
            if isinstance(item, Kpis) and drawn and drawn.cards:
                made[location] = _ranged(drawn, item, location, reader, context, conditions)
    words = whole.settings.words

    def shown(item: ItemView) -> ItemView:
        if item.items:
            item = replace(item, items=[shown(inner) for inner in item.items])
        drawn = made.get(item.location)
        if drawn is None or item.kind in ("text", "details"):
            is_left_out = bool(narrowing) and item.id in (controls.reach or {})
            return _with_note(item, words["not_filtered"]) if is_left_out else item
        by = reader.narrowing(item)
        drawn = replace(
            drawn,
            id=item.id,
            title=drawn.title if by else item.title,
            subtitle=item.subtitle,
            when_empty=words["empty_choice"],
        )
        return _with_note(drawn, words["not_filtered"]) if narrowing and not by else drawn

    sections = [
        replace(section, items=[shown(item) for item in section.items])
        for section in whole.sections
    ]
    return replace(whole, sections=sections)


def _with_note(item: ItemView, note: str) -> ItemView:
    """What stands in small print below an item; a table has its own notes beside it."""
    told = "" if item.table and item.kind == "table" else item.note
    return replace(item, note=f"{told} {note}".strip())


def _is_compared(item: ItemView, reader: _Reader) -> bool:
    is_live = bool((reader.controls.reach or {}).get(item.id))
    return item.kind == "kpis" and reader.compare is not None and is_live


def _without_findings(
    page: Page, touched: set[Location], reader: _Reader, is_narrowed: bool
) -> Page:
    """The page without headlines, targets and comparisons that were meant for everything."""

    def bare(item: AnyItem, location: Location) -> AnyItem:
        if isinstance(item, Details):
            inner = [bare(one, (*location, "items", i)) for i, one in enumerate(item.items)]
            return item.model_copy(update={"items": inner})
        if location not in touched:
            return item
        update: dict[str, object] = {"headline": ""}
        if isinstance(item, Kpis):
            chosen = reader.choice.compare
            if chosen is not None:
                update["compare"] = [] if chosen == NONE else [chosen]
        elif isinstance(item, XyChart) and is_narrowed:
            update["reference_lines"] = [one for one in item.reference_lines if not one.target]
        return item.model_copy(update=update)

    sections = [
        section.model_copy(
            update={
                "items": [
                    bare(item, ("sections", index, "items", number))
                    for number, item in enumerate(section.items)
                ]
            }
        )
        for index, section in enumerate(page.spec.sections)
    ]
    # Without its filters nothing is made for the script of a static page, which is not there.
    spec = page.spec.model_copy(update={"sections": sections, "filters": []})
    return replace(page, spec=spec)


def _conditions(
    prepared: Prepared, narrowing: Sequence[Control], choice: Choice
) -> dict[str, dict[str, str]]:
    """The SQL of each filter by dataset and field; datasets that no filter reaches are left out."""
    found: dict[str, dict[str, str]] = {}
    for name, frame in prepared.frames.items():
        known = [field.name for field in frame.fields]
        reached = [one for one in narrowing if one.field in known]
        if reached and prepared.page.spec.datasets[name].filterable:
            found[name] = {one.field: _condition(one, choice) for one in reached}
    return found


def _condition(control: Control, choice: Choice) -> str:
    if control.whole is not None:
        span = choice.spans[control.field]
        return f"{quoted(control.field)} between date '{span.first}' and date '{span.last}'"
    texts = ", ".join("'" + text.replace("'", "''") + "'" for text in choice.values[control.field])
    return f"{quoted(control.field)} in ({texts})"


@contextmanager
def _narrowed(
    prepared: Prepared,
    connection: duckdb.DuckDBPyConnection,
    conditions: Mapping[str, Mapping[str, str]],
) -> Iterator[dict[str, Frame]]:
    """The rows that are left, while tables of them stand at the places of the whole ones."""
    frames = dict(prepared.frames)
    moved: list[str] = []
    try:
        for name, by_field in conditions.items():
            table = table_of(prepared.page, name)
            connection.execute(f"alter table {quoted(table)} rename to {quoted(_whole(table))}")
            moved.append(table)
            condition = " and ".join(by_field.values())
            connection.execute(
                f"create temp table {quoted(table)} as "
                f"select * from {quoted(_whole(table))} where {condition}"
            )
            rows = connection.execute(f"select * from {quoted(table)}").fetchall()
            frames[name] = Frame(frames[name].fields, tuple(rows))
        yield frames
    finally:
        for table in moved:
            connection.execute(f"drop table if exists {quoted(table)}")
            connection.execute(f"alter table {quoted(_whole(table))} rename to {quoted(table)}")


def _whole(table: str) -> str:
    return f"{table} (whole)"


def _context(
    prepared: Prepared,
    connection: duckdb.DuckDBPyConnection,
    addresses: Addresses,
    name: str,
) -> Context:
    """The context of a page; of a template's, with what it is about."""
    settings, page = prepared.settings, prepared.page
    stems = file_stems(page.id, list(prepared.keys))
    own: dict[str, tuple[Value, str]] = {
        stems[key]: (key, title) for key, title in prepared.keys.items()
    }
    return Context(
        page,
        connection,
        prepared.frames,
        settings.formatter,
        settings.words,
        addresses,
        Answers(),
        Own(*own[name]) if name in own else None,
    )


def _ranged(
    drawn: ItemView,
    item: Kpis,
    location: Location,
    reader: _Reader,
    context: Context,
    conditions: Mapping[str, Mapping[str, str]],
) -> ItemView:
    """Figures of the chosen range where the item goes by its dates; targets are those of everything."""
    by_field = conditions.get(item.dataset, {})
    cards = tuple(replace(card, target=None) for card in drawn.cards) if by_field else drawn.cards
    control = next(
        (one for one in reader.narrowing(drawn) if one.whole and one.field == item.time), None
    )
    if control is None or control.whole is None:
        return replace(drawn, cards=cards)
    span = reader.choice.spans[control.field]
    source = context.source(item.dataset, location)
    others = " and ".join(sql for field, sql in by_field.items() if field != control.field)
    ranged = range_figures(
        item,
        cards,
        replace(source, table=_whole(source.table), answers=Answers()),
        span,
        control.whole.first,
        others,
        context.compared(item.compare),
        context.formatter,
        context.words,
    )
    first, last = (context.formatter.text(day, "date") for day in (span.first, span.last))
    period = f"{first} \N{EN DASH} {last}"
    return replace(drawn, cards=ranged.cards, note=ranged.note, period=period)
