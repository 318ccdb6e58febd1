"""What a reader can do on a page: sort, look behind a chart, download, hover, use the keyboard."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Download, Page

from reports.formats import Formatter
from reports.render import render_site
from tests.browser.conftest import ROOT, Visitors
from tests.browser.synthetic_marts import write_marts
from tests.unit.reports_folder import FACTS, data_of, page_with, render

HOSTILE = """
select * from (values
    ('<img src=x onerror=alert(1)>', 3), ('=HYPERLINK("http://example.org")', -2), ('a,"b"', 1),
    ('</script><script>alert(1)</script>', 2)
) as t(name, n)
"""
ITEMS = """\
      - {id: t, type: table, title: T, dataset: rows, columns: [{field: name}, {field: n, bar: true}]}
      - {id: c, type: chart, mark: bar, title: C, dataset: rows, x: {field: name}, y: [{field: n}]}
      - {id: s, type: chart, mark: line, title: S, dataset: rows, x: {field: n}, y: [{field: n}],
         series: {field: name}}
"""


@pytest.fixture(scope="module")
def hostile_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    text = page_with(ITEMS, dataset="select 'x' as name").replace(
        "\"select 'x' as name\"", "select name, n from hostile"
    )
    return render(tmp_path_factory.mktemp("hostile"), {"page": text}, hostile=HOSTILE)


def downloaded(download: Download) -> str:
    return download.path().read_text(encoding="utf-8-sig")


def texts_of_column(page: Page, item: str, column: int) -> list[str]:
    return page.locator(f"#{item} tbody td:nth-child({column})").all_inner_texts()


def test_hostile_values_are_shown_and_never_run(visit: Visitors, hostile_site: Path) -> None:
    page = visit(hostile_site).open("page")
    assert texts_of_column(page, "t", 1)[0] == "</script><script>alert(1)</script>"
    assert page.locator("img").count() == 0
    ticks = page.locator("[data-chart=c] .xtick text").all_text_contents()
    assert "<img src=x onerror=alert(1)>" in ticks
    for details in page.locator("details").all():
        details.locator("summary").click()
    assert (
        page.locator("#c [data-rows] td").first.inner_text() == "</script><script>alert(1)</script>"
    )
    bar = page.locator("[data-chart=c] .barlayer .point path").nth(1)
    bar.hover(force=True)
    page.locator(".tip").wait_for()
    assert page.locator("img").count() == 0  # the visitor also complains of any dialog


def test_a_download_has_all_rows_and_no_formula_that_runs(
    visit: Visitors, hostile_site: Path
) -> None:
    page = visit(hostile_site).open("page")
    page.locator("#t summary").click()
    with page.expect_download() as waiting:
        page.locator("#t [data-csv]").click()
    assert waiting.value.suggested_filename == "t.csv"
    rows = list(csv.reader(io.StringIO(downloaded(waiting.value), newline="")))
    assert rows == [
        ["name", "n"],
        ["</script><script>alert(1)</script>", "2"],
        ["<img src=x onerror=alert(1)>", "3"],
        ['\'=HYPERLINK("http://example.org")', "-2"],
        ['a,"b"', "1"],
    ]


def test_a_table_sorts_by_value_with_mouse_and_keyboard(visit: Visitors, site: Path) -> None:
    page = visit(site).open("overview")
    head = page.locator("#best_sellers th", has_text="Net revenue")
    amounts = [
        float(text[1:].replace(",", "")) for text in texts_of_column(page, "best_sellers", 3)
    ]
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    head.get_by_role("button").press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    turned = [float(text[1:].replace(",", "")) for text in texts_of_column(page, "best_sellers", 3)]
    assert turned == sorted(amounts)
    names = page.locator("#best_sellers th", has_text="Product")
    names.get_by_role("button").click()
    assert head.get_attribute("aria-sort") is None
    assert texts_of_column(page, "best_sellers", 1) == sorted(
        texts_of_column(page, "best_sellers", 1)
    )


def test_behind_a_chart_are_its_rows_its_query_and_its_definition(
    visit: Visitors, site: Path
) -> None:
    page = visit(site).open("sales")
    details = page.locator("#channels details")
    details.locator("summary").click()
    frame = data_of(site, "sales")["channels"]["frame"]["columns"]
    assert details.locator("tbody tr").count() == len(frame[0]["raw"]) > 12
    assert details.locator("th").all_inner_texts() == [column["label"] for column in frame]
    assert "from fct_orders" in details.locator("pre").inner_text()
    assert "Completed sales minus returns" in details.locator("dl").inner_text()
    # The card grew, and its neighbour with it: charts keep to the room they have.
    page.locator("#weeks summary").click()
    for item in ("weeks", "channels"):
        assert page.locator(f"[data-chart={item}]").evaluate(
            "host => host.clientHeight - host.querySelector('.main-svg').clientHeight"
        ) == pytest.approx(0, abs=1)


def test_the_box_at_the_pointer_says_what_the_table_says(visit: Visitors, site: Path) -> None:
    page = visit(site).open("overview")
    shipped = data_of(site, "overview")["months"]["frame"]["columns"]
    written = Formatter("en_GB", FACTS.reporting_currency)
    page.locator("[data-chart=months] .barlayer .point path").last.hover(force=True)
    tip = page.locator(".tip")
    tip.wait_for()
    month, revenue = date.fromisoformat(shipped[0]["raw"][-1]), shipped[1]["raw"][-1]
    assert written.text(month, shipped[0]["format"]) in tip.inner_text()
    assert written.text(revenue, shipped[1]["format"]) in tip.inner_text()


def test_the_keyboard_reaches_everything_and_shows_where_it_is(visit: Visitors, site: Path) -> None:
    page = visit(site).open("overview")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.locator(".skip").bounding_box()["x"] >= 0  # type: ignore[index]
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.keyboard.press("Tab")
    focused = page.evaluate(
        "() => [document.activeElement.tagName, getComputedStyle(document.activeElement).outlineStyle]"
    )
    assert focused == ["SUMMARY", "solid"]


def test_a_shop_without_data_gets_a_kind_word_and_no_error(visit: Visitors, tmp_path: Path) -> None:
    marts = write_marts(tmp_path / "marts", orders=0)
    render_site(ROOT / "reports" / "pages", marts, FACTS, tmp_path / "site")
    page = visit(tmp_path / "site").open("overview")
    assert page.get_by_role("heading", name="Nothing here yet").is_visible()
    assert page.locator("[data-chart]").count() == 0


def test_a_chart_can_be_taken_away_as_a_picture(visit: Visitors, site: Path) -> None:
    page = visit(site, theme="dark").open("sales")
    page.locator("#channels summary").click()
    for name, kind in (("Chart as PNG", "png"), ("Chart as SVG", "svg")):
        with page.expect_download() as waiting:
            page.locator("#channels").get_by_role("button", name=name).click()
        assert waiting.value.suggested_filename == f"channels.{kind}"
        content = waiting.value.path().read_bytes()
        if kind == "png":
            assert content.startswith(b"\x89PNG")
            assert int.from_bytes(content[16:20], "big") == 1920
        else:
            text = content.decode()
            assert text.startswith("<svg")
            assert page.locator("#channels .item-title").inner_text() in text
            names = [
                column["label"] for column in data_of(site, "sales")["channels"]["frame"]["columns"]
            ]
            assert all(f">{label}<" in text for label in names[1:])
    # Escape closes what was opened, and gives the focus back.
    page.keyboard.press("Escape")
    assert page.locator("#channels details").get_attribute("open") is None
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


FOLDED = """\
      - type: details
        title: More
        items:
          - {id: c, type: chart, mark: bar, title: C, dataset: rows, x: {field: month_start},
             y: [{field: net_revenue}]}
