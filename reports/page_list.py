"""What can be found in a site: its pages, what stands on them, and the pages of templates.

The list is a script, as a page's data is, because browsers do not let a page from disk fetch a file. It
is loaded when somebody searches, by the list of pages at once:

    TILLHOUSE.pages([{"id": "sales", "title": "Sales", "text": "How sales go.",
                      "parts": [["months", "Months"], ["figures", "Revenue"]],   // address in the page, name
                      "children": [["country-de", "Sales in Germany"]]}])        // file without its ending, title
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from reports.asset_files import SharedFile, named
from reports.page_views import PageView


@dataclass(frozen=True)
class Listed:
    """An entry of the navigation with what leads to places on it and to pages below it."""

    id: str
    title: str
    text: str
    parts: Sequence[tuple[str, str]] = ()
    children: list[tuple[str, str]] = field(default_factory=list)


def listed_pages(views: Sequence[PageView]) -> list[Listed]:
    """The entries of the navigation in their order, each with the pages that share it."""
    found = {
        view.id: Listed(view.id, view.title, view.description, list(_parts(view)))
        for view in views
        if not view.parent
    }
    for view in views:
        if view.parent:
            found[view.nav].children.append((view.id, view.title))
    return list(found.values())


def _parts(view: PageView) -> Iterator[tuple[str, str]]:
    """Sections, items and figures of a page by their addresses, each name once."""
    seen: set[str] = {view.title}
    for section in view.sections:
        names = [(section.id, section.title)]
        for item in section.items:
            for one in item.with_inner():
                names.append((one.id, one.name))
                names += [(one.id, card.label) for card in one.cards]
        for address, name in names:
            if name and name not in seen:
                seen.add(name)
                yield address, name


def page_list(pages: Sequence[Listed]) -> SharedFile:
    """The list as a file of the site, named by its content."""
    shipped = [
        {
            "id": page.id,
            "title": page.title,
            "text": page.text,
            "parts": page.parts,
            "children": page.children,
        }
        for page in pages
    ]
    # ASCII only, so that no line separator of Unicode and no character set can break the script.
    text = json.dumps(shipped, ensure_ascii=True, separators=(",", ":")).replace("</", "<\\/")
    return named("pages", ".js", f"TILLHOUSE.pages({text});\n".encode())
