"""One HTML file holds a whole page: it opens from anywhere, and draws, sorts and downloads as the page does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reports.single_file import single_file
from tests.browser.conftest import Visitors
from tests.browser.test_assets import what_is_drawn
from tests.unit.reports_folder import page_with, render

HOSTILE = """
select * from (values ('<img src=x onerror=alert(1)>', 3), ('</script><script>alert(1)</script>', 2),
    ('<!--<script>', 1)) as t(name, n)
"""
ITEMS = """\
      - {id: t, type: table, title: T, dataset: rows, columns: [{field: name}, {field: n}]}
      - {id: c, type: chart, mark: bar, title: C, dataset: rows, x: {field: name}, y: [{field: n}]}
"""


@pytest.fixture(scope="module")
def mailed(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The overview alone in an empty folder, as a mail program puts it there."""
    folder = tmp_path_factory.mktemp("downloads")
    (folder / "overview.html").write_text(single_file(site, "overview"), encoding="utf-8")
    return folder


def test_it_draws_what_the_page_draws_and_asks_for_nothing(
    visit: Visitors, site: Path, mailed: Path
) -> None:
    visitor = visit(mailed)
    asked: list[str] = []
    visitor.context.on("request", lambda request: asked.append(request.url))
    page = visitor.open("overview")
    assert asked == [(mailed / "overview.html").as_uri()]
    assert what_is_drawn(page) == what_is_drawn(visit(site).open("overview"))
    page.locator("[data-theme-switch]").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_its_figures_can_be_downloaded_and_its_tables_sorted(visit: Visitors, mailed: Path) -> None:
    page = visit(mailed).open("overview")
    page.locator("#months summary").click()
    with page.expect_download() as waiting:
        page.locator("#months [data-csv]").click()
    assert waiting.value.suggested_filename == "months.csv"
    head = page.locator("#best_sellers th", has_text="Net revenue")
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"


def test_nothing_in_it_leads_to_a_file_that_was_not_sent(mailed: Path) -> None:
    html = (mailed / "overview.html").read_text(encoding="utf-8")
    markup = re.sub(r"<(script|style)>.*?</\1>", "", html, flags=re.DOTALL)
    led_to = set(re.findall(r'(?:href|src)="([^"]*)"', markup))
    files = {href for href in led_to if href.startswith("data:application/octet-stream;base64,")}
    assert files  # the Parquet of each item goes along
    assert led_to - files <= {"#content"}
    assert "<nav" not in markup
    assert "Shop reports" in markup  # the name of the site stays, as text


def test_only_its_own_scripts_may_run(visit: Visitors, mailed: Path) -> None:
    html = (mailed / "overview.html").read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy is not None
    assert "default-src &#x27;none&#x27;" in policy[1]
    assert "unsafe-inline" not in policy[1].split("style-src")[0]
    assert "self" not in policy[1]
    changed = mailed / "changed"
    changed.mkdir()
    (changed / "overview.html").write_text(
        html.replace("</main>", "<script>document.title = 'run'</script></main>"), encoding="utf-8"
    )
    visitor = visit(changed)
    page = visitor.open("overview")
    assert page.title() != "run"
    assert len(visitor.complaints) == 1
    assert "violates the following Content Security Policy" in visitor.complaints.pop()


def test_hostile_values_stay_text(visit: Visitors, tmp_path: Path) -> None:
    text = page_with(ITEMS, dataset="select 'x' as name").replace(
        "\"select 'x' as name\"", "select name, n from hostile"
    )
    site = render(tmp_path, {"page": text}, hostile=HOSTILE)
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "page.html").write_text(single_file(site, "page"), encoding="utf-8")
    page = visit(tmp_path / "one").open("page")
    assert page.locator("img").count() == 0
    names = page.locator("#t tbody td:nth-child(1)").all_inner_texts()
    assert set(names) == {
        "<img src=x onerror=alert(1)>",
        "</script><script>alert(1)</script>",
        "<!--<script>",
    }


def test_links_become_places_files_or_text(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "p.rows.parquet").write_bytes(b"PAR1")
    (tmp_path / "p.html").write_text(
        '<!DOCTYPE html><html><body><a href="p.html#x">here</a> <a class="big" href="other.html?a=1">there</a>'
        ' <a href="data/p.rows.parquet" download>rows</a> <a href="mailto:a@example.org">Ann &amp; Bo</a>'
        "<ul><li>1<li>2</ul><p data-elsewhere>gone<br><b>too</b></p></body></html>",
        encoding="utf-8",
    )
    assert single_file(tmp_path, "p") == (
        '<!DOCTYPE html><html data-single><body><a href="#x">here</a> <span class="big">there</span>'
        ' <a href="data:application/octet-stream;base64,UEFSMQ==" download="p.rows.parquet">rows</a>'
        ' <a href="mailto:a@example.org">Ann &amp; Bo</a><ul><li>1<li>2</ul></body></html>'
    )


def test_links_that_the_script_draws_become_text(visit: Visitors, tmp_path: Path) -> None:
    text = page_with(
        "      - {id: t, type: table, title: T, dataset: rows, columns: [{field: name, link: {page: page}}]}\n",
        dataset="select 'x' as name",
    ).replace("\"select 'x' as name\"", "select 'n' || n as name from range(60) as t(n)")
    site = render(tmp_path, {"page": text})
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "page.html").write_text(single_file(site, "page"), encoding="utf-8")
    for folder, links in ((site, 25), (tmp_path / "one", 0)):
        page = visit(folder).open("page")
        page.locator("#t th button").click()  # the script draws all rows anew
        assert page.locator("#t tbody td").count() == 25
        assert page.locator("#t tbody a").count() == links
