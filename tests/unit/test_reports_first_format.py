"""The first format of reports: accepted as it stands, and what is made of it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from configuration.errors import ConfigurationError
from configuration.yaml_file import read_yaml
from reports.language.first_format import normalised
from reports.pages import load_pages
from tests.unit.reports_folder import data_of, render, write_pages

REPORT = """\
title: Sales overview
description: How the shop sells.
data_source: sales_monthly
update_frequency: daily
metrics:
  - name: Total revenue
    query: SELECT SUM(net_revenue) FROM sales_monthly
    format: currency
  - name: Orders
    query: SELECT SUM(orders) AS total_orders FROM sales_monthly;
    format: number
charts:
  - name: Monthly revenue
    type: line
    query: SELECT month_start AS month, net_revenue AS revenue FROM sales_monthly ORDER BY month
    params: {x: month, y: revenue, title: Revenue by month}
  - name: Orders by month
    type: bar
    query: SELECT month_start AS month, orders FROM sales_monthly ORDER BY month DESC
    params:
      x: month
      y: orders
"""

# What it means in today's language; the golden of this test.
MEANT = """\
title: Sales overview
description: How the shop sells.
period: sales_monthly · daily
datasets:
  figure_total_revenue:
    sql: SELECT SUM(net_revenue) FROM sales_monthly
    order:
    - as the query says
  figure_orders:
    sql: SELECT SUM(orders) AS total_orders FROM sales_monthly
    order:
    - as the query says
  monthly_revenue:
    sql: SELECT month_start AS month, net_revenue AS revenue FROM sales_monthly ORDER BY month
    order:
    - as the query says
  orders_by_month:
    sql: SELECT month_start AS month, orders FROM sales_monthly ORDER BY month DESC
    order:
    - as the query says
metrics:
  figure_total_revenue:
    label: Total revenue
    sql: any_value(columns(*))
    format: currency2
    better: neutral
  figure_orders:
    label: Orders
    sql: any_value(columns(*))
    format: num0
    better: neutral
sections:
- items:
  - type: kpis
    width: 3
    dataset: figure_total_revenue
    metrics:
    - figure_total_revenue
  - type: kpis
    width: 3
    dataset: figure_orders
    metrics:
    - figure_orders
- items:
  - type: chart
    mark: line
    title: Revenue by month
    width: 6
    dataset: monthly_revenue
    x:
      field: month
    y:
    - field: revenue
  - type: chart
    mark: bar
    title: Orders by month
    width: 6
    dataset: orders_by_month
    x:
      field: month
    y:
    - field: orders
"""


def test_the_first_format_means_this_page(tmp_path: Path) -> None:
    path = tmp_path / "report.yml"
    path.write_text(REPORT, encoding="utf-8")
    text = io.StringIO()
    yaml = YAML()
    yaml.width = 200
    yaml.dump(normalised(read_yaml(path), str(path)), text)
    assert text.getvalue() == MEANT


def test_a_report_in_the_first_format_is_drawn(tmp_path: Path) -> None:
    site = render(tmp_path, {"overview": REPORT})
    html = (site / "overview.html").read_text(encoding="utf-8")
    assert '<p class="kpi-value" title="€370.00">€370.00</p>' in html  # 100 + 150 + 120
    assert '<p class="kpi-value" title="12">12</p>' in html
    charts = data_of(site, "overview")
    raw = [column["raw"] for column in charts["orders_by_month"]["frame"]["columns"]]
    assert raw == [["2026-03-01", "2026-02-01", "2026-01-01"], [3, 5, 4]]  # the query's own order
    assert "sales_monthly · daily" in html


@pytest.mark.parametrize(
    ("before", "after", "at", "expected"),
    [
        ("    type: line", "    typ: line", "    typ:", "unknown key 'charts[0].typ'. Did you mean 'type'?"),
        ("type: bar", "type: barr", "type: barr", "charts[1].type: 'barr' is not known. Did you mean 'bar'?"),
        ("y: revenue,", "y: revenu,", "y: revenu,", "there is no column 'revenu' in dataset 'monthly_revenue'"),
        (
            "      y: orders\n", "      y: order\n", "y: order\n",
            "there is no column 'order' in dataset 'orders_by_month'. Did you mean 'orders'?",
        ),
        (
            "SELECT SUM(net_revenue) FROM sales_monthly", "SELECT SUM(net_revenue) FROM sales_montly",
            "query: SELECT SUM(net_revenue)", "there is no mart 'sales_montly'. Did you mean 'sales_monthly'?",
        ),
        (
            "SELECT SUM(net_revenue) FROM", "SELECT SUM(net_revenue), 2 FROM", "- name: Total",
            "'Total revenue' is one value, but its query has 2 columns",
        ),
    ],
)  # fmt: skip
def test_an_error_names_the_place_in_the_authors_own_file(
    tmp_path: Path, before: str, after: str, at: str, expected: str
) -> None:
    assert REPORT.count(before) == 1
    text = REPORT.replace(before, after)
    with pytest.raises(ConfigurationError) as caught:
        render(tmp_path, {"overview": text})
    line = text[: text.index(at)].count("\n") + 1
    told = str(caught.value).replace(f"{tmp_path}/pages/", "").splitlines()
    assert any(one.startswith(f"overview.yml:{line}:") and expected in one for one in told), told


def test_an_app_file_lists_reports_that_stand_elsewhere(tmp_path: Path) -> None:
    pages = write_pages(tmp_path, {})
    (tmp_path / "templates").mkdir()
    report = REPORT.replace("data_source: sales_monthly\n", "")
    (tmp_path / "templates" / "sales_report.yml").write_text(report, encoding="utf-8")
    app = tmp_path / "app.yml"
    app.write_text(
        "name: Shop\nreports:\n  - name: Sales\n    template: templates/sales_report.yml\n"
        "    data_source: shop\n",
        encoding="utf-8",
    )
    (page,) = load_pages(pages)
    assert (page.id, page.spec.period) == ("sales_report", "shop · daily")
    app.write_text("reports:\n  - {name: Sales, template: templates/none.yml}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"app\.yml:2:19: there is no file"):
        load_pages(pages)
