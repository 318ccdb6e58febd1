"""`till dashboard` as a command: a real server, a real browser without a network, and its clean refusals."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from configuration.errors import PlainError
from tests.conftest import ROOT
from tests.unit.reports_folder import PAGE, write_pages
from tests.unit.test_releases import publish, write_mart
from till.dashboard_command import serve_dashboard
from till.project import Project

COMMAND = [sys.executable, "-m", "till", "dashboard"]
SALES = """
select * from (values
    (date '2026-01-01', 'DE', 60.00), (date '2026-01-01', 'FR', 40.00),
    (date '2026-02-01', 'DE', 70.00), (date '2026-02-01', 'FR', 80.00)
) as t(month_start, country, net_revenue)
"""
FILTERED = """\
title: Live
description: Live figures.
filters: [{field: country, kind: one, label: Country}]
datasets:
  rows: {sql: select * from sales_monthly, order: [month_start, country], filterable: true}
metrics:
  revenue: {label: Revenue, sql: sum(net_revenue), format: currency0}
sections:
  - items:
      - {type: kpis, dataset: rows, time: month_start, metrics: [revenue]}
      - {type: chart, mark: bar, title: Bars, dataset: rows, x: {field: month_start}, y: [{metric: revenue}]}
      - {type: table, title: Months, dataset: rows, columns: [{field: month_start}, {metric: revenue}]}
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with a release of one mart, and a page over it."""
    (tmp_path / "dbt_project.yml").write_text("name: shop\n")
    write_pages(tmp_path / "reports", {"live": FILTERED})
    project = Project(root=tmp_path, lake=tmp_path / "lake")
    write_mart(project, "sales_monthly", SALES)
    publish(project, "20260101T000000Z-a")
    return project


def started(project: Project, *arguments: str) -> subprocess.Popen[str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("TILL_")}
    # A proxy that nobody answers: what the server itself asked of the network would fail and be told.
    nowhere = {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    environment = {**known, **nowhere, "PYTHONPATH": str(ROOT), "TILL_LAKE": "lake"}
    return subprocess.Popen(
        [*COMMAND, *arguments], cwd=project.root, env={**environment, "HOME": str(project.root)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.fixture
def server(project: Project) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A dashboard on a free port, and its address."""
    process = started(project, "--port", "0")
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    yield process, address
    if process.poll() is None:
        process.kill()
    process.communicate()


def reached(page: Page, address: str) -> None:
    """Open the address once its server answers; a refused connection is asked again."""
    page.goto(address, wait_until="commit")
    page.wait_for_selector(".stamp", timeout=60_000)


def test_it_serves_on_this_machine_alone_filters_and_ends_cleanly(
    project: Project, server: tuple[subprocess.Popen[str], str], browser: Browser
) -> None:
    process, address = server
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
    port = int(address.split(":")[2].rstrip("/"))
    assert process.stdout is not None
    process.stdout.readline()
    _wait_until_it_listens(port)
    with pytest.raises(
        PlainError, match=rf"port {port} is in use by another program\. Name another"
    ):
        serve_dashboard(project, "127.0.0.1", port, say=lambda _: None)
    foreign: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 1600})
    page = context.new_page()
    page.on(
        "request",
        lambda one: (
            foreign.append(one.url) if not one.url.startswith((address, "data:", "blob:")) else None
        ),
    )
    page.on("websocket", lambda one: foreign.append(one.url) if str(port) not in one.url else None)
    page.on("pageerror", lambda error: foreign.append(str(error)))
    try:
        reached(page, f"{address}live")
        expect(page.locator(".kpi-value")).to_have_text("€150")
        expect(page.locator(".kpi img.sparkline")).to_be_visible()
        expect(page.locator(".js-plotly-plot .bars path")).to_have_count(2, timeout=30_000)
        page.get_by_label("Country").first.click()
        page.get_by_role("option", name="FR").click()
        expect(page.locator(".kpi-value")).to_have_text("€80")
        expect(page).to_have_url(f"{address}live?country=FR")
        expect(page.locator("td.number").first).to_have_text("€40")
        page.reload()
        expect(page.locator(".kpi-value")).to_have_text("€80")
        write_mart(project, "sales_monthly", SALES.replace("80.00", "90.00"))
        publish(project, "20260102T000000Z-b")
        page.get_by_role("button", name="Reset").click()
        expect(page.locator(".kpi-value")).to_have_text("€160")
        expect(page.get_by_text("20260102T000000Z-b").first).to_be_visible()
    finally:
        context.close()
    assert foreign == []
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (0, "")


def _wait_until_it_listens(port: int) -> None:
    """Asks until somebody answers; the test's own time limit ends it."""
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.01)  # asking all the time would take a core from the server


def test_without_a_release_or_streamlit_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pages(tmp_path / "reports", {"sales": PAGE})
    project = Project(root=tmp_path, lake=tmp_path / "lake")
    with pytest.raises(PlainError, match=r"no release to show\. Make one first: `till run`"):
        serve_dashboard(project, "127.0.0.1", 0, say=lambda _: None)
    monkeypatch.setitem(sys.modules, "streamlit", None)
    with pytest.raises(PlainError, match=r"pip install 'tillhouse\[dashboard\]'"):
        serve_dashboard(project, "127.0.0.1", 0, say=lambda _: None)
