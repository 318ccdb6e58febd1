"""What a reader can do with a long table: page, search, sort, read it on paper, take it away."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Visitors
from tests.browser.test_behaviour import downloaded, texts_of_column
from tests.unit.reports_folder import page_with, render

# 5,000 rows: every name but three is different only by its number; 7 n modulo 5,000 is no sorted order.
ROWS = """
select
    case n when 17 then 'Müller, Straße' when 18 then 'Ärmel' when 19 then null else 'Item ' || n end as name,
    (n * 7) % 5000 as amount,
    date '2026-01-01' + cast(n % 365 as integer) as day,
    case when n % 50 != 0 then [n % 3, null, n % 5 + 1.5, n % 7] end as trend,
    n as place,
    n % 10 = 0 as pale
from range(5000) as t(n)
"""
TABLE = """\
      - id: t
        type: table
        title: Many
        dataset: rows
        faded: pale
        columns:
          - {field: name}
          - {field: amount, bar: true, total: true, better: up}
          - {field: day}
          - {field: trend}
          - {field: place}
"""


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    text = page_with(TABLE, dataset="select 1 as place").replace(
        "select 1 as place", "select * from many"
    )
    return render(tmp_path_factory.mktemp("many"), {"page": text}, many=ROWS)


def status(page: Page) -> str:
    return page.locator("#t [role=status]").inner_text()


def test_the_script_writes_rows_as_the_page_has_them(visit: Visitors, many: Path) -> None:
    page = visit(many).open("page")
    bare = visit(many, script=False).open_bare("page")
    # Without a script the first rows stand there; the script has written them anew.
    rows = (
        "rows => rows.map(row => row.outerHTML.replaceAll(/\\s+/g, ' ')"
        ".replaceAll('> <', '><').replace(/share: (.*);\"/, 'share:$1\"'))"
    )
    of_script, of_page = (one.locator("#t tbody tr").evaluate_all(rows) for one in (page, bare))
    assert len(of_page) == 25
    assert of_script == of_page
    assert "25 of 5,000 rows are shown" in bare.locator("[data-count]").inner_text()


def test_a_table_pages_searches_and_sorts_over_all_rows(visit: Visitors, many: Path) -> None:
    page = visit(many).open("page")
    assert status(page) == "Rows 1 to 25 of 5,000"
    before, after = (page.get_by_role("button", name=name) for name in ("Previous", "Next"))
    assert before.get_attribute("aria-disabled") == "true"
    after.press("Enter")
    assert status(page) == "Rows 26 to 50 of 5,000"
    assert texts_of_column(page, "t", 1)[0] == "Item 25"
    before.click()
    assert status(page) == "Rows 1 to 25 of 5,000"

    search = page.get_by_role("searchbox", name="Search in: Many")
    search.fill("strasse MULLER")
    assert texts_of_column(page, "t", 1) == ["Müller, Straße"]
    assert status(page) == "1 of 5,000 rows"
    assert page.locator("#t tfoot td").nth(1).inner_text() == "119"
    search.fill("nowhere")
    assert status(page) == "No row matches."
    search.press("Escape")
    assert search.input_value() == ""
    assert status(page) == "Rows 1 to 25 of 5,000"
    assert page.locator("#t tfoot td").nth(1).inner_text() == "12,497,500"

    head = page.locator("#t th", has_text="Amount")
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert texts_of_column(page, "t", 2)[:3] == ["4,999", "4,998", "4,997"]
    name = page.locator("#t th", has_text="Name")
    name.get_by_role("button").click()
    assert head.get_attribute("aria-sort") is None
    # In the language's order (Ä beside A), numbers in names by size, what is missing at the end.
    assert texts_of_column(page, "t", 1)[:3] == ["Ärmel", "Item 0", "Item 1"]
    name.get_by_role("button").click()
    assert texts_of_column(page, "t", 1)[:2] == ["Müller, Straße", "Item 4999"]
    for _ in range(3):
        after.click()
    assert status(page) == "Rows 76 to 100 of 5,000"


def test_a_download_has_what_is_shown(visit: Visitors, many: Path) -> None:
    page = visit(many).open("page")
    page.get_by_role("searchbox").fill("item 499")
    page.locator("#t th button", has_text="Amount").click()
    page.locator("#t summary").click()
    with page.expect_download() as waiting:
        page.locator("#t [data-csv]").click()
    rows = list(csv.DictReader(io.StringIO(downloaded(waiting.value), newline="")))
    assert f"{len(rows)} of 5,000 rows" in status(page)
    assert len(rows) > 11  # item 499, items 4990 to 4999
    assert all("499" in ",".join(row.values()) for row in rows)
    amounts = [int(row["amount"]) for row in rows]
    assert amounts == sorted(amounts, reverse=True)
    assert sum(amounts) == int(page.locator("#t tfoot td").nth(1).inner_text().replace(",", ""))


def test_on_paper_a_long_table_has_its_rows_up_to_a_cap(visit: Visitors, many: Path) -> None:
    page = visit(many, width=703).open("page")
    page.get_by_role("button", name="Next").click()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#t tbody tr").count() == 500
    assert status(page) == "Rows 1 to 500 of 5,000; the CSV has all."
    assert not page.get_by_role("searchbox").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 703
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert status(page) == "Rows 26 to 50 of 5,000"
    assert page.locator("#t tbody tr").count() == 25


def test_a_long_table_fits_a_phone(visit: Visitors, many: Path) -> None:
    page = visit(many, width=390).open("page")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for control in page.locator(".search, .pager button").all():
        box = control.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