"""


def test_a_chart_that_is_folded_away_is_drawn_when_opened_and_on_paper(
    visit: Visitors, tmp_path: Path
) -> None:
    page = visit(render(tmp_path, {"page": page_with(FOLDED)})).open("page")
    bars = page.locator("[data-chart=c] .barlayer .point path")
    assert not page.locator("[data-chart=c]").is_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert bars.count() == 3
    assert page.locator("[data-chart=c]").is_visible()
    assert page.locator("details.fold").get_attribute("open") is not None
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.fold").get_attribute("open") is None
    page.locator("details.fold > summary").click()
    assert bars.count() == 3
    assert page.locator("[data-chart=c] .main-svg").first.bounding_box()["width"] > 900  # type: ignore[index]


def test_an_item_names_the_filter_that_does_not_reach_it(visit: Visitors, site: Path) -> None:
    """The marts know days and countries, but no averages of a country's days."""
    page = visit(site).open("sales", "?period=12m&country_name=Spain")
    said = {
        item: page.locator(f"#{item} .unfiltered:visible").all_inner_texts()
        for item in ("channels", "weeks", "days", "year_figures", "forecast")
    }
    assert said == {
        "channels": [],
        "weeks": [],
        "days": ["Not filtered by: Country."],
        "year_figures": ["Not filtered by: Period."],
        "forecast": ["The filters do not reach this."],
    }
    page.get_by_role("button", name="Reset").click()
    assert page.locator(".unfiltered:visible").count() == 0


def test_a_picture_of_a_chart_with_bands_names_lines_and_bands(visit: Visitors, site: Path) -> None:
    page = visit(site).open("sales")
    page.locator("#forecast summary").click()
    with page.expect_download() as waiting:
        page.locator("#forecast").get_by_role("button", name="Chart as SVG").click()
    names = re.findall(r'class="legendtext"[^>]*>([^<]+)<', waiting.value.path().read_text("utf-8"))
    assert names == ["19 of 20 days", "4 of 5 days", "Forecast", "Sold"]


@pytest.mark.parametrize(
    ("item", "mart"), [("weeks", "sales_weekly"), ("channels", "sales_monthly")]
)
def test_what_is_split_by_country_adds_up_to_its_mart(site: Path, item: str, mart: str) -> None:
    columns = data_of(site, "sales")[item]["frame"]["columns"]
    drawn = sum(value or 0 for column in columns[1:] for value in column["raw"])
    counted = duckdb.sql(
        f"select sum(net_revenue), count(*) from '{site.parent}/marts/{mart}.parquet' where is_complete"
    ).fetchone()
    assert counted == (pytest.approx(Decimal(str(drawn))), len(columns[0]["raw"]))
