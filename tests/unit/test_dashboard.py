"""The dashboard: the same figures as the static pages, live, with filters that DuckDB computes."""

# ruff: noqa: E501, RUF001 - recipes stay on their lines, and signs are those of the pages.

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup

from reports.dashboard.desk import Desk
from reports.dashboard.look import for_streamlit, scheme_of, tokens
from reports.dashboard.sorting import places_of
from reports.formats import Formatter
from reports.frames import Field, Frame
from reports.language.site import SiteFile
from reports.render import render_site
from reports.settings import settings_of
from reports.words import words_for
from tests.browser.synthetic_marts import write_marts as write_all_marts
from tests.conftest import ROOT
from tests.unit.dashboard_reader import (
    Reader,
    Releases,
    cells_in,
    changes_in,
    charts_of,
    figures_in,
    html_of,
    opened,
)
from tests.unit.reports_folder import FACTS, PAGE, data_of, render, write_marts

SALES = """
select
    date '2025-01-01' + cast(n // 3 as integer) as day,
    ['DE', 'FR', 'Côte <b>d''Or</b>'][n % 3 + 1] as country,
    cast((n * 7919) % 1000 + 0.25 as decimal(18, 4)) as revenue,
    (n * 31) % 9 as orders
from range(3 * 450) as t(n)
"""
HEAD = """\
title: Filtered
description: What filters leave.
compare: [previous]
"""
FILTERS = """\
filters:
  - {field: day, kind: date_range, label: Period, presets: [30d]}
  - {field: country, kind: many, label: Country}
"""
DATA = """\
datasets:
  rows:
    sql: "select date_trunc('month', day)::date as month, * from sales_monthly WHERE_PART"
    order: [day, country]
    filterable: true
  apart:
    sql: select count(*) as n from sales_monthly
    order: [n]
metrics:
  revenue: {label: Revenue, sql: sum(revenue), format: currency0}
  orders: {label: Orders, sql: sum(orders), format: int}
  average: {label: Average, sql: "{revenue} / nullif({orders}, 0)", format: currency2}
sections:
  - items:
      - {id: monthly, type: kpis, dataset: rows, time: month, metrics: [revenue, average]}
      - {id: whole, type: kpis, dataset: rows, metrics: [revenue, orders]}
      - {id: bars, type: chart, mark: bar, title: Bars, headline: "Found {rows.revenue}", dataset: rows, x: {field: month}, y: [{metric: average}]}
      - {id: cells, type: chart, mark: heatmap, title: Cells, dataset: rows, x: {field: month}, y: {field: country}, value: {metric: orders}}
      - {id: table, type: table, title: Countries, dataset: rows, order: [revenue desc], columns: [{field: country}, {metric: revenue, bar: true, total: true}, {metric: average}]}
      - {id: alone, type: table, title: Alone, dataset: apart, columns: [{field: n}]}
"""


def filtered_page(where: str = "") -> str:
    return HEAD + (FILTERS if not where else "") + DATA.replace("WHERE_PART", where)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    folder = tmp_path_factory.mktemp("reader")
    return Reader(folder, {"filtered": filtered_page()}, sales_monthly=SALES)


def static(folder: Path, where: str) -> tuple[str, dict[str, Any]]:
    """What the static site makes of the rows that a filter leaves."""
    site = render(folder, {"filtered": filtered_page(where)}, sales_monthly=SALES)
    return (site / "filtered.html").read_text(), data_of(site, "filtered")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, Path]:
    """The project's own pages over made-up sales: a desk, and the static site."""
    folder = tmp_path_factory.mktemp("shop")
    marts = write_all_marts(folder / "marts", orders=800)
    pages = ROOT / "reports" / "pages"
    render_site(pages, marts, FACTS, folder / "site")
    releases = Releases(folder, marts)
    return Desk(pages, releases.file, releases.now), folder / "site"


@pytest.mark.parametrize("page", ["overview", "sales"])
def test_the_shops_own_pages_have_the_static_figures(page: str, shop: tuple[Desk, Path]) -> None:
    desk, site = shop
    app = opened(desk, page)
    shown, known = html_of(app), (site / f"{page}.html").read_text()
    known = re.sub(r"<noscript>.*?</noscript>", "", known, flags=re.DOTALL)
    assert figures_in(known)
    assert figures_in(shown) == figures_in(known)
    assert changes_in(shown) == changes_in(known)
    tables = [one for one in cells_in(known) if one]
    seen = cells_in(shown)
    assert [one for one in tables if one not in seen] == []
    drawn = [entry for entry in data_of(site, page).values() if "figure" in entry]
    charts = charts_of(app)
    assert len(charts) == len(drawn)
    for chart, entry in zip(charts, drawn, strict=True):
        first = entry["figure"]["traces"][0]
        for axis in ("x", "y"):
            if isinstance(first.get(axis), dict) and "$" in first[axis]:
                raw = entry["frame"]["columns"][first[axis]["$"]]["raw"]
                assert chart["data"][0][axis] == raw


