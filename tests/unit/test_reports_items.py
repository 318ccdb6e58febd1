"""Charts and tables: which rows they draw, how they are grouped, and what is left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from configuration.errors import PlainError
from tests.unit.reports_folder import data_of, page_with, render

CHANNELS = """
select * from (values
    (date '2026-01-01', 'till', 10), (date '2026-01-01', 'web', 5), (date '2026-01-01', 'app', 1),
    (date '2026-02-01', 'till', 20), (date '2026-02-01', 'web', 6), (date '2026-02-01', null, 2)
) as t(month, channel, amount)
"""


def item(
    folder: Path, item: str, query: str, *, name: str = "it", site: str = ""
) -> dict[str, Any]:
    """What one item ships, given as YAML in one line."""
    items = f"      - {{id: it, title: It, dataset: rows, {item}}}\n"
    out = render(folder, {"test": page_with(items, dataset=query)}, site=site or "title: R\n")
    return dict(data_of(out, "test")[name])


def columns(entry: dict[str, Any]) -> dict[str, list[Any]]:
    return {column["label"]: column["raw"] for column in entry["frame"]["columns"]}


def html_of(folder: Path) -> str:
    return (folder / "site" / "test.html").read_text(encoding="utf-8")


def test_a_series_keeps_the_biggest_and_adds_up_the_rest(tmp_path: Path) -> None:
    entry = item(
        tmp_path,
        "type: chart, mark: bar, stack: true, x: {field: month}, y: [{field: amount}], "
        "series: {field: channel, max: 2}",
        CHANNELS,
    )
    assert columns(entry) == {
        "Month": ["2026-01-01", "2026-02-01"],
        "till": [10, 20],
        "web": [5, 6],
        "Other": [1, 2],  # the app, and rows without a channel
    }


def test_a_series_keeps_its_colour_when_its_rank_changes(tmp_path: Path) -> None:
    def colours(folder: Path, query: str) -> dict[str, str]:
        entry = item(
            folder,
            "type: chart, mark: line, x: {field: month}, y: [{field: amount}], series: {field: channel}",
            query,
        )
        names = [column["label"] for column in entry["frame"]["columns"]][1:]
        return dict(zip(names, entry["figure"]["colours"], strict=True))

    first = colours(tmp_path / "a", f"select * from ({CHANNELS}) where channel is not null")
    turned = colours(
        tmp_path / "b",
        f"select month, channel, -amount as amount from ({CHANNELS}) where channel is not null",
    )
    assert first == turned == {
        "app": "var(--series-1)", "till": "var(--series-2)", "web": "var(--series-3)",
    }  # fmt: skip


def test_a_heatmap_has_one_cell_per_pair_and_a_gap_where_there_is_none(tmp_path: Path) -> None:
    entry = item(
        tmp_path,
        "type: chart, mark: heatmap, x: {field: month}, y: {field: day, format: weekday}, value: {field: v}",
        "select * from (values (1, 7, 1.5), (1, 1, 2.5), (2, 7, 3.5)) as t(month, day, v)",
    )
    assert columns(entry) == {"Month": [1, 2], "Mon": [2.5, None], "Sun": [1.5, 3.5]}


def test_a_metric_is_computed_over_the_rows_of_each_point(tmp_path: Path) -> None:
    site = (
        "title: R\nmetrics:\n  n: {label: N, sql: sum(amount)}\n"
        "  share: {label: Share, sql: '{n} / count(*)', format: num1}\n"
    )
    entry = item(
        tmp_path,
        "type: chart, mark: line, x: {field: month}, y: [{metric: share}]",
        CHANNELS,
        site=site,
    )
    assert columns(entry)["Share"] == [pytest.approx(16 / 3), pytest.approx(28 / 3)]


def test_a_figure_that_cannot_be_added_up_is_not_added_up(tmp_path: Path) -> None:
    site = "title: R\nmetrics:\n  n: {label: N, sql: sum(amount), additive: false}\n"
    with pytest.raises(PlainError, match="'n' cannot be added up") as caught:
        item(
            tmp_path,
            "type: chart, mark: line, x: {field: month}, y: [{metric: n}]",
            CHANNELS,
            site=site,
        )
    assert "at the grain of the chart" in str(caught.value)


def test_dates_that_descend_are_drawn_all_the_same(tmp_path: Path) -> None:
    query = (
        "select cast(date '2026-01-01' + to_days(cast(40 * n as integer)) as date) as day, n "
        "from range(10) as t(n)"
    )
    items = (
        "      - {id: it, title: It, type: chart, mark: line, dataset: rows, "
        "x: {field: day}, y: [{field: n}]}\n"
    )
    text = page_with(items, dataset=query, order="day desc")
    entry = data_of(render(tmp_path, {"test": text}), "test")["it"]
    axis = entry["figure"]["x"]
    assert axis["range"] == ["2026-01-01", "2026-12-27"]
    assert [tick[1] for tick in axis["ticks"]][:2] == ["Jan<br>2026", "Mar"]


def test_a_chart_says_what_it_shows(tmp_path: Path) -> None:
    item(
        tmp_path,
        "type: chart, mark: bar, x: {field: month}, y: [{field: amount}]",
        "select * from (values (date '2026-01-01', 5), (date '2026-02-01', 9), (date '2026-03-01', 7)) "
        "as t(month, amount)",
    )
    assert (
        'aria-label="Bar chart. It. From 1 Jan 2026 to 1 Mar 2026. 3 points. highest 9 (1 Feb 2026), '
        'lowest 5 (1 Jan 2026), last 7 (1 Mar 2026)."'
    ) in html_of(tmp_path)


def test_rows_of_a_running_month_are_pale_and_named(tmp_path: Path) -> None:
    entry = item(
        tmp_path,
        "type: chart, mark: bar, faded: running, x: {field: month_start}, y: [{field: orders}]",
        "select month_start, orders, orders = 3 as running from sales_monthly",
    )
    assert entry["figure"]["traces"][0]["marker"]["opacity"] == [1, 1, 0.45]
    assert "not complete yet" in html_of(tmp_path)


def test_a_baseline_is_named_where_it_is_and_told_to_those_who_cannot_see_it(
    tmp_path: Path,
) -> None:
    entry = item(
        tmp_path,
        "type: chart, mark: bar, baseline: 4, baseline_label: Rent, x: {field: month_start}, "
        "y: [{field: orders}]",
        "select month_start, orders from sales_monthly",
    )
    (line,) = entry["figure"]["layout"]["shapes"]
    assert (line["y0"], line["y1"]) == (4, 4)
    (name,) = entry["figure"]["layout"]["annotations"]
    assert (name["text"], name["y"], name["xanchor"]) == ("Rent", 4, "left")
    assert "Rent: 4." in html_of(tmp_path)


TABLE = (
    "type: table, faded: part, columns: [{field: month_start}, {field: note, optional: true}, "
    "{field: net_revenue, format: currency2, total: true, bar: true, better: up}]"
)


def test_a_table_totals_to_the_cent_and_leaves_out_a_column_without_values(tmp_path: Path) -> None:
    item(
        tmp_path,
        TABLE,
        "select month_start, cast(null as varchar) as note, net_revenue + 0.10 as net_revenue, "
        "orders = 3 as part from sales_monthly",
    )
    html = html_of(tmp_path)
    assert "Note" not in html
    assert html.count('<tr class="pale">') == 1
    assert "A pale row is not complete yet." in html
    assert '<td>Total</td>\n      <td class="number">€370.30</td>' in html
    assert '<td class="number bar good" style="--share:100.0">€150.10</td>' in html


def test_a_long_table_shows_its_beginning_and_ships_all(tmp_path: Path) -> None:
    entry = item(tmp_path, "type: table, columns: [{field: n}]", "select n from range(250) as t(n)")
    html = html_of(tmp_path)
    assert html.count('<td class="number">') == 25
    assert "25 of 250 rows are shown; the download has all." in html
    assert columns(entry)["N"] == list(range(250))


def test_without_a_script_a_chart_is_a_table_of_its_last_rows(tmp_path: Path) -> None:
    item(
        tmp_path,
        "type: chart, mark: line, x: {field: n}, y: [{field: n2}]",
        "select n, n * n as n2 from range(70) as t(n)",
    )
    fallback = html_of(tmp_path).split("<noscript>")[-1].split("</noscript>")[0]
    assert fallback.count("<tr>") == 61
    assert '<td class="number">4,761</td>' in fallback  # 69 x 69
    assert "The last 60 of 70 rows." in fallback


def test_ties_are_ordered_by_all_columns(tmp_path: Path) -> None:
    query = "select * from (values (1, 'b'), (1, 'a'), (0, 'c')) as t(n, name)"
    entry = item(tmp_path, "type: table, columns: [{field: name}]", query)
    assert columns(entry)["Name"] == ["c", "a", "b"]
