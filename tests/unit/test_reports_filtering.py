"""What a page ships to be filtered, and which figures may not be."""

# ruff: noqa: E501 - a case per line
from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from configuration.errors import ConfigurationError
from reports.language.metrics import Metric
from reports.metric_trees import NoTreeError, tree_of
from reports.ranges import range_of
from tests.unit.reports_folder import PAGE as MONTHS
from tests.unit.reports_folder import render

PAGE = """\
title: Days
description: Days and channels.
filters:
  - {field: day, kind: date_range, label: Period, presets: [3m]}
  - {field: channel, kind: many, default: [web]}
datasets:
  days: {sql: "select day, channel, amount, people from days", order: [day, channel], filterable: true}
  whole: {mart: days, fields: [day, amount], where: amount > 1, order: [day]}
metrics:
  total: {label: Total, sql: sum(amount), format: currency0, target: 50}
  rows: {label: Rows, sql: count(*)}
  mean: {label: Mean, sql: "{total} / nullif({rows}, 0)", format: num1}
  people: {label: People, sql: sum(people), additive: false}
sections:
  - items:
      - {id: cards, type: kpis, dataset: days, time: day, grain: month, metrics: [total, mean]}
      - {id: line, type: chart, mark: line, title: Line, dataset: days, x: {field: day, grain: month}, y: [{metric: mean}]}
      - {id: table, type: table, title: Table, dataset: days, order: [total desc],
         columns: [{field: channel}, {metric: total, total: true}, {metric: mean, total: true}]}
      - {id: still, type: table, title: Still, dataset: whole, columns: [{field: day}, {field: amount}]}
"""
DAYS = """
select cast(day as date) as day, channel, amount, people from (values
    ('2026-01-05', 'web', 10, 1), ('2026-01-20', 'till', 2, 1), ('2026-02-03', 'web', 1, 1),
    ('2026-02-04', null, 20, 2)
) as t(day, channel, amount, people)
"""


def shipped(site: Path, page: str, function: str) -> list[Any]:
    """The arguments of each call of a function of the script in a page's data."""
    start = f"TILLHOUSE.{function}("
    lines = (site / "data" / f"{page}.js").read_text(encoding="utf-8").splitlines()
    calls = [
        line.removeprefix(start).removesuffix(");") for line in lines if line.startswith(start)
    ]
    return [json.loads(f"[{call}]") for call in calls]


def test_a_page_ships_its_rows_metrics_and_recipes(tmp_path: Path) -> None:
    site = render(tmp_path, {"days": PAGE}, days=DAYS)
    ((name, dataset),) = shipped(site, "days", "dataset")
    assert (name, dataset["rows"]) == ("days", 4)
    assert dataset["columns"] == {
        "day": {"type": "date", "values": [20458, 20473, 20487, 20488]},  # since 1970-01-01
        "channel": {"type": "text", "names": ["till", "web"], "values": [1, 0, 1, None]},
        "amount": {"type": "number", "values": [10, 2, 1, 20]},
    }
    ((metrics,),) = shipped(site, "days", "metrics")
    assert list(metrics) == ["total", "rows", "mean"]
    assert metrics["total"]["tree"] == {"op": "sum", "column": "amount"}
    assert metrics["total"]["target"] == 50
    ((filters,),) = shipped(site, "days", "filters")
    period, channel = filters["filters"]
    assert (period["first"], period["last"], period["default"]) == (
        "2026-01-05",
        "2026-02-04",
        "all",
    )
    assert [preset["name"] for preset in period["presets"]] == ["3m", "all"]
    assert (channel["values"], channel["default"]) == (["till", "web"], ["web"])
    assert filters["untouched"] == ["still"]
    assert set(filters["items"]) == {"cards", "line", "table"}
    assert filters["items"]["line"]["x"] == {
        "field": "day", "label": "Day", "format": "month", "grain": "month",
    }  # fmt: skip
    assert filters["items"]["table"]["by"] == ["day", "channel"]


