"""Marks of charts: what each computes, by hand-made figures."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from configuration.errors import ConfigurationError
from reports.charts.countries import countries
from reports.charts.map_classes import Scale, class_of, limits_of
from reports.charts.ticks import value_ticks
from reports.charts.treemap import squarified
from reports.formats import Formatter
from reports.render import render_site
from tests.browser.synthetic_marts import write_marts
from tests.unit.reports_folder import FACTS, page_with, render, write_pages
from tests.unit.test_reports_guide import BLOCKS, OUR_SITE
from tests.unit.test_reports_items import columns, html_of, item


def test_a_page_with_every_mark_is_drawn_twice_the_same(tmp_path: Path) -> None:
    pytest.importorskip("countryinfo")
    text = BLOCKS["pages/marks.yml"]
    marts = write_marts(tmp_path / "marts")
    found = []
    for site in (tmp_path / "a", tmp_path / "b"):
        render_site(write_pages(tmp_path, {"marks": text}, OUR_SITE), marts, FACTS, site)
        found.append((site / "marks.html").read_bytes() + (site / "data" / "marks.js").read_bytes())
    assert found[0] == found[1]
    assert b'class="empty"' not in found[0]


def test_bands_lie_behind_the_line_and_marked_points_have_a_ring(tmp_path: Path) -> None:
    entry = item(
        tmp_path,
        "type: chart, mark: line, x: {field: day}, y: [{field: v}], "
        "bands: [{lower: lo, upper: hi, label: Range}], marked: odd, marked_label: Odd",
        "select * from (values (date '2026-01-01', 5, 4, 6, false), (date '2026-01-02', 9, 3, 7, true)) "
        "as t(day, v, lo, hi, odd)",
    )
    assert columns(entry) == {
        "Day": ["2026-01-01", "2026-01-02"],
        "V": [5, 9],
        "Range, lower end": [4, 3],
        "Range, upper end": [6, 7],
        "Odd": [None, 9],
    }
    upper, lower, line, ring = entry["figure"]["traces"]
    assert [trace["y"] for trace in (upper, lower, line, ring)] == [{"$": i} for i in (3, 2, 1, 4)]
    assert lower["fill"] == "tonexty"
    assert ring["mode"] == "markers"
    assert "Odd: 1 (2 Jan 2026)" in html_of(tmp_path)


def test_bands_with_a_grain_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="`bands` go with columns as they are"):
        item(
            tmp_path,
            "type: chart, mark: line, x: {field: day, grain: month}, y: [{field: v}], "
            "bands: [{lower: v, upper: v}]",
            "select date '2026-01-01' as day, 1 as v",
        )


def test_shares_keep_the_values_and_reach_from_nothing_to_all(tmp_path: Path) -> None:
    entry = item(
        tmp_path,
        "type: chart, mark: bar, stack: share, x: {field: m}, y: [{field: v}], series: {field: c}",
        "select * from (values (1, 'a', 30), (1, 'b', 10)) as t(m, c, v)",
    )
    assert columns(entry) == {"M": [1], "a": [30], "b": [10]}
    assert entry["figure"]["layout"]["barnorm"] == "fraction"
    assert [tick[1] for tick in entry["figure"]["y"]["ticks"]] == [
        "0%",
        "25%",
        "50%",
        "75%",
        "100%",
    ]


def test_colours_of_a_scatter_end_and_the_legend_says_what_is_grey(tmp_path: Path) -> None:
    values = ", ".join(f"('p{n}', {n}, {n}, 'kind {n}')" for n in range(9))
    item(
        tmp_path,
        "type: chart, mark: scatter, name: {field: n}, x: {field: a}, y: {field: b}, colour: {field: k}",
        f"select * from (values {values}) as t(n, a, b, k)",
    )
    legend = html_of(tmp_path).split('class="legend"')[1].split("</ul>")[0]
    assert [f"kind {n}" in legend for n in range(9)] == [n < 6 for n in range(9)]
    assert "All others" in legend


def test_a_scatter_labels_what_stands_out(tmp_path: Path) -> None:
    entry = item(
        tmp_path,
        "type: chart, mark: scatter, name: {field: n}, x: {field: a}, y: {field: b}, labelled: 2",
        "select * from (values ('mid', 5, 5), ('high', 2, 10), ('right', 10, 1), ('none', null, 3)) "
        "as t(n, a, b)",
    )
    assert columns(entry)["N"] == ["high", "mid", "right"]  # a row without a number has no place
    shown = [one["text"] for one in entry["figure"]["layout"]["annotations"]]
    assert shown == ["high", "right", "↑ B"]


def test_a_box_ends_at_the_last_value_within_its_reach(tmp_path: Path) -> None:
    """1 to 9 and 100: quartiles 3.25, 5.5 and 7.75, reach 6.75, so that 100 lies outside."""
    entry = item(
        tmp_path,
        "type: chart, mark: box, x: {field: g}, value: {field: v}",
        "select 'a' as g, v from (values (1), (2), (3), (4), (5), (6), (7), (8), (9), (100)) as t(v)",
    )
    assert [column["raw"] for column in entry["frame"]["columns"]] == [
        ["a"], [1], [3.25], [5.5], [7.75], [9], [10],
    ]  # fmt: skip


def test_a_violin_is_symmetric_and_widest_where_most_values_are(tmp_path: Path) -> None:
    entry = item(
        tmp_path,
        "type: chart, mark: violin, x: {field: g}, value: {field: v}",
        "select 'a' as g, v from (values (0.0), (5.0), (5.0), (5.0), (10.0)) as t(v)",
    )
    outline = entry["figure"]["traces"][0]
    pairs = list(zip(outline["x"], outline["y"], strict=True))
    right = max(pairs)
    assert abs(right[1] - 5) < 0.3
    assert right[0] == pytest.approx(0.42)
    assert min(pairs)[0] == pytest.approx(-0.42)


def test_a_histogram_counts_each_value_once(tmp_path: Path) -> None:
    entry = item(
        tmp_path,
        "type: chart, mark: histogram, value: {field: v}, classes: 4",
        "select v from (values (0.0), (9.9), (10.0), (35.0), (40.0), (null)) as t(v)",
    )
    assert [column["raw"] for column in entry["frame"]["columns"][1:]] == [
        [0, 10, 20, 30], [10, 20, 30, 40], [2, 1, 0, 2],
    ]  # fmt: skip


def test_an_open_class_is_pale_and_lines_stand_at_their_values(tmp_path: Path) -> None:
    entry = item(
        tmp_path,
        "type: chart, mark: histogram, counted: {lower: lo, upper: hi, count: n}, "
        "lines: [{field: middle, label: Median}]",
        "select * from (values (null, 10, 1, 12), (10, 20, 7, 12), (20, null, 2, 12)) "
        "as t(lo, hi, n, middle)",
    )
    (trace,) = entry["figure"]["traces"]
    assert (trace["x"], trace["width"]) == ([5, 15, 25], [10, 10, 10])
    assert trace["marker"]["opacity"] == [0.45, 1, 0.45]
    assert columns(entry)["Range"] == ["below 10", "10 \u2013 19", "20 and more"]
    layout = entry["figure"]["layout"]
    assert (layout["shapes"][0]["x0"], layout["shapes"][0]["x1"]) == (12, 12)
    names = [(name["text"], name["x"]) for name in layout["annotations"]]
    assert names == [("Median 12", 12), ("below 10", 0), ("20 and more", 30)]
    assert "Median 12." in html_of(tmp_path)


def test_bars_of_one_whole_number_stand_at_it(tmp_path: Path) -> None:
    entry = item(
        tmp_path,
        "type: chart, mark: histogram, counted: {lower: lo, upper: hi, count: n}",
        "select * from (values (1, 2, 4), (2, 3, 9)) as t(lo, hi, n)",
    )
    assert entry["figure"]["traces"][0]["x"] == [1, 2]
    assert [tick[0] for tick in entry["figure"]["x"]["ticks"]] == [1, 2]
    assert columns(entry)["Range"] == ["1", "2"]


def test_lying_boxes_over_decades_have_a_logarithmic_axis(tmp_path: Path) -> None:
    query = (
        "select * from (values ('A', 5.0, 20.0, 50.0, 90.0, 3000.0), ('B', {least}, 2.0, 3.0, 4.0, 5.0)) "
        "as t(name, a, b, c, d, e)"
    )
    drawn = (
        "type: chart, mark: box, scale: log, horizontal: true, x: {field: name}, "
        "quantiles: {lowerfence: a, q1: b, median: c, q3: d, upperfence: e}"
    )
    figure = item(tmp_path / "above", drawn, query.format(least="1.5"))["figure"]
    (trace,) = figure["traces"]
    assert (trace["orientation"], trace["y"], "x" in trace) == ("h", {"$index": True}, False)
    assert figure["x"]["kind"] == "log"
    assert figure["x"]["range"] == [0, pytest.approx(3.69897)]  # from 1 to 5,000
    assert [tick[0] for tick in figure["x"]["ticks"]] == [1, 10, 100, 1000]
    assert figure["y"]["range"] == [1.5, -0.5]
    # Nothing of a zero could be shown, so the axis stays as it is.
    assert (
        item(tmp_path / "zero", drawn, query.format(least="0.0"))["figure"]["x"]["kind"] == "value"
    )


def test_long_numbers_on_an_axis_are_short() -> None:
    written = Formatter("en_GB", "EUR")
    ticks = value_ticks([0.0, 2_000_000.0], "num2", written, zero=True)
    assert [tick.text for tick in ticks] == ["0", "500K", "1M", "1.5M", "2M"]
    assert [tick.text for tick in value_ticks([0.0, 2.0], "num2", written, zero=True)][-1] == "2.0"


def test_a_cohort_has_no_cell_for_what_is_not_over(tmp_path: Path) -> None:
    entry = item(
        tmp_path,
        "type: chart, mark: cohort, y: {field: c}, x: {field: n}, value: {field: r, format: rate0}, size: s",
        "select * from (values ('a', 0, 1.0, 40), ('a', 1, 0.25, 40), ('b', 0, 1.0, 30)) as t(c, n, r, s)",
    )
    assert columns(entry) == {"C": ["a", "b"], "Size": [40, 30], "0": [1, 1], "1": [0.25, None]}
    html = html_of(tmp_path)
    assert "25%</td></tr>" in html
    assert "100%</td><td></td></tr>" in html


def test_a_pareto_adds_up_and_names_the_classes(tmp_path: Path) -> None:
    """70, 20, 6 and 4 of 100: what comes before 'b' is 70 per cent, before 'c' 90, before 'd' 96."""
    entry = item(
        tmp_path,
        "type: chart, mark: pareto, x: {field: n}, value: {field: v}, max: 3",
        "select * from (values ('a', 70), ('b', 20), ('c', 6), ('d', 4), ('e', 0)) as t(n, v)",
    )
    found = columns(entry)
    assert found["N"] == ["a", "b", "c", "All others"]
    assert found["V"] == [70, 20, 6, 4]
    assert found["Cumulative share"] == pytest.approx([0.7, 0.9, 0.96, 1.0])
    assert found["Class"] == ["A", "A", "B", None]


def test_boxes_of_a_treemap_are_as_big_as_their_values() -> None:
    boxes = squarified([6, 6, 4, 3, 2, 2, 1], (0, 0, 6, 4))
    assert [round(width * height, 9) for _, _, width, height in boxes] == [6, 6, 4, 3, 2, 2, 1]
    assert boxes[:2] == [(0, 0, 3, 2), (0, 2, 3, 2)]  # the example of the paper


def test_a_waterfall_stands_on_what_there_was(tmp_path: Path) -> None:
    entry = item(
        tmp_path,
        "type: chart, mark: waterfall, x: {field: s}, value: {field: v}, total: t",
        "select * from (values (1, 'gross', 120, true), (2, 'returns', -20, false), (3, 'net', 100, true)) "
        "as x(n, s, v, t)",
    )
    trace = entry["figure"]["traces"][0]
    assert trace["base"] == [0, 120, 0]
    assert trace["y"] == [120, -20, 100]
    assert columns(entry)["Afterwards"] == [120, 100, 100]


def test_a_funnel_tells_what_is_left(tmp_path: Path) -> None:
    entry = item(
        tmp_path,
        "type: chart, mark: funnel, x: {field: s}, value: {field: v}",
        "select * from (values (1, 'seen', 200), (2, 'bought', 50), (3, 'again', 10)) as x(n, s, v)",
    )
    found = columns(entry)
    assert found["Of the first"] == [1, 0.25, 0.05]
    assert found["Of the one before"] == [None, 0.25, 0.2]


def test_a_map_colours_countries_and_names_what_it_cannot_show(tmp_path: Path) -> None:
    pytest.importorskip("countryinfo")
    item(
        tmp_path,
        "type: chart, mark: map, country: {field: c}, value: {field: v}, area: europe",
        "select * from (values ('DE', 10), ('MT', 4), ('ES', 1), ('US', 7), ('ZZ', 2)) as t(c, v)",
    )
    html = html_of(tmp_path)
    steps = ((4, "DE: 10"), (1, "MT: 4"), (0, "ES: 1"))
    shown = [f'class="h{step}" tabindex="0" role="img" aria-label="{told}"' for step, told in steps]
    assert [html.count(one) for one in shown] == [1, 1, 1]
    assert "Not on the map: US (7), ZZ (2)" in html
    assert [
        f"</span>{one}</li>" in html for one in ("less than 3: ES", "3 to 5: MT", "8 and more: DE")
    ] == [True] * 3
    assert "http" not in html.split('<svg class="map"')[1].split("</svg>")[0]


def test_the_shares_of_a_pareto_chart_do_not_depend_on_the_order_of_adding_up(
    tmp_path: Path,
) -> None:
    rows = "select n, cast(1 + n % 7 as decimal(18, 2)) as v from range(3001) as t(n)"
    marts = {"m": rows}
    page = page_with(
        "      - {id: p, type: chart, mark: pareto, title: P, dataset: rows, x: {field: n}, "
        "value: {field: v}, max: 2}\n",
        dataset=rows,
    )
    site = render(tmp_path, {"page": page}, **marts)
    found = duckdb.sql(
        f"select share, cumulative_share from '{site}/data/page.p.parquet'"
    ).fetchall()
    total = sum(1 + n % 7 for n in range(3001))
    assert found == [(7 / total, 7 / total), (7 / total, 14 / total), ((total - 14) / total, 1.0)]


def test_a_map_shows_the_part_of_the_world_that_has_most(tmp_path: Path) -> None:
    pytest.importorskip("countryinfo")
    item(
        tmp_path,
        "type: chart, mark: map, country: {field: c}, value: {field: v}, area: auto",
        "select * from (values ('DE', 10), ('FR', 8), ('JP', 12)) as t(c, v)",
    )
    assert "Not on the map: JP (12)" in html_of(tmp_path)


@pytest.mark.parametrize(
    ("scale", "values", "limits"),
    [
        ("linear", [0, 100], [20, 40, 60, 80]),
        ("log", [1, 100_000], [10, 100, 1_000, 10_000]),
        ("log", [-5, 5], [-3, -1, 1, 3]),  # no ratio to a loss: as wide as each other
        ("linear", [0.981, 0.989], [0.983, 0.984, 0.986, 0.987]),
        ("quantile", [1, 2, 30, 41, 570, 580, 6000, 8100, 90_000, 95_000], [20, 300, 3000, 50_000]),
        ("quantile", [3, 3, 3, 3, 9], [6]),
        ("quantile", [7, 7], []),
        ("log", [], []),
    ],
)
def test_classes_of_a_map_end_at_round_numbers(
    scale: Scale, values: list[float], limits: list[float]
) -> None:
    assert limits_of(values, scale) == pytest.approx(limits)


def test_a_value_on_a_limit_is_in_the_class_above() -> None:
    assert [class_of(value, [10, 20]) for value in (9.9, 10, 19.9, 20)] == [0, 1, 1, 2]


def test_every_country_of_europe_has_an_outline() -> None:
    pytest.importorskip("countryinfo")
    drawn = countries()
    states = (
        "AL AT BA BE BG BY CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LT LU LV MD ME MK NL NO PL PT RO "
        "RS SE SI SK UA"
    )
    assert [code for code in states.split() if not drawn[code].path] == []
    for code in ("HU", "ME", "MM", "RS"):  # whose outlines are ours: around their middles
        left, top, right, bottom = drawn[code].box
        x, y = drawn[code].middle
        assert left < x < right
        assert top < y < bottom
