"""The search over all pages: by keyboard, from disk, over thousands of names, whatever they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import AXE, Visitors
from tests.unit.reports_folder import PAGE, render

HOSTILE = '<img src=x onerror=alert(1)> "Café" & Söhne'
TEMPLATE = """\
title: "Sales of {title}"
description: One customer.
for_each: {dataset: names, key: name, title: name, list_title: Names, list_description: All names., max: 900}
datasets:
  names: {sql: select name from names, order: [name]}
sections:
  - items: [{type: text, text: "{title}"}]
"""
NAMES = f"select 'Name ' || n as name from range(800) as t(n) union all select '{HOSTILE}'"


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page, and 801 of a template."""
    pages = {"sales": PAGE, "of": TEMPLATE}
    return render(tmp_path_factory.mktemp("many"), pages, names=NAMES)


def found(page: Page) -> list[str]:
    return page.locator(".found b").all_inner_texts()


def test_a_slash_opens_the_search_and_enter_leads_to_the_best(visit: Visitors, many: Path) -> None:
    page = visit(many).open("sales")
    page.keyboard.press("/")
    page.keyboard.type("REVENUE by")
    expect(page.locator(".found li")).to_have_count(1)
    assert page.locator(".found a").get_attribute("href") == "sales.html#bars"
    page.keyboard.press("Enter")
    page.wait_for_url("**/sales.html#bars")
    expect(page.locator("dialog")).not_to_be_visible()


def test_arrows_go_through_what_is_found_and_escape_closes(visit: Visitors, many: Path) -> None:
    page = visit(many).open("of-name-7")
    page.get_by_role("button", name="Search all pages").click()
    field = page.get_by_role("searchbox", name="Search all pages")
    expect(field).to_be_focused()
    # Without a question all pages are offered.
    expect(page.locator(".found b")).to_have_text(["Names", "Sales"])
    page.keyboard.type("name 70")
    expect(page.locator(".found li").first).to_have_text("Sales of Name 70in Names")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".found a").nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(field).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/of-name-70.html")
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).not_to_be_visible()


def test_only_the_best_are_shown_and_their_number_is_told(visit: Visitors, many: Path) -> None:
    page = visit(many).open("index")
    page.get_by_role("searchbox").fill("name")
    expect(page.locator(".found li")).to_have_count(12)
    assert found(page)[0] == "Names", "the page of that name comes before the 801 below it"
    expect(page.get_by_role("status")).to_have_text(
        "The best 12 of 802: one more word narrows it down."
    )
    assert not page.locator("[data-unasked]").is_visible()
    page.get_by_role("searchbox").fill("")
    assert page.locator("[data-unasked]").is_visible()


def test_names_and_questions_stay_text_and_accents_do_not_count(
    visit: Visitors, many: Path
) -> None:
    page = visit(many).open("index")
    page.get_by_role("searchbox").fill("sohne cafe")
    expect(page.locator(".found b")).to_have_text(f"Sales of {HOSTILE}")
    page.get_by_role("searchbox").fill("<b>nobody</b>")
    expect(page.get_by_role("status")).to_contain_text("Nothing here is called “<b>nobody</b>”")
    assert page.locator(".found li, .finder-place b").count() == 0


def test_a_slash_in_a_field_is_a_slash(visit: Visitors, many: Path) -> None:
    page = visit(many).open("index")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("a/b")
    expect(page.get_by_role("searchbox")).to_have_value("a/b")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_the_search(visit: Visitors, many: Path, theme: str) -> None:
    page = visit(many, width=390, theme=theme).open("sales")
    page.keyboard.press("/")
    page.keyboard.type("name")
    expect(page.locator(".found li")).to_have_count(12)
    found = Axe().run(page, options=AXE).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