def test_a_filter_leaves_what_the_static_site_makes_of_the_same_rows(
    reader: Reader, tmp_path: Path
) -> None:
    app = reader.open("filtered")
    assert "Found " in html_of(app)
    app.multiselect(key="filtered|country").set_value(["FR"]).run()
    assert not app.exception
    assert app.query_params["country"] == "FR"
    shown = html_of(app)
    known, data = static(tmp_path, "where country = 'FR'")
    assert figures_in(shown) == figures_in(known)
    assert [(tone, change) for tone, change, _ in changes_in(shown)] == [
        (tone, change) for tone, change, _ in changes_in(known)
    ]
    assert "Found " not in shown  # it was found in everything
    assert "Bars" in shown
    assert charts_of(app)[0]["data"][0]["y"] == data["bars"]["frame"]["columns"][1]["raw"]
    assert shown.count("The filters do not reach this.") == 1
    assert "Filtered: Country: FR" in app.caption[0].value.replace("\\", "")
    assert reader.open("filtered").query_params == {}  # another reader sees everything
    assert figures_in(html_of(reader.open("filtered"))) != figures_in(shown)


def test_days_from_the_address_are_compared_with_as_many_before(reader: Reader) -> None:
    app = reader.open(
        "filtered", **{"from": "2025-02-01", "to": "2025-02-10", "compare": "previous"}
    )
    rows = [(n // 3, (n * 7919) % 1000 + 0.25) for n in range(1350)]
    now = sum(value for day, value in rows if 31 <= day <= 40)
    assert figures_in(html_of(app))[2] == Formatter("en_GB", "EUR").text(now, "currency_short")
    app.selectbox(key="filtered|day").set_value("30d").run()
    assert app.query_params == {"period": "30d"}
    app.button(key="filtered|reset").click().run()
    assert app.query_params == {}


RANGED = filtered_page().replace("time: month", "time: day, grain: day")


def test_a_range_over_the_days_of_an_item_is_its_period(tmp_path: Path) -> None:
    reader = Reader(tmp_path, {"filtered": RANGED}, sales_monthly=SALES)
    rows = [(n // 3, (n * 7919) % 1000 + 0.25, (n * 31) % 9) for n in range(1350)]
    now = sum(value for day, value, _ in rows if 31 <= day <= 40)
    before = sum(value for day, value, _ in rows if 21 <= day <= 30)
    app = reader.open("filtered", **{"from": "2025-02-01", "to": "2025-02-10"})
    shown, write = html_of(app), Formatter("en_GB", "EUR").text
    assert figures_in(shown)[0] == write(now, "currency_short")
    arrow = "▲" if now > before else "▼"
    change = f"{arrow} {write((now - before) / before * 100, 'change_pct1')}"
    assert changes_in(shown)[0][1:] == (change, "vs the 10 days before")
    first = reader.open("filtered", **{"from": "2025-01-03", "to": "2025-01-12"})
    assert changes_in(html_of(first)) == []  # the data does not reach back so far
    assert "Not compared with the 10 days before" in html_of(first)
    none = reader.open("filtered", compare="none")
    assert changes_in(html_of(none)) == []


def test_a_choice_without_rows_says_so(reader: Reader) -> None:
    app = reader.open("filtered", **{"from": "2031-01-01", "to": "2031-02-01"})
    assert "There are no rows for this choice." in html_of(app)


def test_what_data_holds_stays_text(reader: Reader) -> None:
    shown = html_of(reader.open("filtered"))
    assert "Côte &lt;b&gt;d&#39;Or&lt;/b&gt;" in shown
    assert "<b>d'Or" not in shown
    hovers = charts_of(reader.open("filtered"))[1]["data"][0]["hovertext"]
    assert any("&lt;b&gt;d" in text for line in hovers for text in line)


def test_a_new_release_is_shown_at_the_next_interaction_and_told(tmp_path: Path) -> None:
    reader = Reader(tmp_path, {"sales": PAGE})
    app = reader.open("sales")
    assert figures_in(html_of(app)) == ["€120"]
    assert len(app.info) == 0
    sql = "select date '2026-04-01' as month_start, 700.0 as net_revenue, 700.0 as gross_revenue, 2 as orders"
    reader.releases.publish(
        "20261121T000000Z-new", write_marts(tmp_path / "next", sales_monthly=sql)
    )
    app.run()
    assert figures_in(html_of(app)) == ["€700"]
    assert "20261121T000000Z" in app.info[0].value.replace("\\", "")
    app.run()
    assert len(app.info) == 0


def test_an_error_stands_in_the_place_of_its_item(tmp_path: Path) -> None:
    reader = Reader(tmp_path, {"sales": PAGE.replace("field: net_revenue", "field: net_revenu")})
    app = reader.open("sales")
    assert figures_in(html_of(app)) == ["€120"]
    assert "Did you mean &#39;net_revenue&#39;?" in html_of(app)
    assert charts_of(app) == []
    path = reader.pages / "sales.yml"
    path.write_text(PAGE)
    assert len(charts_of(app.run())) == 1
    path.write_text("title: [")
    assert "sales.yml:" in html_of(app.run())


EACH = """\
title: "Sales in {title}"
description: One country.
for_each: {dataset: sums, key: country, title: country, list_title: All countries}
datasets:
  sums: {sql: "select country, sum(revenue) as net_revenue from sales_monthly group by country", order: [country]}
sections:
  - items: [{type: table, title: Sums, dataset: sums, columns: [{field: net_revenue}]}]
"""


def test_a_template_has_a_box_with_its_pages_and_links_lead_there(tmp_path: Path) -> None:
    reader = Reader(tmp_path, {"each": EACH}, sales_monthly=SALES)
    app = reader.open("each")
    assert 'href="./each?of=de"' in html_of(app)
    app.selectbox(key="each|pages").set_value("each-de").run()
    assert app.query_params["of"] == "de"
    assert "Sales in DE" in html_of(app)
    assert "no page" in reader.open("each", of="nowhere").warning[0].value


def test_it_speaks_the_language_of_the_page(tmp_path: Path) -> None:
    pages = {"sales": PAGE + "locale: de_DE\n", "ventes": PAGE + "locale: fr_FR\n"}
    reader = Reader(tmp_path, pages)
    german, french = reader.open("sales"), reader.open("ventes")
    assert figures_in(html_of(german)) == ["120\xa0€"]
    assert "+" not in changes_in(html_of(german))[0][1]
    assert changes_in(html_of(german))[0][1] == "▼ −20,0\xa0%"
    for app, locale in ((german, "de_DE"), (french, "fr_FR")):
        assert words_for(locale)["rows_loaded"] in html_of(app)
        assert app.get("popover")[0].proto.popover.label == words_for(locale)["data_sql"]


def test_a_drawing_is_an_image_in_the_colours_of_the_scheme() -> None:
    settings = settings_of(SiteFile(title="x", theme="dark"), None, "EUR")
    named = tokens(settings, scheme_of(settings, None))
    svg = Markup('<svg class="sparkline" viewBox="0 0 120 32"><path d="M4 4"/></svg>')
    link = Markup('<a href="sales.html" data-keep>x</a><a href="https://x.test/a.html">y</a>')
    shown = for_streamlit(svg + link, named, lambda name, keep: f"./{name}?keep={keep}")
    assert "<svg" not in shown
    image = base64.b64decode(shown.split("base64,")[1].split('"')[0]).decode()
    assert f"stroke: {named['accent']}" in image
    assert "var(" not in image
    assert "padding" not in image
    assert 'href="./sales?keep=True"' in shown
    assert 'href="https://x.test/a.html"' in shown


def test_tables_sort_search_and_page_by_their_values() -> None:
    fields = (Field("name", "Name", "text", "VARCHAR"), Field("value", "Value", "int", "INTEGER"))
    frame = Frame(fields, (("Éa", 9), ("b", None), ("c", 10), ("éd", 2)))
    formatter = Formatter("en_GB", "EUR")
    by_value = places_of(frame, formatter, search="", column=1, descending=True)
    assert list(by_value) == [2, 0, 3, 1]
    assert list(places_of(frame, formatter, search="", column=1, descending=False)) == [3, 0, 2, 1]
    assert list(places_of(frame, formatter, search="E", column=None, descending=True)) == [0, 3]


def test_a_long_table_is_sorted_and_turned_by_its_reader(tmp_path: Path) -> None:
    page = (
        DATA.split("metrics:", maxsplit=1)[0]
        .replace("WHERE_PART", "")
        .replace("    filterable: true\n", "")
    )
    table = "sections:\n  - items: [{id: t, type: table, title: All, dataset: rows, columns: [{field: revenue, format: num2}]}]\n"
    app = Reader(tmp_path, {"long": HEAD + page + table}, sales_monthly=SALES).open("long")
    values = sorted(((n * 7919) % 1000 + 0.25 for n in range(1350)), reverse=True)
    app.selectbox(key="long|t|sort").set_value(0).run()
    assert cells_in(html_of(app))[1:26] == [f"{value:.2f}" for value in values[:25]]
    app.button(key="long|t|next").click().run()
    assert cells_in(html_of(app))[1:26] == [f"{value:.2f}" for value in values[25:50]]
