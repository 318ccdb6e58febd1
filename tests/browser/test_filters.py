"""Filters in the page: what they leave is what Python makes of the same rows."""

# ruff: noqa: E501, RUF001 - a recipe stays on its line, and a missing value is a dash.

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from reports.formats import Formatter
from tests.browser.conftest import AXE, Visitors
from tests.unit.reports_folder import page_with, render

SALES = """
select
    date '2025-01-01' + cast(n // 5 as integer) as day,
    ['DE', 'FR', 'ES', 'Côte <b>d''Or</b>', null][n % 5 + 1] as country,
    cast((n * 7919) % 1000 + 0.25 as decimal(18, 4)) as revenue,
    (n * 31) % 9 as orders
from range(5 * 450) as t(n)
"""
# What an author would leave to grains is in the query here, so that Python can be asked for the same.
QUERY = "select date_trunc('month', day)::date as month, * from sales {where}"
METRICS = """\
metrics:
  revenue: {label: Revenue, sql: sum(revenue), format: currency0}
  orders: {label: Orders, sql: sum(orders), format: int}
  average: {label: Average, sql: "{revenue} / nullif({orders}, 0)", format: currency2}
"""
ITEMS = """\
      - {id: figures, type: kpis, dataset: rows, time: month, metrics: [revenue, orders, average]}
      - {id: ranged, type: kpis, dataset: rows, time: day, grain: day, metrics: [revenue, average]}
      - {id: timeless, type: kpis, dataset: rows, metrics: [revenue, average]}
      - {id: lines, type: chart, mark: line, title: Lines, headline: "The most is {rows.revenue}", dataset: rows,
         x: {field: month}, y: [{metric: revenue}], series: {field: country, max: 2}}
      - {id: bars, type: chart, mark: bar, title: Bars, dataset: rows, x: {field: month}, y: [{metric: average}]}
      - {id: compared, type: chart, mark: bar, title: Compared, dataset: rows, x: {field: month}, y: [{metric: revenue}],
         reference_lines: [{mean: true}, {value: 90000, label: Rent}]}
      - {id: lying, type: chart, mark: bar, horizontal: true, title: Lying, dataset: rows,
         x: {field: country}, y: [{metric: orders}]}
      - {id: cells, type: chart, mark: heatmap, title: Cells, dataset: rows, x: {field: month},
         y: {field: country}, value: {metric: orders}}
      - {id: all, type: table, title: Every row, dataset: rows, columns: [{field: day}, {field: country},
         {field: revenue, total: true, bar: true}]}
      - {id: apart, type: table, title: Apart, dataset: other, columns: [{field: n}]}
"""
TREES = {
    "revenue": {"op": "sum", "column": "revenue"},
    "orders": {"op": "sum", "column": "orders"},
    "average": {
        "op": "/",
        "args": [
            {"op": "metric", "name": "revenue"},
            {"op": "nullif", "args": [{"op": "metric", "name": "orders"}, {"op": "number", "value": 0}]},
        ],
    },
}  # fmt: skip
FORMATS = {"revenue": "currency0", "orders": "int", "average": "currency2"}


def metric(name: str) -> dict[str, Any]:
    return {"metric": name, "label": name.title(), "format": FORMATS[name], "emphasis": "main"}


