"""A report page in a real browser: eight charts and a table of 5,000 rows, until all is drawn."""

from __future__ import annotations

import os
import shutil
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from html import escape
from pathlib import Path
from typing import Any

from plan import Plan

SMALL = "ours, small Plotly"
GOALS = {SMALL: 0.8, "ours, the wheel's Plotly": 1.6}
MOST_SCRIPT_KB = 1600  # with the small Plotly

# Notes when the page is ready, in the page itself: ours says so, any other is when all has been run.
NOTE_READY = """
new MutationObserver((_, watching) => {
  if (document.documentElement?.dataset.ready) { watching.disconnect(); window.readyAfter = performance.now(); }
}).observe(document, {attributes: true, subtree: true, attributeFilter: ['data-ready']});
addEventListener('load', () => { window.loadedAfter = performance.now(); });
"""

DAYS = """
select
    date '2024-01-01' + cast(i as integer) as order_date,
    'shop ' || (i % 5) as shop,
    'category ' || (i % 4) as category,
    cast(i % 7 + 1 as integer) as weekday,
    cast(1000 + (i * 7919) % 997 as decimal(18, 2)) as net_revenue,
    cast(20 + (i * 104729) % 31 as bigint) as orders
from range(731) as t(i)
"""
LINES = """
select
    'P-' || printf('%05d', i) as product, 'A product of the name ' || (i * 7919) % 5003 as name,
    'category ' || (i % 9) as category, cast((i * 104729) % 99991 as decimal(18, 2)) as net_revenue,
    (i * 31) % 701 as orders, (i * 17) % 103 as customers, ((i * 13) % 1000) / 1000 as return_rate,
    date '2024-01-01' + cast(i % 731 as integer) as last_order_date
from range({rows}) as t(i)
"""
PAGE = """
title: Eight charts
description: What a full page costs.
datasets:
  days: {sql: "select * from days", order: [order_date]}
  months:
    sql: |
      select cast(date_trunc('month', order_date) as date) as month_start, category, weekday, shop,
          sum(net_revenue) as net_revenue, sum(orders) as orders
      from days group by all
    order: [month_start, category, weekday, shop]
  products: {sql: "select * from products", order: [product]}
metrics:
  revenue: {label: Revenue, sql: sum(net_revenue), format: currency0}
  ordered: {label: Orders, sql: sum(orders), format: int}
sections:
  - title: Charts
    items:
      - {type: chart, mark: line, title: One, width: 6, dataset: days, x: {field: order_date}, y: [{field: net_revenue}]}
      - {type: chart, mark: area, title: Two, width: 6, dataset: months, stack: true, x: {field: month_start}, y: [{metric: revenue}], series: {field: category}}
      - {type: chart, mark: bar, title: Three, width: 6, dataset: months, x: {field: month_start}, y: [{metric: ordered}]}
      - {type: chart, mark: heatmap, title: Four, width: 6, dataset: months, x: {field: month_start}, y: {field: weekday}, value: {metric: ordered}}
      - {type: chart, mark: line, title: Five, width: 6, dataset: months, x: {field: month_start}, y: [{metric: revenue}], series: {field: shop}}
      - {type: chart, mark: bar, title: Six, width: 6, dataset: months, stack: true, x: {field: month_start}, y: [{metric: revenue}], series: {field: category}}
      - {type: chart, mark: area, title: Seven, width: 6, dataset: days, x: {field: order_date}, y: [{field: orders}]}
      - {type: chart, mark: bar, title: Eight, width: 6, dataset: months, horizontal: true, x: {field: shop}, y: [{metric: revenue}]}
  - title: Table
    items:
      - type: table
        title: Products
        dataset: products
        columns: [{field: product}, {field: name}, {field: category}, {field: net_revenue, bar: true}, {field: orders}, {field: customers}, {field: return_rate}, {field: last_order_date}]
"""  # noqa: E501 - one item a line


@dataclass(frozen=True)
class Opened:
    """One visit: seconds until ready, and processor seconds of the page's process."""

    seconds: float
    cpu_seconds: float


def table(folder: Path, plan: Plan) -> str:
    """Markdown: seconds and processor seconds until ready, and sizes, of four ways to make the page."""
    sites = _sites(folder, plan)
    opened = _visits(sites, plan.runs)
    lines = [
        "## A report page",
        "",
        f"Eight charts and a table of {plan.table_rows:,} rows of 8 columns, opened from disk in headless "
        "Chromium until all is drawn. CPU: the process of the page, over all its threads.",
        "",
        "| way | seconds | goal | CPU seconds | scripts, KB | page and data, KB |",
        "|---|---:|---|---:|---:|---:|",
    ]
    if "ours, small Plotly" not in sites:
        lines[2] += " The small Plotly was not there: `make assets` builds it."
    for way, visits in opened.items():
        seconds = statistics.median(visit.seconds for visit in visits)
        cpu = statistics.median(visit.cpu_seconds for visit in visits)
        goal = GOALS.get(way)
        verdict = "" if goal is None else f"{goal}, {'kept' if seconds <= goal else 'missed'}"
        scripts, rest = _kilobytes(sites[way].parent)
        size = f"{scripts:,}"
        if way == SMALL:
            size += f" ({MOST_SCRIPT_KB:,}, {'kept' if scripts <= MOST_SCRIPT_KB else 'missed'})"
        lines.append(f"| {way} | {seconds:.2f} | {verdict} | {cpu:.2f} | {size} | {rest:,} |")
    return "\n".join(lines)


