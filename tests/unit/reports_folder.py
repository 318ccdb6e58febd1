"""Folders of pages and marts for the tests of the reports: small, and made of nothing but text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from reports.facts import ReleaseFacts
from reports.render import render_site

FACTS = ReleaseFacts(
    release_id="20261120T221500Z-3fa9c1",
    created_at=datetime(2026, 11, 20, 22, 15, tzinfo=UTC),
    as_of_date=date(2026, 11, 20),
    rows_read=1234567,
    rows_loaded=1234560,
    rows_rejected=7,
    tests_passed=42,
    sources=("shop",),
    docs_href="docs/index.html",
)

# Three months by hand: net 100, 150, 120; the change to March is -20 per cent.
SALES_MONTHLY = """
select * from (values
    (date '2026-01-01', 110.00, 10.00, 100.00, 4, true),
    (date '2026-02-01', 150.00, 0.00, 150.00, 5, true),
    (date '2026-03-01', 150.00, 30.00, 120.00, 3, true)
) as t(month_start, gross_revenue, returns_amount, net_revenue, orders, is_complete)
"""

PAGE = """\
title: Sales
description: How sales go.
datasets:
  months:
    sql: select month_start, net_revenue, gross_revenue, orders from sales_monthly
    order: [month_start]
metrics:
  revenue: {label: Revenue, sql: sum(net_revenue), format: currency0}
sections:
  - title: Months
    items:
      - {id: figures, type: kpis, dataset: months, time: month_start, metrics: [revenue]}
      - id: bars
        type: chart
        mark: bar
        title: Revenue by month
        dataset: months
        x: {field: month_start}
        y: [{field: net_revenue}]
"""


def page_with(items: str, *, dataset: str = "select * from sales_monthly", order: str = "1") -> str:
    """A page of one dataset `rows` (sorted by its first column) and the items given as YAML."""
    columns = duckdb.connect()
    columns.execute(f"create view sales_monthly as {SALES_MONTHLY}")
    first = columns.execute(f"describe ({dataset})").fetchall()[0][0] if order == "1" else order
    return (
        "title: Test\ndescription: A page for a test.\ndatasets:\n  rows:\n"
        f"    sql: {json.dumps(dataset)}\n    order: [{first}]\n"
        f"sections:\n  - items:\n{items}"
    )


def write_pages(folder: Path, pages: Mapping[str, str], site: str = "title: Reports\n") -> Path:
    """Write pages by name, and site.yml beside them; gives the folder of the pages."""
    (folder / "pages").mkdir(parents=True, exist_ok=True)
    (folder / "site.yml").write_text(site, encoding="utf-8")
    for name, text in pages.items():
        (folder / "pages" / f"{name}.yml").write_text(text, encoding="utf-8")
    return folder / "pages"


def write_marts(folder: Path, **queries: str) -> dict[str, list[Path]]:
    """One Parquet file per mart; `sales_monthly` is there unless given."""
    folder.mkdir(parents=True, exist_ok=True)
    marts = {}
    with duckdb.connect() as connection:
        for name, sql in {"sales_monthly": SALES_MONTHLY, **queries}.items():
            path = folder / f"{name}.parquet"
            connection.execute(f"copy ({sql}) to '{path}' (format parquet)")
            marts[name] = [path]
    return marts


def render(
    folder: Path, pages: Mapping[str, str], *, site: str = "title: Reports\n", **marts: str
) -> Path:
    """Render these pages over these marts; gives the folder of the site."""
    out = folder / "site"
    render_site(
        write_pages(folder, pages, site), write_marts(folder / "marts", **marts), FACTS, out
    )
    return out


def data_of(site: Path, page: str) -> dict[str, Any]:
    """What a page ships to its script, by item."""
    found = {}
    for line in (site / "data" / f"{page}.js").read_text(encoding="utf-8").splitlines():
        if line.startswith("TILLHOUSE.add("):
            item, entry = json.loads(f"[{line.removeprefix('TILLHOUSE.add(').removesuffix(');')}]")
            found[item] = entry
    return found
