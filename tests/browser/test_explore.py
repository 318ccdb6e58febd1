"""The Explore page: DuckDB in the browser over the release's marts, from disk, with the network cut."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import duckdb
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from configuration.errors import PlainError
from reports.built_assets import ASSETS, BuiltAssets
from reports.explore import page as explore_page
from reports.explore.database import explore_database
from reports.explore.descriptions import Described, descriptions
from reports.render import render_site
from tests.browser.conftest import AXE, ROOT, Visitors
from tests.browser.synthetic_marts import write_marts
from tests.unit.reports_folder import FACTS

STARTED = "html[data-explore]"
KINDS = """
select 1.50::decimal(18, 4) as price, 123456789012345678901::decimal(38, 0) as large, date '2026-02-28' as day,
    timestamp '2026-02-28 23:59:59.5' as at, null::varchar as nothing, true as yes,
    '<img src=x onerror=alert(1)>' as name, '=1+1' as formula, 'ann@example.org' as email
"""


@pytest.fixture(scope="module")
def explored(built: BuiltAssets, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explore")
    marts = write_marts(folder / "marts", orders=500)
    marts["kinds"] = [folder / "kinds.parquet"]
    duckdb.sql(KINDS).write_parquet(str(marts["kinds"][0]))
    known = descriptions(ROOT / "models")
    render_site(ROOT / "reports" / "pages", marts, FACTS, folder / "site", explore=known)
    return folder / "site"


@pytest.fixture
def page(visit: Visitors, explored: Path) -> Page:
    opened = visit(explored).open("explore")
    opened.wait_for_selector(STARTED, state="attached", timeout=60_000)
    assert opened.locator("html").get_attribute("data-explore") == "ready"
    return opened


def answer(page: Page, sql: str) -> list[list[str]]:
    page.locator("[data-sql]").fill(sql)
    page.get_by_role("button", name="Ask").click()
    page.locator("[data-ask]:enabled").wait_for()
    return [
        row.locator("td").all_inner_texts() for row in page.locator("[data-answer] tbody tr").all()
    ]


def test_a_question_is_answered_saved_and_refused(page: Page, explored: Path) -> None:
    marts = {"sales_monthly": [explored.parent / "marts" / "sales_monthly.parquet"]}
    query = "select month_start::varchar, net_revenue::varchar from sales_monthly order by 1"
    ours = duckdb.sql(query.replace("sales_monthly", f"'{marts['sales_monthly'][0]}'")).fetchall()
    assert answer(page, query + ";") == [list(row) for row in ours]
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download CSV").click()
    text = waiting.value.path().read_text(encoding="utf-8-sig")
    assert [tuple(row) for row in csv.reader(io.StringIO(text, newline=""))][1:] == ours

    exact = [
        "1.5000",
        "123456789012345678901",
        "2026-02-28",
        "2026-02-28 23:59:59.5",
        "\u2013",
        "true",
    ]
    hostile = ["<img src=x onerror=alert(1)>", "=1+1"]
    assert answer(page, "select * from kinds") == [[*exact, *hostile]]  # and no mail address
    assert page.locator("img").count() == 0

    assert answer(page, "select nothing_like_it from sales_monthly") == []
    assert "nothing_like_it" in page.locator("[data-error]").inner_text()
    assert answer(page, "select * from read_parquet('https://example.org/x.parquet')") == []
    assert page.locator("[data-save]").is_disabled()
    assert len(answer(page, "select * from range(5000)")) == 1000
    assert "first 1000 of 5000 rows" in page.locator("[data-status]").inner_text()


def test_every_question_to_begin_with_has_an_answer(page: Page) -> None:
    questions = page.locator("[data-question]")
    assert questions.count() >= 4
    for question in questions.all():
        question.click()
        page.locator("[data-ask]:enabled").wait_for()
        assert page.locator("[data-error]").is_hidden(), question.inner_text()
        assert page.locator("[data-answer] tbody tr").count() > 0


def test_tables_are_described_and_axe_finds_nothing(page: Page) -> None:
    mart = page.locator("details", has=page.locator("summary", has_text="sales_monthly"))
    mart.locator("summary").click()
    assert "One row per calendar month" in mart.inner_text()
    assert "{{" not in page.content()
    found = Axe().run(page, options=AXE).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    for width in (768, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_other_pages_lead_to_it_only_where_it_is(explored: Path, site: Path) -> None:
    for folder, expected in ((explored, True), (site, False)):
        html = (folder / "overview.html").read_text(encoding="utf-8")
        assert ('href="explore.html"' in html) is expected
        assert (folder / "explore.html").exists() is expected


def test_personal_data_and_very_large_marts_stay_out(tmp_path: Path) -> None:
    marts = {}
    for name, sql in {"kinds": KINDS, "many": "select * from range(11)"}.items():
        marts[name] = [tmp_path / f"{name}.parquet"]
        duckdb.sql(sql).write_parquet(str(marts[name][0]))
    database = explore_database(marts, most_rows=10)
    assert [mart.name for mart in database.marts] == ["kinds"]
    assert database.left_out == ("many",)
    assert "email" not in dict(database.marts[0].columns)
    assert b"ann@example.org" not in database.content


def test_without_what_node_builds_the_remedy_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explore_page, "built_assets", lambda: None)
    marts = write_marts(tmp_path / "marts", orders=20)
    pages = ROOT / "reports" / "pages"
    with pytest.raises(PlainError) as caught:
        render_site(pages, marts, FACTS, tmp_path / "site", explore={"x": Described()})
    assert "make assets" in str(caught.value)
    assert not (tmp_path / "site").exists()
    assert (ASSETS / "explore.js").is_file()
