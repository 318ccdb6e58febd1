"""The site as a whole: the same bytes each time, harmless whatever the data holds, kind without data."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from reports.exposures import exposures_yaml
from reports.language.schema import json_schemas
from reports.pages import load_pages
from reports.render import render_site
from tests.browser.synthetic_marts import write_marts as write_all_marts
from tests.unit.reports_folder import FACTS, PAGE, data_of, page_with, render, write_pages

ROOT = Path(__file__).resolve().parents[2]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_same_pages_and_marts_give_the_same_bytes(tmp_path: Path) -> None:
    first = tmp_path / "a"
    marts = write_all_marts(tmp_path / "marts")
    for out in (first, tmp_path / "b"):
        render_site(ROOT / "reports" / "pages", marts, FACTS, out)
    assert contents(first) == contents(tmp_path / "b")


def test_the_order_of_rows_in_a_mart_does_not_show(tmp_path: Path) -> None:
    marts = {
        "forth": "select n, n % 3 as name, n * 1.1 as v from range(50) as t(n)",
        "back": "select n, n % 3 as name, n * 1.1 as v from range(50) as t(n) order by n desc",
    }
    items = (
        "      - {id: it, title: It, type: chart, mark: bar, dataset: rows, x: {field: name}, "
        "y: [{field: v}], series: {field: n, max: 3}}\n"
        "      - {id: t, title: T, type: table, dataset: rows, columns: [{field: v, total: true}]}\n"
    )
    seen = []
    for name, sql in marts.items():
        text = page_with(items, dataset="select 1 as name").replace(
            '"select 1 as name"', "select * from m"
        )
        seen.append(contents(render(tmp_path / name, {"page": text}, m=sql)))
    assert seen[0] == seen[1]


HOSTILE = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "\"><svg onload='alert(1)'>",
    "{{ 7 * 7 }}{% for x in y %}{rows.name}",
    '=HYPERLINK("http://example.org")',
    "<!--<script>",
    "\u2028\u2029\u0000",
    "javascript:alert(1)",
    "${alert(1)} `x`",
]


def test_hostile_values_come_out_as_text_everywhere(tmp_path: Path) -> None:
    rows = ", ".join(
        f"('{value}', {index})"
        for index, value in enumerate(
            value.replace("'", "''").replace("\u0000", "") for value in HOSTILE
        )
    )
    items = """\
      - {id: t, type: table, title: T, dataset: rows, columns: [{field: name}, {field: n, bar: true}]}
      - {id: c, type: chart, mark: bar, horizontal: true, title: C, headline: "{rows.name}",
         subtitle: "{rows.name}", dataset: rows, x: {field: name}, y: [{field: n}]}
      - {id: s, type: chart, mark: line, title: S, dataset: rows, x: {field: n}, y: [{field: n}],
         series: {field: name}}
      - {id: h, type: chart, mark: heatmap, title: H, dataset: rows, x: {field: n}, y: {field: name},
         value: {field: n}}
      - {id: m, type: text, text: "# {rows.name}\\n\\n[{rows.name}](https://example.org)"}
"""
    query = f"select name, n from (values {rows}) as t(name, n)"
    text = page_with(items, dataset="select 1 as name").replace(
        '"select 1 as name"', "select name, n from hostile"
    )
    site = render(tmp_path, {"page": text}, hostile=query)
    html = (site / "page.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script[^>]*>", html)
    assert all(
        re.fullmatch(r'<script src="(assets|data)/[\w.-]+"( defer)?>', tag) for tag in scripts
    )
    assert "<img" not in html
    assert "onload='" not in html
    assert "{{ 7 * 7 }}" in html  # shown, not run
    data = (site / "data" / "page.js").read_bytes()
    assert data.isascii()
    assert b"</script" not in data
    shipped = data_of(site, "page")
    names = [value.replace("\u0000", "") for value in HOSTILE]
    assert sorted(shipped["t"]["frame"]["columns"][0]["raw"]) == sorted(names)
    # What Plotly draws is escaped, because it reads a little HTML.
    labels = [tick[1] for tick in shipped["c"]["figure"]["y"]["ticks"]]
    assert not any("<" in label for label in labels)


def test_the_page_allows_no_script_but_its_own_files(tmp_path: Path) -> None:
    html = (render(tmp_path, {"sales": PAGE}) / "sales.html").read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy is not None
    assert "default-src 'none'; script-src 'self';" in policy[1]
    assert "connect-src 'none'" in policy[1]
    assert not re.search(r"""\s(on\w+=|href="javascript)""", html)