def _sites(folder: Path, plan: Plan) -> dict[str, Path]:
    import duckdb  # noqa: PLC0415 - the benchmark of another subject need not wait for these

    from reports.built_assets import built_assets  # noqa: PLC0415
    from reports.facts import ReleaseFacts  # noqa: PLC0415
    from reports.render import render_site  # noqa: PLC0415

    (folder / "pages").mkdir(parents=True)
    (folder / "pages" / "page.yml").write_text(PAGE, encoding="utf-8")
    marts: dict[str, list[Path]] = {}
    for name, sql in {"days": DAYS, "products": LINES.format(rows=plan.table_rows)}.items():
        marts[name] = [folder / f"{name}.parquet"]
        duckdb.sql(sql).write_parquet(str(marts[name][0]))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    facts = ReleaseFacts("bench", now, date(2025, 12, 31), 731, 731, 0, 1)
    ways = {"ours, small Plotly": True, "ours, the wheel's Plotly": False}
    if built_assets() is None:
        del ways["ours, small Plotly"]
    sites = {}
    for way, is_built in ways.items():
        out = folder / ("small" if is_built else "wheel")
        render_site(folder / "pages", marts, facts, out, built_plotly=is_built)
        sites[way] = out / "page.html"
    sites["plotly.py's own output, every row in HTML"] = _plotly_page(folder / "theirs", marts)
    return sites


def _plotly_page(out: Path, marts: Mapping[str, list[Path]]) -> Path:
    """The same charts as plotly.py writes them with its defaults, its script beside them, all rows as HTML."""
    import duckdb  # noqa: PLC0415
    import plotly.graph_objects as go  # noqa: PLC0415
    from plotly.offline import get_plotlyjs  # noqa: PLC0415

    out.mkdir()
    days = duckdb.sql(f"select * from '{marts['days'][0]}' order by 1").fetchall()
    months = sorted({row[0].replace(day=1) for row in days})

    def sums(key: Callable[[Any], Any], value: int) -> list[float]:
        return [
            float(sum(row[value] for row in days if row[0].replace(day=1) == month and key(row)))
            for month in months
        ]

    x = [row[0] for row in days]
    shops, categories = sorted({row[1] for row in days}), sorted({row[2] for row in days})
    figures = [
        go.Figure(go.Scatter(x=x, y=[float(row[4]) for row in days])),
        go.Figure(
            [
                go.Scatter(x=months, y=sums(lambda row, c=c: row[2] == c, 4), stackgroup="a")
                for c in categories
            ]
        ),
        go.Figure(go.Bar(x=months, y=sums(lambda row: True, 5))),
        go.Figure(
            go.Heatmap(x=months, z=[sums(lambda row, d=d: row[3] == d, 5) for d in range(1, 8)])
        ),
        go.Figure([go.Scatter(x=months, y=sums(lambda row, s=s: row[1] == s, 4)) for s in shops]),
        go.Figure([go.Bar(x=months, y=sums(lambda row, c=c: row[2] == c, 4)) for c in categories]),
        go.Figure(go.Scatter(x=x, y=[row[5] for row in days], fill="tozeroy")),
        go.Figure(
            go.Bar(
                y=shops,
                x=[sum(sums(lambda row, s=s: row[1] == s, 4)) for s in shops],
                orientation="h",
            )
        ),
    ]
    charts = "".join(figure.to_html(full_html=False, include_plotlyjs=False) for figure in figures)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(str(value))}</td>" for value in row) + "</tr>"
        for row in duckdb.sql(f"select * from '{marts['products'][0]}'").fetchall()
    )
    (out / "plotly.js").write_text(get_plotlyjs(), encoding="utf-8")
    page = out / "page.html"
    page.write_text(
        '<!DOCTYPE html><meta charset="utf-8"><script src="plotly.js"></script>'
        f"{charts}<table>{rows}</table>",
        encoding="utf-8",
    )
    return page


def _visits(sites: Mapping[str, Path], runs: int) -> dict[str, list[Opened]]:
    """Every way in turn, `runs` times after one that does not count, each in a browser of its own."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    chromium = os.environ.get("TILL_CHROMIUM") or shutil.which("chromium")
    found: dict[str, list[Opened]] = {way: [] for way in sites}
    with sync_playwright() as playwright:
        for run in range(runs + 1):
            for way, path in sites.items():
                browser = playwright.chromium.launch(
                    executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
                )
                page = browser.new_context(
                    viewport={"width": 1280, "height": 900}, offline=True
                ).new_page()
                session = page.context.new_cdp_session(page)
                session.send("Performance.enable")
                page.add_init_script(NOTE_READY)
                before = _process_time(session)
                page.goto(path.as_uri())
                if way in GOALS:
                    page.wait_for_selector("html[data-ready=true]", state="attached")
                noted = "readyAfter" if way in GOALS else "loadedAfter"
                if run:
                    cpu = _process_time(session) - before
                    found[way].append(Opened(page.evaluate(f"window.{noted}") / 1e3, cpu))
                browser.close()
    return found


def _process_time(session: Any) -> float:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "ProcessTime"))


def _kilobytes(site: Path) -> tuple[int, int]:
    """Scripts that all pages share; the page with its data."""
    scripts = sum(path.stat().st_size for path in site.rglob("*.js") if path.parent.name != "data")
    rest = sum(path.stat().st_size for path in (site / "page.html", *site.glob("data/page.*js")))
    return round(scripts / 1e3), round(rest / 1e3)
