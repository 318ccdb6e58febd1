"""Ranges over rows of whole months: they are whole months, and so is what they are compared with."""

# ruff: noqa: RUF001 - a span of days has a dash of its own.
from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitors
from tests.unit.reports_folder import PAGE, render

# January 2024 to February 2026: the net revenue of a month is its place, 1 to 26.
MONTHS = """
select cast(date '2024-01-01' + to_months(cast(n as integer)) as date) as month_start,
    n + 1.0 as net_revenue, n + 1.0 as gross_revenue, 1 as orders
from range(26) as t(n)
"""


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> Path:
    page = PAGE.replace(
        "datasets:",
        "filters: [{field: month_start, kind: date_range, presets: [3m]}]\ndatasets:",
    ).replace("order: [month_start]\n", "order: [month_start]\n    filterable: true\n")
    folder = tmp_path_factory.mktemp("months")
    return render(folder, {"sales": page}, sales_monthly=MONTHS)


@pytest.mark.parametrize(
    ("query", "value", "compared", "told"),
    [
        # December to February, 24 + 25 + 26, against September to November, 21 + 22 + 23.
        ("?period=3m", "€75", "+13.6%", "vs the 3 months before"),
        # Days within a month are that month: February of 2025 against the January before it.
        ("?from=2025-02-10&to=2025-02-20", "€14", "+7.7%", "vs the month before"),
        ("?period=3m&compare=previous_year", "€75", "+92.3%", "vs the year before"),
    ],
)
def test_a_range_is_of_whole_months_and_compared_with_as_many(
    visit: Visitors, months: Path, query: str, value: str, compared: str, told: str
) -> None:
    page = visit(months).open("sales", query)
    expect(page.locator(".kpi-value")).to_have_text(value)
    expect(page.locator(".kpi-change")).to_have_text(f"▲ {compared} {told}")


def test_the_navigation_takes_the_filters_along(visit: Visitors, months: Path) -> None:
    page = visit(months).open("sales", "?period=3m")
    link = page.get_by_role("navigation").get_by_role("link", name="Sales")
    assert link.get_attribute("href") == "sales.html?period=3m"
    page.get_by_role("button", name="Reset").click()
    expect(link).to_have_attribute("href", "sales.html")


def test_what_is_typed_becomes_whole_months(visit: Visitors, months: Path) -> None:
    page = visit(months).open("sales")
    page.locator(".filter summary").click()
    page.get_by_role("textbox", name="From").fill("2025-11-17")
    page.get_by_role("textbox", name="To").fill("2026-01-02")
    expect(page.locator(".filtered")).to_have_text(
        "Filtered: Month start: 1 Nov 2025 – 31 Jan 2026"
    )
    assert page.url.endswith("?from=2025-11-01&to=2026-01-31")
