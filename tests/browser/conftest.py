"""Our pages in a real browser: opened from disk, with the network cut, every message noted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from reports.built_assets import BuiltAssets, built_assets
from reports.render import render_site
from tests.browser.synthetic_marts import write_marts
from tests.conftest import IN_CI
from tests.unit.reports_folder import FACTS

ROOT = Path(__file__).resolve().parents[2]
DRAWN = "html[data-ready=true]"
# For axe: what passes need not be described node by node, which takes longer than to look.
AXE = {"preload": False, "resultTypes": ["violations"]}


@dataclass
class Visitor:
    """A reader with a browser of its own; `complaints` are requests and messages there must not be."""

    context: BrowserContext
    site: Path
    complaints: list[str] = field(default_factory=list)

    def open(self, name: str, query: str = "") -> Page:
        """Open a page of the site (`query` as in `?country=DE`) and wait until its charts are drawn."""
        page = self.open_bare(name, query)
        page.wait_for_selector(DRAWN, state="attached")
        return page

    def open_bare(self, name: str, query: str = "") -> Page:
        """Open a page and do not wait."""
        page = self.context.new_page()
        page.on("console", lambda message: self.complaints.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: self._note(request.url))
        page.goto((self.site / f"{name}.html").as_uri() + query)
        return page

    def _note(self, url: str) -> None:
        if not url.startswith(("file:", "blob:", "data:")):
            self.complaints.append(f"request: {url}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, or the one that TILL_CHROMIUM names."""
    path = os.environ.get("TILL_CHROMIUM") or shutil.which("chromium") or ""
    if not Path(path).is_file():
        message = "Chromium is not here: install it, or name it in TILL_CHROMIUM"
        if IN_CI:
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's own pages over two years of made-up sales."""
    folder = tmp_path_factory.mktemp("site")
    render_site(ROOT / "reports" / "pages", write_marts(folder / "marts"), FACTS, folder / "site")
    return folder / "site"


class Visitors:
    """Makes visitors with a screen, and closes what they leave open."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._made: list[Visitor] = []

    def __call__(
        self, site: Path, *, width: int = 1280, theme: str = "light", script: bool = True
    ) -> Visitor:
        """A visitor whose screen is `width` wide, and whose system prefers `theme`."""
        context = self._browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if theme == "dark" else "light",
            java_script_enabled=script,
            offline=True,
        )
        context.set_default_timeout(15_000)
        self._made.append(Visitor(context, site))
        return self._made[-1]

    def close(self) -> list[str]:
        """Close all, and tell what they complained about."""
        for visitor in self._made:
            visitor.context.close()
        return [complaint for visitor in self._made for complaint in visitor.complaints]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visitors]:
    """Makes visitors; at the end of every test, none of them may have had a complaint."""
    visitors = Visitors(browser)
    yield visitors
    assert visitors.close() == []


@pytest.fixture(scope="session")
def built() -> BuiltAssets:
    """What `make assets` has built; where there is no Node, tests of it are skipped."""
    found = built_assets()
    if found is None:
        message = "`make assets` has not been run since its files changed"
        if IN_CI and shutil.which("npm"):
            pytest.fail(message)
        pytest.skip(message)
    return found