def test_a_page_has_title_description_stamp_and_links_that_exist(tmp_path: Path) -> None:
    site = render(tmp_path, {"sales": PAGE})
    (site / "docs").mkdir()
    (site / "docs" / "index.html").touch()
    for name in ("index.html", "sales.html"):
        html = (site / name).read_text(encoding="utf-8")
        for place in re.findall(r'(?:href|src)="([^"#]+)"', html):
            assert (site / place).is_file(), place
        assert 'href="docs/index.html"' in html
        for fact in ("20261120T221500Z-3fa9c1", "20 Nov 2026", "22:15", "1,234,567", ">7<", ">42<"):
            assert fact in html
    assert "<title>Sales · Reports</title>" in html
    assert '<meta name="description" content="How sales go.">' in html
    assert '<html lang="en-GB"' in html


def test_without_dbt_docs_there_is_no_link_to_them(tmp_path: Path) -> None:
    pages = write_pages(tmp_path, {"sales": PAGE})
    marts = write_all_marts(tmp_path / "marts", orders=20)
    render_site(pages, marts, replace(FACTS, docs_href=None), tmp_path / "site")
    assert "dbt docs" not in (tmp_path / "site" / "sales.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("orders", [0, 2, 30])
def test_our_pages_can_be_drawn_with_hardly_any_data(tmp_path: Path, orders: int) -> None:
    marts = write_all_marts(tmp_path / "marts", orders=orders)
    result = render_site(ROOT / "reports" / "pages", marts, FACTS, tmp_path / "site")
    for page in set(result.pages) - {"data_quality"}:  # which speaks of loads
        html = (tmp_path / "site" / f"{page}.html").read_text(encoding="utf-8")
        assert "None" not in html
        assert "nan" not in html
        assert ("Nothing here yet" in html) == (orders == 0)
        assert ("As soon as the first sales are loaded" in html) == (orders == 0)


def test_an_empty_item_says_what_the_author_wrote(tmp_path: Path) -> None:
    text = (
        PAGE.replace("id: bars", "id: bars\n        when_empty: Come back in May.")
        .replace("dataset: months\n        x", "dataset: none\n        x")
        .replace(
            "metrics:\n",
            "  none:\n    sql: select * from sales_monthly where orders > 99\n"
            "    order: [month_start]\nmetrics:\n",
            1,
        )
    )
    html = (render(tmp_path, {"sales": text}) / "sales.html").read_text(encoding="utf-8")
    assert '<p class="empty">Come back in May.</p>' in html
    assert "Nothing here yet" not in html


def test_a_page_of_text_alone_is_a_page(tmp_path: Path) -> None:
    items = "      - {type: text, text: 'We are closed **in May**.'}\n"
    html = (render(tmp_path, {"news": page_with(items)}) / "news.html").read_text(encoding="utf-8")
    assert "<strong>in May</strong>" in html
    assert "Nothing here yet" not in html


def test_pages_stand_in_their_order_in_the_navigation(tmp_path: Path) -> None:
    pages = {
        "a": PAGE.replace("title: Sales", "title: Zebra"),
        "b": PAGE.replace("title: Sales", "title: First\nposition: 1"),
        "c": PAGE.replace("title: Sales", "title: Apple"),
    }
    html = (render(tmp_path, pages) / "index.html").read_text(encoding="utf-8")
    nav = html.split("<nav")[1].split("</nav>")[0]
    assert re.findall(r">(\w+)</a>", nav) == ["First", "Apple", "Zebra"]


def test_exposures_name_the_marts_that_a_page_reads(tmp_path: Path) -> None:
    query = (
        "with sales_monthly as (select * from sales_daily) "
        "select month_start, net_revenue, gross_revenue, orders from sales_monthly join fct_orders using (x)"
    )
    text = PAGE.replace(
        "select month_start, net_revenue, gross_revenue, orders from sales_monthly", query
    )
    site = "title: R\nowner: {name: Ann, email: ann@example.org}\n"
    (page,) = load_pages(write_pages(tmp_path, {"sales": text}, site))
    document = YAML(typ="safe").load(exposures_yaml([page]))
    assert document == {
        "version": 2,
        "exposures": [
            {
                "name": "report_sales",
                "label": "Sales",
                "type": "dashboard",
                "description": "How sales go.",
                # Not sales_monthly: in this query that is the name of a part of it.
                "depends_on": ["ref('fct_orders')", "ref('sales_daily')"],
                "owner": {"name": "Ann", "email": "ann@example.org"},
            }
        ],
    }


def test_the_committed_exposures_and_schemas_follow_from_our_pages() -> None:
    pages = load_pages(ROOT / "reports" / "pages")
    committed = (ROOT / "models" / "exposures.yml").read_text(encoding="utf-8")
    assert committed == exposures_yaml(pages)
    for name, schema in json_schemas().items():
        assert json.loads((ROOT / "reports" / name).read_text(encoding="utf-8")) == schema
