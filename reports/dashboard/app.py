"""The dashboard in Streamlit: a list of the pages, then each page with its controls, live on the release.

Runs from top to bottom at every interaction. What it shows is made by the desk that all readers share.
"""

from __future__ import annotations

from functools import partial
from urllib.parse import urlencode

import streamlit as st
from markupsafe import Markup, escape

from configuration.errors import PlainError
from reports.dashboard.desk import Desk, Shown
from reports.dashboard.items import Showing
from reports.dashboard.look import for_streamlit, scheme_of, style, tokens
from reports.dashboard.widgets import OF, Bar, as_text, asked
from reports.preview.draft import Entry
from reports.preview.faults import notice_card, problems_of
from reports.render import written_by
from reports.settings import Settings
from reports.templating import rendered

_RELEASE = "tillhouse release"
INDEX = "index"


def show(desk: Desk) -> None:
    """Show the page that the address asks for."""
    desk.refresh()
    st.set_page_config(page_title=desk.site.title, layout="wide", menu_items={})
    words = desk.settings.words
    pages = [st.Page(partial(_index, desk), title=words["all_pages"], url_path=INDEX, default=True)]
    pages += [
        st.Page(partial(_page, desk, entry), title=as_text(entry.title), url_path=entry.id)
        for entry in desk.entries()
    ]
    st.navigation(pages, position="top").run()


def _begin(desk: Desk, settings: Settings) -> None:
    """The style of the page, and whether another release is shown than before."""
    st.html(style(settings, scheme_of(settings, st.context.theme.type)))
    release = desk.facts.release_id
    if st.session_state.get(_RELEASE, release) != release:
        st.info(as_text(settings.words["release_is_new"].format(release=release)))
    st.session_state[_RELEASE] = release


def _index(desk: Desk) -> None:
    settings = desk.settings
    _begin(desk, settings)
    if desk.broken is not None:
        _problems(desk, settings, desk.broken)
        return
    site = desk.site
    parts = [Markup("<h1>{}</h1><p>{}</p>").format(site.title, site.description)]
    entries = [
        Markup(
            "<li class='card'><h2><a href='./{}'>{}</a></h2><p class='subtitle'>{}</p></li>"
        ).format(entry.id, entry.title, entry.description)
        for entry in desk.entries()
    ]
    parts.append(Markup("<ul class='pages'>{}</ul>").format(Markup("").join(entries)))
    _html(desk, settings, Markup("").join(parts))
    _stamp(desk, settings)


def _page(desk: Desk, entry: Entry) -> None:
    """One page file; of a template, the page that lists its pages, or the one that is asked for."""
    query = asked()
    of = next(iter(query.get(OF, ())), "")
    name = f"{entry.id}-{of}" if entry.is_template and of else entry.id
    try:
        shown = None if desk.broken else desk.shown(name, query)
    except PlainError as error:
        _begin(desk, desk.settings)
        _problems(desk, desk.settings, error)
        return
    settings = shown.view.settings if shown else desk.settings
    _begin(desk, settings)
    if desk.broken:
        _problems(desk, settings, desk.broken)
        return
    _choose(desk, entry, name, settings)
    if shown is None:
        st.warning(as_text(settings.words["no_page"].format(name=name)))
        return
    _draw(desk, shown)


def _draw(desk: Desk, shown: Shown) -> None:
    view, settings = shown.view, shown.view.settings
    words = settings.words
    _html(
        desk,
        settings,
        Markup("<h1>{}</h1><p class='subtitle'>{}</p>").format(
            view.title, view.period or view.description
        ),
    )
    if view.warnings:
        told = "\n".join(f"- {as_text(warning)}" for warning in view.warnings)
        st.warning(f"**{words['quality_warning']}**\n\n{told}")
    if view.is_empty:
        st.info(words["empty_page"])
    else:
        bar = Bar(view.id, shown.controls, settings)
        bar.show()
        scheme = scheme_of(settings, st.context.theme.type)
        Showing(view, scheme, desk.environment, partial(_address, desk)).sections()
    _stamp(desk, settings)


def _choose(desk: Desk, entry: Entry, name: str, settings: Settings) -> None:
    """A box with all the pages of a template."""
    titles = desk.keys(entry.id)
    if not titles:
        return
    options = {entry.id: settings.words["all_pages"], **titles}
    key = f"{entry.id}|pages"
    st.session_state[key] = name if name in options else entry.id

    def go() -> None:
        chosen = st.session_state[key]
        rest = {one: texts for one, texts in asked().items() if one != OF}
        of = {} if chosen == entry.id else {OF: [chosen.removeprefix(f"{entry.id}-")]}
        st.query_params.from_dict({**of, **rest})

    st.selectbox(
        as_text(entry.title),
        list(options),
        key=key,
        format_func=lambda one: options[one],
        on_change=go,
        width=320,
    )


def _address(desk: Desk, name: str, keep: bool) -> str:
    """Where a page is: below the dashboard's own address, as text of an attribute."""
    owner = desk.owner_of(name) or INDEX
    query: list[tuple[str, str]] = []
    if owner not in (name, INDEX):
        query.append((OF, name.removeprefix(f"{owner}-")))
    if keep:
        query += [(one, text) for one, texts in asked().items() if one != OF for text in texts]
    place = "./" if owner == INDEX else f"./{owner}"
    return str(escape(f"{place}?{urlencode(query)}" if query else place))


def _problems(desk: Desk, settings: Settings, error: PlainError) -> None:
    _html(desk, settings, notice_card(problems_of(error)))


def _stamp(desk: Desk, settings: Settings) -> None:
    _html(desk, settings, Markup(rendered(desk.environment, "stamp.html", **written_by(settings))))  # noqa: S704


def _html(desk: Desk, settings: Settings, html: Markup) -> None:
    named = tokens(settings, scheme_of(settings, st.context.theme.type))
    st.html(for_streamlit(html, named, partial(_address, desk)))