def recipes() -> dict[str, Any]:
    month = {"field": "month", "label": "Month", "format": "date", "grain": None}
    country = {"field": "country", "label": "Country", "format": "text", "grain": None}
    shared = {"dataset": "rows", "by": ["day", "country"]}
    chart = {
        **shared, "kind": "chart", "stack": False, "horizontal": False, "zero": True, "signed": False,
        "faded": None, "baseline": None, "series": None,
    }  # fmt: skip
    return {
        "figures": {
            **shared, "kind": "kpis", "title": "", "time": "month", "grain": "month", "format": "month",
            "metrics": list(TREES), "compare": ["previous", "previous_year"], "incomplete": None, "sparkline": True,
        },
        "ranged": {
            **shared, "kind": "kpis", "title": "", "time": "day", "grain": "day", "format": "date",
            "metrics": ["revenue", "average"], "compare": ["previous", "previous_year"], "incomplete": None,
            "sparkline": True,
        },
        "timeless": {
            **shared, "kind": "kpis", "title": "", "time": None, "grain": "month", "format": "text",
            "metrics": ["revenue", "average"], "compare": [], "incomplete": None, "sparkline": True,
        },
        "lines": {**chart, "title": "Lines", "mark": "line", "x": month, "y": [metric("revenue")],
                  "series": {"field": "country", "format": "text", "max": 2, "other": "Other"}},
        "bars": {**chart, "title": "Bars", "mark": "bar", "x": month, "y": [metric("average")]},
        "compared": {**chart, "title": "Compared", "mark": "bar", "x": month, "y": [metric("revenue")]},
        "lying": {**chart, "title": "Lying", "mark": "bar", "horizontal": True, "x": country, "y": [metric("orders")]},
        "cells": {**chart, "title": "Cells", "mark": "heatmap", "x": month, "y": country, "value": metric("orders")},
        "all": {**shared, "kind": "table", "title": "Every row", "order": [], "limit": None, "columns": [
            {"field": "day"}, {"field": "country"}, {"field": "revenue", "total": True, "bar": True}]},
    }  # fmt: skip


def page_text(where: str) -> str:
    text = page_with(ITEMS, dataset="select 1 as day").replace(
        '"select 1 as day"', json.dumps(QUERY.format(where=where))
    )
    other = "  other: {sql: select n from range(3) as t(n), order: [n]}\n"
    return text.replace("order: [day]\n", f"order: [day]\n{other}{METRICS}")


def shipped_rows() -> dict[str, Any]:
    rows = duckdb.sql(
        f"select date_trunc('month', day)::date - date '1970-01-01' as month, day - date '1970-01-01' as day, "
        f"country, revenue::double, orders from ({SALES}) order by day, month, country nulls last, 4, 5"
    ).fetchall()
    month, day, country, revenue, orders = (list(column) for column in zip(*rows, strict=True))
    names = sorted({name for name in country if name})
    return {
        "rows": len(rows),
        "columns": {
            "month": {"type": "date", "values": month},
            "day": {"type": "date", "values": day},
            "country": {"type": "text", "names": names, "values": [names.index(c) if c else None for c in country]},
            "revenue": {"type": "number", "values": revenue},
            "orders": {"type": "number", "values": orders},
        },
    }  # fmt: skip


def filters(items: Mapping[str, Any]) -> dict[str, Any]:
    values = ["Côte <b>d'Or</b>", "DE", "ES", "FR"]
    presets = [{"name": "30d", "label": "Last 30 days", "from": "2026-02-25", "to": "2026-03-26"},
               {"name": "all", "label": "Everything", "from": "2025-01-01", "to": "2026-03-26"}]  # fmt: skip
    return {
        "filters": [
            {"field": "day", "kind": "date_range", "label": "Period", "default": "all", "presets": presets,
             "first": "2025-01-01", "last": "2026-03-26"},
            {"field": "country", "kind": "many", "label": "Country", "default": [], "values": values,
             "texts": ["Côte <b>d'Or</b>", "Germany", "Spain", "France"]},
        ],
        "compare": {"choices": ["previous", "previous_year", "none"], "default": "previous"},
        "items": items,
        "untouched": ["apart"],
    }  # fmt: skip


def make(folder: Path, where: str = "") -> Path:
    return render(folder, {"page": page_text(where)}, sales=SALES)


@pytest.fixture(scope="module")
def filtered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = make(tmp_path_factory.mktemp("filtered"))
    trees = {
        name: {"label": name.title(), "format": FORMATS[name], "better": "up", "target": None, "tree": tree}
        for name, tree in TREES.items()
    }  # fmt: skip
    data = site / "data" / "page.js"
    declared = (
        f"TILLHOUSE.dataset('rows', {json.dumps(shipped_rows())});\n"
        f"TILLHOUSE.metrics({json.dumps(trees)});\nTILLHOUSE.filters({json.dumps(filters(recipes()))});\n"
    )
    data.write_text(declared + data.read_text(encoding="utf-8"), encoding="utf-8")
    return site


