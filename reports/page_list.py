"""What can be found in a site: its pages, what stands on them, and the pages of templates.

The list is a script, as a page's data is, because browsers do not let a page from disk fetch a file. It
is loaded when somebody searches, by the list of pages at once:

    TILLHOUSE.pages([{"id": "sales", "title": "Sales", "text": "How sales go.",
                      "parts": [["months", "Months"], ["figures", "Revenue"]],  // address, name
                      "children": [["country-de", "Sales in Germany"]]}])  // file without its ending
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from reports.page_views import PageView

PAGE_LIST = "pages.js"


def page_list(listed: Sequence[PageView]) -> str:
    """The script that lists the entries of the navigation, in their order, and what is below them."""
    shipped = [
        {
            "id": view.id,
            "title": view.title,
            "text": view.description,
            "parts": list(_parts(view)),
            "children": view.below,
        }
        for view in listed
    ]
    # ASCII only, so that no line separator of Unicode and no character set can break the script.
    text = json.dumps(shipped, ensure_ascii=True, separators=(",", ":")).replace("</", "<\\/")
    return f"TILLHOUSE.pages({text});\n"


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
