"""A reader of a dashboard without a browser: Streamlit's own AppTest over the small marts of the tests."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from reports.dashboard.desk import Desk
from reports.preview.preview_site import PreviewRelease
from tests.unit.reports_folder import FACTS, write_marts, write_pages

FIGURE = re.compile(r'class="kpi-value"[^>]*>([^<]*)<')
CHANGE = re.compile(
    r'class="kpi-change"><span class="(\w*)">(.*?)</span> <span class="versus">(.*?)</span>'
)
CELL = re.compile(r"<t[dh]\b[^>]*>(.*?)</t[dh]>", re.DOTALL)
TAG = re.compile(r"<[^>]*>")


def plain(text: str) -> str:
    return html.unescape(TAG.sub("", text)).strip()


def figures_in(text: str) -> list[str]:
    """The values of the metric cards."""
    return [plain(one) for one in FIGURE.findall(text)]


def changes_in(text: str) -> list[tuple[str, ...]]:
    """The tone, the change and what it is compared with."""
    return [tuple(plain(part) for part in one) for one in CHANGE.findall(text)]


def cells_in(text: str) -> list[str]:
    """All cells of all tables, heads included."""
    return [plain(one) for one in CELL.findall(text)]


def _script(desk):  # type: ignore[no-untyped-def]  # AppTest knows no names from outside
    from reports.dashboard.app import show  # noqa: PLC0415 - AppTest runs this text by itself

    show(desk)


class Releases:
    """A lake's releases for a desk: which one is current, and its marts."""

    def __init__(self, folder: Path, marts: Mapping[str, Sequence[Path]]) -> None:
        self._file = folder / "current.json"
        self.publish(FACTS.release_id, marts)

    @property
    def file(self) -> Path:
        return self._file

    def publish(self, release_id: str, marts: Mapping[str, Sequence[Path]]) -> None:
        """Make another release the current one."""
        facts = replace(FACTS, release_id=release_id, docs_href=None)
        self._now = PreviewRelease(marts, facts, self._file.parent / "none.html")
        self._file.write_text(json.dumps({"release_id": release_id}))

    def now(self) -> PreviewRelease:
        return self._now


class Reader:
    """Somebody who looks at the dashboard of these pages."""

    def __init__(
        self,
        folder: Path,
        pages: Mapping[str, str],
        *,
        site: str = "title: Reports\n",
        **marts: str,
    ) -> None:
        self.pages = write_pages(folder, pages, site)
        self.releases = Releases(folder, write_marts(folder / "marts", **marts))
        self.desk = Desk(self.pages, self.releases.file, self.releases.now)

    def open(self, page: str, **query: str | list[str]) -> AppTest:
        """Open a page at an address with this query."""
        return opened(self.desk, page, **query)


def opened(desk: Desk, page: str, **query: str | list[str]) -> AppTest:
    """A page of a desk, drawn; whatever Python raised fails the test."""
    app = AppTest.from_function(_script, args=(desk,), default_timeout=60)
    app._page_hash = calc_hash(page)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, [one.value for one in app.exception]
    return app


def html_of(app: AppTest) -> str:
    """All that our templates have written, but the style."""
    bodies = [str(one.proto.body) for one in app.get("html")]
    return "\n".join(body for body in bodies if not body.startswith("<style>"))


def charts_of(app: AppTest) -> list[dict[str, Any]]:
    """The figures that Plotly draws."""
    return [json.loads(one.proto.spec) for one in app.get("plotly_chart")]