def test_without_a_filter_the_figures_are_cut_to_their_grain_and_ratios_are_of_sums(
    tmp_path: Path,
) -> None:
    site = render(tmp_path, {"days": PAGE}, days=DAYS)
    calls = dict(shipped(site, "days", "add"))

    def raw(item: str) -> list[list[object]]:
        return [column["raw"] for column in calls[item]["frame"]["columns"]]

    assert raw("line") == [["2026-01-01", "2026-02-01"], [6, 10.5]]
    assert raw("cards") == [["2026-01-01", "2026-02-01"], [12, 21], [6, 10.5]]
    assert raw("table") == [[None, "web", "till"], [20, 11, 2], [20, 5.5, 2]]
    html = (site / "days.html").read_text(encoding="utf-8")
    assert '<td class="number">€33</td>' in html  # the total
    assert '<td class="number">8.3</td>' in html  # 33 / 4, not the mean of 20, 5.5 and 2
    assert '<span class="bad">42%</span> of €50' in html  # of the target, in February


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("y: [{metric: mean}]", "y: [{metric: people}]", "metric 'people' cannot be filtered: it cannot be added up."),
        ("{total} / nullif({rows}, 0)", "{total} / {people}", "metric 'people' in 'mean' cannot be filtered"),
        ("sql: count(*)", "sql: count(distinct channel)", "different values cannot be added up"),
        ("sql: count(*)", "sql: median(amount)", "median() is not computed in the page"),
        ("field: channel, kind", "field: chanel, kind", "there is no column 'chanel' in a dataset of this page. Did you mean 'channel'?"),
        ("field: channel, kind: many", "field: day, kind: many", "'day' in dataset 'days' is not a text but DATE"),
        (", filterable: true", "", "no filterable dataset has the column 'day'. Write `filterable: true` in the dataset 'days'."),
        ("default: [web]", "default: [wep]", "filter 'channel': there is no value 'wep'. Did you mean 'web'?"),
        ("presets: [3m]", "presets: [4m]", "'4m' is not known"),
        ("fields: [day, amount]", "fields: [day, amonut]", "there is no column 'amonut' in mart 'days'. Did you mean 'amount'?"),
        ("where: amount > 1", "where: amont > 1", 'dataset \'whole\': Referenced column "amont" not found'),
    ],
)  # fmt: skip
def test_what_cannot_be_filtered_is_an_error_and_not_a_wrong_figure(
    tmp_path: Path, before: str, after: str, expected: str
) -> None:
    assert before in PAGE
    with pytest.raises(Exception, match=r"days\.yml:") as caught:
        render(tmp_path, {"days": PAGE.replace(before, after, 1)}, days=DAYS)
    assert expected in str(caught.value)


def test_a_broken_dataset_is_told_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        render(tmp_path, {"days": PAGE.replace("people from days", "people from dayz")}, days=DAYS)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("sql", "tree"),
    [
        ("sum(a) filter (where c = 'x')", {"op": "sum", "column": "a", "where": {"column": "c", "equals": "x"}}),
        ("count(a)", {"op": "count", "column": "a"}),
        ("-max(a)", {"op": "negate", "args": [{"op": "max", "column": "a"}]}),
        ("coalesce({m}, 0) * 1.5", {"op": "*", "args": [
            {"op": "coalesce", "args": [{"op": "metric", "name": "m"}, {"op": "number", "value": 0}]},
            {"op": "number", "value": 1.5}]}),
    ],
)  # fmt: skip
def test_a_metric_becomes_a_tree(sql: str, tree: dict[str, Any]) -> None:
    assert tree_of(duckdb.connect(), Metric(label="M", sql=sql)) == tree


@pytest.mark.parametrize(
    "sql",
    ["avg(a)", "sum(a - b)", "sum(a) over ()", "sum(a) filter (where c > 1)", "a", "(select 1)"],
)
def test_what_has_no_tree_says_so(sql: str) -> None:
    with pytest.raises(NoTreeError):
        tree_of(duckdb.connect(), Metric(label="M", sql=sql))


@pytest.mark.parametrize(
    ("preset", "start", "end"),
    [
        ("7d", "2026-03-25", "2026-03-31"), ("1m", "2026-03-01", "2026-03-31"), ("mtd", "2026-03-01", "2026-03-31"),
        ("qtd", "2026-01-01", "2026-03-31"), ("ytd", "2026-01-01", "2026-03-31"), ("all", "2025-02-01", "2026-03-31"),
        ("last_month", "2026-02-01", "2026-02-28"), ("last_year", "2025-02-01", "2025-12-31"),
    ],
)  # fmt: skip
def test_presets_are_reckoned_from_the_last_day(preset: str, start: str, end: str) -> None:
    found = range_of(preset, date(2025, 2, 1), date(2026, 3, 31))
    assert [day.isoformat() for day in found] == [start, end]


@pytest.mark.parametrize(
    ("preset", "start"), [("1m", "2026-02-01"), ("3m", "2025-12-01"), ("12m", "2025-03-01")]
)
def test_months_back_from_a_months_end_are_whole_ones(preset: str, start: str) -> None:
    found = range_of(preset, date(2024, 1, 1), date(2026, 2, 28))
    assert [day.isoformat() for day in found] == [start, "2026-02-28"]


def test_presets_over_rows_of_whole_months_are_whole_months(tmp_path: Path) -> None:
    page = MONTHS.replace(
        "datasets:",
        "filters: [{field: month_start, kind: date_range, presets: [3m, 90d, ytd, last_month]}]\ndatasets:",
    ).replace("order: [month_start]\n", "order: [month_start]\n    filterable: true\n")
    months = """
        select cast(date '2025-01-01' + to_months(cast(n as integer)) as date) as month_start,
            1.0 as net_revenue, 1.0 as gross_revenue, 1 as orders
        from range(14) as t(n)
    """
    site = render(tmp_path, {"sales": page}, sales_monthly=months)
    text = (site / "data" / "sales.js").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("TILLHOUSE.filters("))
    (shipped,) = json.loads(line.removeprefix("TILLHOUSE.filters(").removesuffix(");"))["filters"]
    ranges = {one["name"]: (one["from"], one["to"]) for one in shipped["presets"]}
    assert ranges == {
        "3m": ("2025-12-01", "2026-02-28"),
        "90d": ("2025-12-01", "2026-02-28"),
        "ytd": ("2026-01-01", "2026-02-28"),
        "last_month": ("2026-01-01", "2026-01-31"),
        "all": ("2025-01-01", "2026-02-28"),
    }
    assert (shipped["grain"], shipped["last"]) == ("month", "2026-02-28")
