"""What a reader sees of our pages: on a desk, on a phone, in the dark, on paper, without a script."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from reports.pages import load_pages
from tests.browser.conftest import AXE, ROOT, Visitors
from tests.unit.reports_folder import data_of

PAGES = (
    "overview",
    "sales",
    "customers",
    "products",
    "geography",
    "statistics",
    "data_quality",
    "country-es",
    "product-demo-sku-0001",
)
EVERY_PAGE = ("index", *PAGES)
PAPER = 703  # A4 with margins of 12 mm, in pixels of a style sheet

CLIPPED = """() => [...document.querySelectorAll(
    '.kpi p, h1, h2, h3, .item-title, .subtitle, .legend, .findings li, .stamp dd, .top a')]
  .filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0)
  .map(e => e.textContent.trim())"""

# Labels of one axis whose boxes meet; two pixels are the blank around letters.
COLLIDING = """() => [...document.querySelectorAll('[data-chart]')].flatMap(chart =>
  ['.xtick text', '.ytick text', '.bartext'].flatMap(kind => {
    const boxes = [...chart.querySelectorAll(kind)].map(e => [e.getBoundingClientRect(), e.textContent]);
    return boxes.flatMap(([a, first], i) => boxes.slice(i + 1)
      .filter(([b]) => a.left < b.right - 2 && b.left < a.right - 2
                    && a.top < b.bottom - 2 && b.top < a.bottom - 2)
      .map(([, second]) => `${chart.dataset.chart}: ${first} / ${second}`));
  }))"""

OUTSIDE = """() => [...document.querySelectorAll('[data-chart]')].flatMap(chart => {
    const card = chart.closest('.item').getBoundingClientRect();
    return [...chart.querySelectorAll('text')].filter(text => {
      const box = text.getBoundingClientRect();
      return box.left < card.left || box.right > card.right || box.bottom > card.bottom;
    }).map(text => `${chart.dataset.chart}: ${text.textContent}`);
  })"""


@pytest.mark.parametrize("name", PAGES)
def test_nothing_overlaps_is_clipped_or_scrolls_sideways(
    visit: Visitors, site: Path, name: str
) -> None:
    for width in (1280, 1100, 768, 390):
        page = visit(site, width=width).open(name)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = [page.evaluate(script) for script in (CLIPPED, COLLIDING, OUTSIDE)]
        assert found == [[], [], []], f"{width} pixels wide"


@pytest.mark.parametrize("name", PAGES)
def test_every_figure_of_the_data_is_drawn(visit: Visitors, site: Path, name: str) -> None:
    page = visit(site).open(name)
    charts = {item: entry for item, entry in data_of(site, name).items() if "figure" in entry}
    assert len(charts) == page.locator("[data-chart]").count() > 0
    for item, entry in charts.items():
        drawn = marks_drawn(page, item)
        least, most = bars_expected(entry)
        assert least <= drawn.pop("bars") <= most, item
        assert drawn == lines_expected(entry), item


def bars_expected(entry: dict[str, Any]) -> tuple[int, int]:
    """A bar per value that is not zero; one of less than a pixel may have no height."""
    columns, traces = entry["frame"]["columns"], entry["figure"]["traces"]
    lengths = ("x" if trace.get("orientation") == "h" else "y" for trace in traces)
    bars = [
        # The steps of a waterfall are worked out: they stand in the trace itself.
        columns[values["$"]]["raw"] if isinstance(values, dict) else values
        for trace, length in zip(traces, lengths, strict=True)
        if trace["type"] == "bar" and (values := trace[length])
    ]
    values = [abs(float(value or 0)) for values in bars for value in values]
    visible = sum(value > max(values) / 200 for value in values)
    return visible, sum(value != 0 for value in values)


def lines_expected(entry: dict[str, Any]) -> dict[str, int]:
    """A line per trace of lines, none for points alone; one picture per heat map."""
    traces = entry["figure"]["traces"]
    return {
        "lines": sum(trace["type"] == "scatter" and "lines" in trace["mode"] for trace in traces),
        "heat maps": sum(trace["type"] == "heatmap" for trace in traces),
    }


def marks_drawn(page: Page, item: str) -> dict[str, int]:
    chart = page.locator(f"[data-chart={item}]")
    return {
        "bars": chart.locator(".barlayer .point path").evaluate_all(
            "bars => bars.map(bar => bar.getBBox()).filter(box => box.width && box.height).length"
        ),
        "lines": chart.locator(".scatterlayer .js-line").count(),
        "heat maps": chart.locator(".heatmaplayer image").count(),
    }


def test_bars_are_as_high_as_their_figures(visit: Visitors, site: Path) -> None:
    page = visit(site).open("overview")
    values = [
        float(value) for value in data_of(site, "overview")["months"]["frame"]["columns"][1]["raw"]
    ]
    heights = page.evaluate(
        "() => [...document.querySelectorAll('[data-chart=months] .barlayer .point path')]"
        ".map(bar => bar.getBBox().height)"
    )
    assert len(heights) == len(values) > 12
    for height, value in zip(heights, values, strict=True):
        assert height / max(heights) == pytest.approx(value / max(values), abs=0.01)


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_axe_finds_nothing(visit: Visitors, site: Path, width: int, theme: str) -> None:
    visitor = visit(site, width=width, theme=theme)
    for name in EVERY_PAGE:
        page = visitor.open(name)
        if name != "index":
            page.locator("details summary").first.click()
        found = Axe().run(page, options=AXE).response["violations"]
        assert [(one["id"], one["impact"], one["nodes"][0]["html"]) for one in found] == [], name


def test_the_dark_theme_follows_the_system_and_the_switch(visit: Visitors, site: Path) -> None:
    visitor = visit(site, theme="dark")
    page = visitor.open("overview")
    bar = page.locator("[data-chart=months] .barlayer .point path").first
    fill = "element => getComputedStyle(element).fill"
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert bar.evaluate(fill) == "rgb(96, 165, 250)"
    page.locator("[data-theme-switch]").click()
    assert page.locator("html").get_attribute("data-theme") == "light"
    assert bar.evaluate(fill) == "rgb(37, 99, 235)"
    assert visitor.open("sales").locator("html").get_attribute("data-theme") == "light"


@pytest.mark.parametrize("name", PAGES)
def test_on_paper_a_dark_page_is_light_and_complete(visit: Visitors, site: Path, name: str) -> None:
    page = visit(site, width=PAPER, theme="dark").open(name)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("html").get_attribute("data-theme") == "light"
    assert page.evaluate("document.documentElement.scrollWidth") <= PAPER
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate(COLLIDING) == []
    wider_than_its_card = page.evaluate(
        """() => [...document.querySelectorAll('.item table, [data-chart] svg')]
          .filter(e => e.getBoundingClientRect().right > e.closest('.item').getBoundingClientRect().right)
          .map(e => e.closest('.item').id)"""
    )
    assert wider_than_its_card == []
    assert not page.locator(".behind summary").first.is_visible()
    assert page.locator("[data-chart] .main-svg").count() >= page.locator("[data-chart]").count()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_a_page_becomes_a_pdf_of_several_sheets(visit: Visitors, site: Path) -> None:
    pdf = visit(site).open("sales").pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    assert 4 <= pdf.count(b"/Type /Page\n") <= 9


@pytest.mark.parametrize("name", PAGES)
def test_without_a_script_the_figures_stand_in_tables(
    visit: Visitors, site: Path, name: str
) -> None:
    context = visit(site, script=False).context
    page = context.new_page()
    page.goto((site / f"{name}.html").as_uri())
    assert page.locator("noscript .notice").is_visible()
    charts = page.locator("[data-chart]").count()
    assert page.locator("noscript table:visible").count() == charts > 0
    assert page.locator("[data-chart]:visible").count() == 0
    assert page.locator("noscript td").first.inner_text()


def test_the_list_of_pages_leads_to_each_of_them(visit: Visitors, site: Path) -> None:
    page = visit(site).open("index")
    titles = [one.title for one in load_pages(ROOT / "reports" / "pages")]
    assert page.locator(".cards h3 a").all_inner_texts() == titles
    shown = page.locator(".front .kpi").all_inner_texts()
    assert shown == visit(site).open("overview").locator("#main_figures .kpi").all_inner_texts()
    assert page.locator(".front .findings li").count() > 3
    page.get_by_role("main").get_by_role("link", name="Sales over time").click()
    page.wait_for_selector("html[data-ready=true]", state="attached")
    assert page.title() == "Sales over time · Shop reports"
    stamp = page.get_by_role("link", name="dbt docs")
    assert stamp.evaluate("link => link.href") == (site / "docs" / "index.html").as_uri()
