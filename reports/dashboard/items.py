"""The items of a page in Streamlit: what our templates write, and charts in its Plotly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st
from jinja2 import Environment
from markupsafe import Markup, escape

from reports.charts.mark import Speaker
from reports.dashboard.look import Scheme, for_streamlit, tokens
from reports.dashboard.plotly_figures import CONFIG, plotly_figure
from reports.dashboard.sorting import places_of
from reports.dashboard.widgets import as_text
from reports.page_views import PageView, SectionView
from reports.parquet_files import ParquetWriter
from reports.render import written_by
from reports.tables import ROWS_IN_PAGE, table_lines
from reports.templating import Components
from reports.views import ItemView

_WHOLE = 12  # columns of the page


@dataclass(frozen=True)
class Showing:
    """What the items of one page are shown with; `address` is where a page of a name is."""

    page: PageView
    scheme: Scheme
    environment: Environment
    address: Callable[[str, bool], str]

    @property
    def components(self) -> Components:
        """Our templates' macros, as a static page has them."""
        wording = written_by(self.page.settings)
        known = {**self.environment.globals, **wording, "page": self.page, "here": self.page.nav}
        return Components(self.environment, known)

    def html(self, text: Markup | str) -> None:
        """What templates have written, which have escaped every value."""
        named = tokens(self.page.settings, self.scheme)
        if text.strip():
            st.html(for_streamlit(Markup(text), named, self.address))  # noqa: S704

    def sections(self) -> None:
        """All sections, one below the other."""
        for section in self.page.sections:
            self._section(section)

    def _section(self, section: SectionView) -> None:
        head = (
            Markup("<h2 id='{}'>{}</h2>").format(section.id, section.title) if section.title else ""
        )
        intro = Markup("<p class='intro'>{}</p>").format(section.intro) if section.intro else ""
        self.html(Markup("{}{}").format(head, intro))
        self._grid(section.items, "h3" if section.title else "h2")

    def _grid(self, items: Sequence[ItemView], tag: str) -> None:
        shown = [one for one in items if one.kind not in ("text", "details") or not one.is_empty]
        for row in _rows(shown):
            rest = _WHOLE - sum(item.width for item in row)
            if len(row) == 1 and rest == 0:
                self._item(row[0], tag)
                continue
            places = st.columns([*(item.width for item in row), *([rest] if rest else [])])
            for item, place in zip(row, places, strict=False):
                with place:
                    self._item(item, tag)

    def _item(self, item: ItemView, tag: str) -> None:
        if item.kind == "text":
            self.html(self.components.text(item, tag))
        elif item.kind == "details":
            self._fold(item, tag)
        elif item.kind == "kpis":
            self._figures(item, tag)
        else:
            with st.container(border=True, key=f"card-{self.page.id}-{item.id}"):
                self.html(self.components.head(item, tag))
                if item.is_empty:
                    self._note(item.when_empty, "empty")
                elif item.kind == "table":
                    self._table(item)
                else:
                    self._chart(item)
                self._note(item.note if item.kind == "chart" or _is_apart(item) else "", "note")
                self._behind(item)

    def _figures(self, item: ItemView, tag: str) -> None:
        show = self.components
        cards = Markup("").join(show.card(card) for card in item.cards)
        kind = Markup("<ul class='kpis n{}'>{}</ul>").format(len(item.cards), cards)
        shown = kind if item.cards else Markup("<p class='empty'>{}</p>").format(item.when_empty)
        note = Markup("<p class='note'>{}</p>").format(item.note) if item.note else Markup("")
        inside = show.head(item, tag) + shown + note
        self.html(Markup("<div class='item bare w{}'>{}</div>").format(item.width, inside))
        self._behind(item)

    def _chart(self, item: ItemView) -> None:
        show, settings, figure = self.components, self.page.settings, item.figure
        if figure is None:
            return
        legend = show.legend(item)
        if figure.html:
            hidden = Markup("<p class='hidden'>{}</p>").format(item.alt)
            self.html(Markup("{}{}{}").format(legend, figure.html, hidden))
        else:
            self.html(legend)
            drawn = plotly_figure(
                figure,
                settings.formatter,
                tokens(settings, self.scheme),
                width=item.width,
                height=item.height,
            )
            key = f"chart-{self.page.id}-{item.id}-{self.scheme}"
            st.plotly_chart(drawn, theme=None, key=key, config=CONFIG, alt=item.alt)
        if item.notes:
            told = Markup("").join(Markup("<li>{}</li>").format(note) for note in item.notes)
            self.html(Markup("<ol class='happened'>{}</ol>").format(told))

    def _fold(self, item: ItemView, tag: str) -> None:
        with st.expander(as_text(item.title), expanded=item.is_open):
            if item.subtitle:
                self._note(item.subtitle, "subtitle")
            self.html(Markup("<div class='prose'>{}</div>").format(item.html) if item.html else "")
            self._grid(item.items, "h4" if tag == "h3" else "h3")

    def _table(self, item: ItemView) -> None:
        table_of = st.fragment(self._table_now)
        table_of(item)

    def _table_now(self, item: ItemView) -> None:
        """A table as its reader sorts, searches and pages it; only it runs again for that."""
        view, frame, settings = item.table, item.frame, self.page.settings
        if view is None or frame is None:
            return
        words, key = settings.words, f"{self.page.id}|{item.id}"
        heads = {index: header.label for index, header in enumerate(view.headers)}
        column, descending, search = None, True, ""
        if len(frame.rows) > 1:
            with st.popover(words["sort_search"], type="tertiary"):
                column = st.selectbox(
                    words["sort_by"],
                    [None, *heads],
                    format_func=lambda one: words["as_given"] if one is None else heads[one],
                    key=f"{key}|sort",
                )
                descending = st.toggle(words["descending"], value=True, key=f"{key}|descending")
                search = st.text_input(words["search"], key=f"{key}|search")
        places = places_of(
            frame, settings.formatter, search=search, column=column, descending=descending
        )
        first = _turned(key, len(places))
        here = places[first : first + ROWS_IN_PAGE]
        lines = table_lines(view, frame, here, Speaker(settings.formatter, words))
        total = view.total if len(places) == len(frame.rows) else ()
        shown = replace(view, rows=lines, total=total, count=0)
        self.html(self.components.rows(shown, item.title))
        if not places:
            self._note(words["rows_none"], "note")
        elif len(places) > ROWS_IN_PAGE:
            self._pager(key, first, len(here), len(places))

    def _pager(self, key: str, first: int, shown: int, count: int) -> None:
        words, number = self.page.settings.words, self.page.settings.formatter.text
        ends = {
            "first": number(first + 1, "int"),
            "last": number(first + shown, "int"),
            "count": number(count, "int"),
        }
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(as_text(words["rows_span"].format(**ends)))
            for name, to in (("previous", first - ROWS_IN_PAGE), ("next", first + ROWS_IN_PAGE)):
                st.button(
                    words[name],
                    key=f"{key}|{name}",
                    disabled=not 0 <= to < count,
                    on_click=_turn,
                    args=(key, to),
                )

    def _behind(self, item: ItemView) -> None:
        """Definitions, rows, query and download, when somebody asks for them."""
        if item.is_empty or item.frame is None:
            return
        words = self.page.settings.words
        with st.popover(words["data_sql"], type="tertiary"):
            if item.definitions:
                told = Markup("").join(
                    Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(one.label, one.description)
                    for one in item.definitions
                )
                self.html(Markup("<div class='behind'><dl>{}</dl></div>").format(told))
            if item.kind == "chart" and item.table:
                self.html(self.components.rows(item.table, item.title, plain=True))
            st.code(item.sql, language="sql")
            st.download_button(
                words["parquet"],
                data=lambda: _parquet(item),
                file_name=f"{self.page.id}.{item.id}.parquet",
                key=f"{self.page.id}|{item.id}|parquet",
                on_click="ignore",
            )

    def _note(self, text: str, kind: str) -> None:
        if text:
            self.html(Markup("<p class='{}'>{}</p>").format(kind, escape(text)))


def _rows(items: Sequence[ItemView]) -> list[list[ItemView]]:
    """The items in lines of at most twelve columns."""
    rows: list[list[ItemView]] = []
    for item in items:
        if rows and sum(one.width for one in rows[-1]) + item.width <= _WHOLE:
            rows[-1].append(item)
        else:
            rows.append([item])
    return rows


def _is_apart(item: ItemView) -> bool:
    """Whether the note of a table is not one of those that its template shows."""
    return bool(item.table and item.note != item.table.note)


def _turned(key: str, count: int) -> int:
    first: Any = st.session_state.get(f"{key}|first", 0)
    return first if isinstance(first, int) and first < count else 0


def _turn(key: str, to: int) -> None:
    st.session_state[f"{key}|first"] = to


def _parquet(item: ItemView) -> bytes:
    if item.frame is None:
        return b""
    with ParquetWriter() as parquet:
        return parquet.content(item.frame)
