"""Figures beside earlier ones: changes by hand, and no comparison that misleads."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from configuration.errors import PlainError
from reports.formats import Formatter, Value
from reports.kpis import change_between, earlier
from reports.language.metrics import Metric
from reports.language.names import Better
from tests.unit.reports_folder import data_of, page_with, render

FORMATTER = Formatter("en_GB", "EUR")
SITE = """\
title: Reports
metrics:
  gross: {label: Gross, sql: sum(gross_revenue), format: currency0}
  returns: {label: Returns, sql: sum(returns_amount), format: currency0, better: down}
  orders: {label: Orders, sql: sum(orders), format: int}
  average: {label: Average, sql: "{gross} / nullif({orders}, 0)", format: currency2}
  rate: {label: Rate, sql: "{returns} / nullif({gross}, 0)", format: rate1, better: down}
  people: {label: People, sql: sum(orders), format: int, additive: false}
"""


def change(now: Value, before: Value, form: str = "int", better: Better = "up") -> tuple[str, str]:
    metric = Metric.model_validate({"label": "M", "sql": "1", "format": form, "better": better})
    found = change_between(now, before, metric, "then", FORMATTER, "new")
    return (found.text, found.tone) if found else ("", "")


@pytest.mark.parametrize(
    ("now", "before", "better", "expected"),
    [
        (120, 100, "up", ("+20.0%", "good")),
        (120, 100, "down", ("+20.0%", "bad")),
        (80, 100, "up", ("\N{MINUS SIGN}20.0%", "bad")),
        (80, 100, "down", ("\N{MINUS SIGN}20.0%", "good")),
        (80, 100, "neutral", ("\N{MINUS SIGN}20.0%", "neutral")),
        (100, 100, "up", ("0.0%", "neutral")),
        (-50, -100, "up", ("+50.0%", "good")),
        (5, 0, "up", ("new", "neutral")),
        (0, 0, "up", ("", "")),
        (None, 5, "up", ("", "")),
        (5, None, "up", ("", "")),
        (float("nan"), 5, "up", ("", "")),
    ],
)
def test_a_change_is_in_per_cent_of_the_earlier_value(
    now: Value, before: Value, better: Better, expected: tuple[str, str]
) -> None:
    assert change(now, before, better=better) == expected


def test_a_rate_changes_in_points() -> None:
    assert change(0.05, 0.03, "rate1", "down") == ("+2.0 pp", "bad")


@pytest.mark.parametrize(
    ("day", "grain", "compare", "expected"),
    [
        (date(2026, 3, 1), "month", "previous", date(2026, 2, 1)),
        (date(2026, 1, 1), "month", "previous", date(2025, 12, 1)),
        (date(2026, 1, 1), "month", "previous_year", date(2025, 1, 1)),
        (date(2026, 1, 1), "quarter", "previous", date(2025, 10, 1)),
        (date(2026, 1, 1), "year", "previous", date(2025, 1, 1)),
        (date(2026, 1, 5), "week", "previous", date(2025, 12, 29)),
        (date(2026, 1, 5), "week", "previous_year", date(2025, 1, 6)),
        (date(2026, 3, 2), "30 days", "previous", date(2026, 1, 31)),
        (date(2024, 2, 29), "day", "previous_year", date(2023, 2, 28)),
    ],
)
def test_the_earlier_period_begins_where_it_should(
    day: date, grain: str, compare: str, expected: date
) -> None:
    assert earlier(day, grain, compare) == expected


def page(folder: Path, *, incomplete: str = "false", query: str = "", more: str = "") -> str:
    query = query or f"select *, {incomplete} as part from sales_monthly"
    items = (
        "      - {id: figures, type: kpis, dataset: rows, time: month_start, incomplete: part, "
        f"metrics: [gross, average, rate]{more}}}\n"
    )
    site = render(folder, {"kpis": page_with(items, dataset=query)}, site=SITE)
    return (site / "kpis.html").read_text(encoding="utf-8")


def test_cards_show_the_last_period_and_metrics_compose(tmp_path: Path) -> None:
    html = page(tmp_path)
    # March: gross 150, orders 3, returns 30; February: gross 150, orders 5, returns 0.
    for value in (">€150</p>", ">€50.00</p>", ">20.0%</p>", "+66.7%", "+20.0 pp"):
        assert value in html
    assert html.count("vs Feb 2026") == 3
    assert "vs Mar 2025" not in html  # the data does not reach back so far


def test_a_period_that_is_not_complete_is_not_compared_with(tmp_path: Path) -> None:
    html = page(tmp_path, incomplete="month_start = date '2026-02-01'")
    assert "Not compared with Feb 2026, whose data is not complete." in html
    assert "vs Feb 2026" not in html
    assert ">€150</p>" in html


def test_a_running_period_is_not_compared_with_whole_ones(tmp_path: Path) -> None:
    html = page(tmp_path, incomplete="month_start = date '2026-03-01'")
    assert "Not compared with earlier: the data of Mar 2026 is not complete." in html
    assert "vs " not in html


def test_windows_are_named_by_their_length_and_not_by_a_day(tmp_path: Path) -> None:
    query = (
        "select cast(date '2026-03-01' + to_days(cast(30 * n as integer)) as date) as month_start, "
        "10 * n as gross_revenue, 0 as returns_amount, 1 as orders, false as part from range(1, 4) as t(n)"
    )
    html = page(tmp_path, query=query, more=", grain: 30 days")
    assert html.count("vs the 30 days before") == 3


def test_a_figure_that_cannot_be_added_up_is_refused_over_several_rows(tmp_path: Path) -> None:
    items = "      - {type: kpis, dataset: rows, time: month_start, metrics: [people]}\n"
    twice = "select * from sales_monthly union all select * from sales_monthly"
    with pytest.raises(PlainError, match="'people' cannot be added up") as caught:
        render(tmp_path, {"kpis": page_with(items, dataset=twice)}, site=SITE)
    assert "kpis.yml:9:22: " in str(caught.value)
    assert "one row per period" in str(caught.value)


def test_the_rows_behind_the_cards_are_shipped_exactly(tmp_path: Path) -> None:
    page(tmp_path)
    columns = data_of(tmp_path / "site", "kpis")["figures"]["frame"]["columns"]
    assert [column["raw"] for column in columns] == [
        ["2026-01-01", "2026-02-01", "2026-03-01"],
        [110, 150, 150],
        [27.5, 30, 50],
        [0.09090909091, 0, 0.2],
    ]