SEEN = """() => Object.fromEntries(['lines', 'bars', 'compared', 'lying', 'cells'].map(id => {
    const chart = document.querySelector(`[data-chart=${id}]`);
    const texts = kind => [...chart.querySelectorAll(kind)].map(text => text.textContent);
    const paths = kind => [...chart.querySelectorAll(kind)].map(path => path.getAttribute('d'));
    return [id, [texts('.xtick text'), texts('.ytick text'), texts('.bartext'),
      paths('.barlayer .point path'), paths('.scatterlayer .js-line'), paths('.shapelayer path')]];
  }).concat([['figures', [...document.querySelectorAll('#figures .kpi-value, #timeless .kpi-value')].map(p => [p.textContent, p.title])],
    ['all', [...document.querySelectorAll('#all td')].map(td => td.textContent)]]))"""


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("?country=FR", "where country = 'FR'"),
        ("?country=DE&country=ES", "where country in ('DE', 'ES')"),
        ("?from=2025-06-10&to=2025-12-31", "where day between '2025-06-10' and '2025-12-31'"),
        (
            "?period=30d&country=DE",
            "where country = 'DE' and day between '2026-02-25' and '2026-03-26'",
        ),
    ],
)
def test_what_a_filter_leaves_is_what_python_makes_of_these_rows(
    visit: Visitors, filtered: Path, tmp_path: Path, query: str, where: str
) -> None:
    page = visit(filtered).open("page", query)
    asked = visit(make(tmp_path, where)).open("page")
    ours, theirs = page.evaluate(SEEN), asked.evaluate(SEEN)
    # A chart keeps the series and rows of y that it has without a filter, so that colours stay.
    for item in ("lines", "cells") if "country" in query else ("lines",):
        del ours[item], theirs[item]
    assert ours == theirs


def figures(page: Page) -> list[str]:
    return [text.replace("\n", " ") for text in page.locator("#figures .kpi").all_inner_texts()]


def test_without_a_filter_the_script_computes_what_python_did(
    visit: Visitors, filtered: Path
) -> None:
    visitor = visit(filtered)
    as_it_came = visitor.open("page")
    page = visitor.open("page", "?compare=previous_year")
    before = figures(as_it_came)
    assert [text.split(" ")[:2] for text in figures(page)] == [
        text.split(" ")[:2] for text in before
    ]
    for now, then in zip(figures(page), before, strict=True):
        assert now.split("vs ")[-1] == "Mar 2025"
        assert now.split(" vs ")[0].split(" ")[-1] in then  # the same change as one of Python's
    assert page.evaluate("document.querySelectorAll('#figures .sparkline path').length") == 6


def test_a_range_is_one_period_beside_as_many_days_before(visit: Visitors, filtered: Path) -> None:
    visitor = visit(filtered)
    total = f"select sum(revenue), sum(revenue) / sum(orders) from ({SALES}) where country = 'FR' and day"
    for first, last, compare, told, before in (
        (
            "2026-02-25",
            "2026-03-26",
            "previous",
            "the 30 days before",
            "between '2026-01-26' and '2026-02-24'",
        ),
        (
            "2026-02-25",
            "2026-03-26",
            "previous_year",
            "the year before",
            "between '2025-02-25' and '2025-03-26'",
        ),
        ("2025-01-02", "2026-03-26", "previous", "", ""),  # there is not all of it: no comparison
    ):
        page = visitor.open("page", f"?from={first}&to={last}&country=FR&compare={compare}")
        now = duckdb.sql(f"{total} between '{first}' and '{last}'").fetchall()[0]
        exact = [p.get_attribute("title") for p in page.locator("#ranged .kpi-value").all()]
        written = Formatter("en_GB", "EUR")
        assert exact == [written.text(now[0], "currency0"), written.text(now[1], "currency2")]
        changes = page.locator("#ranged .kpi-change").all_inner_texts()
        if not told:
            assert changes == []
            note = page.locator("#ranged .own").inner_text()
            assert note == "Not compared with the 449 days before, whose data is not complete."
            continue
        then = duckdb.sql(f"{total} {before}").fetchall()[0]
        for text, one, other in zip(changes, now, then, strict=True):
            per_cent = written.text((float(one) / float(other) - 1) * 100, "change_pct1")
            assert text.removeprefix("▲ ").removeprefix("▼ ") == f"{per_cent} vs {told}"


def test_controls_change_page_and_address_and_back(visit: Visitors, filtered: Path) -> None:
    page = visit(filtered).open("page")
    before = page.evaluate(SEEN)
    assert page.locator("#lines .item-title").inner_text().startswith("The most is")
    assert not page.locator(".filtered").is_visible()
    assert not page.get_by_role("button", name="Reset").is_visible()
    page.locator(".filter summary", has_text="Country").click()
    page.get_by_role("checkbox", name="Germany").check()
    page.get_by_role("checkbox", name="Côte <b>d'Or</b>").check()
    assert page.locator(".filtered").inner_text() == "Filtered: Country: Côte <b>d'Or</b>, Germany"
    assert page.locator("#lines .item-title").inner_text() == "Lines"
    assert page.locator("#apart").get_by_text("The filters do not reach this.").is_visible()
    assert not page.locator("#all").get_by_text("do not reach this").is_visible()
    assert "country=DE" in page.url
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.locator(".filter summary", has_text="Period").click()
    page.get_by_role("button", name="Last 30 days").click()
    assert "period=30d" in page.url
    page.get_by_role("textbox", name="From").fill("2026-03-01")
    assert "from=2026-03-01&to=2026-03-26" in page.url
    reloaded = visit(filtered).open("page", page.url[page.url.index("?") :])
    assert reloaded.evaluate(SEEN) == page.evaluate(SEEN)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Reset").click()
    assert "?" not in page.url
    assert page.evaluate(SEEN) == before
    assert page.locator("#lines .item-title").inner_text().startswith("The most is")


def test_a_choice_with_no_rows_says_so(visit: Visitors, filtered: Path) -> None:
    page = visit(filtered).open(
        "page", "?from=2025-01-01&to=2025-01-01&country=nowhere&country=FR&bad=1"
    )
    assert (
        page.locator(".filtered").inner_text()
        == "Filtered: Period: 1 Jan 2025 – 1 Jan 2025; Country: France"
    )
    page.evaluate("history.replaceState(null, '', '?from=2030-01-01&to=2030-01-02')")
    page.reload()
    page.wait_for_selector("html[data-ready=true]", state="attached")
    assert page.locator("#bars .empty").inner_text() == "There are no rows for this choice."
    assert page.locator(".kpi-value").first.inner_text() == "–"
    page.locator("#bars summary").click()
    assert page.locator("#bars [data-rows] tbody tr").count() == 0
    page.get_by_role("button", name="Reset").click()
    assert page.locator("[data-chart=bars] .barlayer .point path").count() == 15


def test_filters_fit_a_phone_print_their_choice_and_please_axe(
    visit: Visitors, filtered: Path
) -> None:
    page = visit(filtered, width=390, theme="dark").open("page", "?country=FR&period=30d")
    for name in ("Period", "Country"):
        page.locator(".filter summary", has_text=name).click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        found = Axe().run(page, options=AXE).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
        page.keyboard.press("Escape")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert not page.locator(".filters").is_visible()
    assert "Country: France" in page.locator(".filtered").inner_text()
    assert page.locator("[data-chart] .main-svg").count() > 0


def test_a_link_takes_the_filters_along(visit: Visitors, filtered: Path) -> None:
    page = visit(filtered).open("page")
    page.evaluate(
        "document.querySelector('#apart').insertAdjacentHTML('beforeend', "
        "'<a id=go data-keep href=page.html#all>Go</a>')"
    )
    page.locator(".filter summary", has_text="Country").click()
    page.get_by_role("checkbox", name="France").check()
    page.keyboard.press("Escape")
    page.locator("#go").click()
    assert page.url.endswith("page.html?country=FR#all")
    page.wait_for_selector("html[data-ready=true]", state="attached")
    assert page.locator(".filtered").inner_text() == "Filtered: Country: France"
