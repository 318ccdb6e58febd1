"""Targets, lines, annotations, folds, expectations, themes: what they draw and what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from configuration.errors import ConfigurationError, PlainError
from reports.language.theme import contrast
from tests.unit.reports_folder import data_of, page_with, render

SITE = """\
title: Reports
metrics:
  revenue: {label: Revenue, sql: sum(net_revenue), format: currency0, target: 160}
  aimed: {label: Aimed, sql: sum(net_revenue), format: currency0, target: aim}
  free: {label: Free, sql: sum(net_revenue)}
annotations:
  - {date: 2026-02-01, text: "Fair <b>", tags: [fair]}
  - {date: 2025-02-01, text: Long ago}
"""
ROWS = "select month_start, net_revenue, 100 + orders as aim from sales_monthly"
LINE = "x: {field: month_start}, y: [{metric: revenue}]"


def drawn(folder: Path, items: str, *, site: str = SITE, query: str = ROWS) -> Path:
    return render(folder, {"test": page_with(items, dataset=query)}, site=site)


def text_of(site: Path) -> str:
    return (site / "test.html").read_text(encoding="utf-8")


def test_a_card_says_how_much_of_its_target_is_reached(tmp_path: Path) -> None:
    items = "      - {id: k, type: kpis, dataset: rows, time: month_start, metrics: [revenue, aimed, free]}\n"
    html = text_of(drawn(tmp_path, items))
    assert '<span class="bad">75%</span> of €160' in html  # 120 of 160
    assert '<span class="good">117%</span> of €103' in html  # 120 of 100 + 3, the last month's
    assert html.count("kpi-target") == 2


def test_reference_lines_are_drawn_at_their_values_and_named(tmp_path: Path) -> None:
    lines = (
        "[{value: 40, label: Rent}, {target: revenue}, {mean: true}, {target: aimed, label: Aim}]"
    )
    items = (
        f"      - {{id: c, type: chart, mark: line, title: C, dataset: rows, {LINE}, "
        f"reference_lines: {lines}, annotations: []}}\n"
    )
    site = drawn(tmp_path, items)
    layout = data_of(site, "test")["c"]["figure"]["layout"]
    assert [shape["y0"] for shape in layout["shapes"]] == [40, 160, pytest.approx(370 / 3), 103]
    names = {name["text"]: (name["y"], name["xanchor"]) for name in layout["annotations"]}
    assert names == {
        "Rent": (40, "left"),
        "Aim": (103, "left"),
        "Mean": (pytest.approx(370 / 3), "left"),
        "Target: Revenue": (160, "left"),
    }
    for told in ("Rent: €40", "Target: Revenue: €160", "Mean: €123", "Aim: €103"):
        assert told in text_of(site)


def test_names_of_two_close_lines_stand_at_both_ends(tmp_path: Path) -> None:
    lines = "[{value: 100, label: Rent}, {value: 104, label: Wages}, {value: 108, label: Goods}]"
    items = (
        f"      - {{id: c, type: chart, mark: line, title: C, dataset: rows, {LINE}, "
        f"reference_lines: {lines}, annotations: []}}\n"
    )
    found = data_of(drawn(tmp_path, items), "test")["c"]["figure"]["layout"]["annotations"]
    assert [(name["text"], name["x"], name["xanchor"]) for name in found] == [
        ("Rent", 0, "left"), ("Wages", 1, "right"), ("Goods", 0, "left"),
    ]  # fmt: skip


def test_charts_over_dates_share_annotations_by_tag(tmp_path: Path) -> None:
    items = "".join(
        f"      - {{id: {name}, type: chart, mark: {mark}, title: C, dataset: rows, {LINE}{tags}}}\n"
        for name, mark, tags in (
            ("all", "line", ""), ("bars", "bar", ""), ("fair", "line", ", annotations: [fair]"),
            ("none", "line", ", annotations: []"), ("other", "line", ", annotations: [sale]"),
        )
    )  # fmt: skip
    site = drawn(tmp_path, items)
    layouts = {name: entry["figure"]["layout"] for name, entry in data_of(site, "test").items()}
    places = {
        name: [note["x"] for note in layout.get("annotations", [])]
        for name, layout in layouts.items()
    }
    day = "2026-02-01"
    assert places == {"all": [day], "bars": [1], "fair": [day], "none": [], "other": []}
    html = text_of(site)
    assert html.count("<li>1 Feb 2026: Fair &lt;b&gt;</li>") == 3
    assert "Long ago" not in html


def test_a_fold_holds_text_and_items_and_a_sheet_begins_where_it_is_asked(tmp_path: Path) -> None:
    items = """\
      - type: details
        id: more
        title: More
        text: "It is **{rows.net_revenue}**."
        print: {break_before: true}
        items:
          - {id: inner, type: table, title: Inner, dataset: rows, columns: [{field: aim}]}
"""
    site = drawn(tmp_path, items)
    html = text_of(site)
    fold = html.split('<details class="item card fold')[1]
    assert fold.startswith(' w12 sheet" id="more">')
    assert "<strong>€100</strong>" in fold
    assert 'id="inner"' in fold
    assert list(data_of(site, "test")) == ["inner"]


EXPECT = "    expect: {min_rows: 4, not_null: [note], max_age: 30d}\n"


def test_what_is_not_as_expected_is_told_or_stops_the_build(tmp_path: Path) -> None:
    items = "      - {type: table, title: T, dataset: rows, columns: [{field: note}]}\n"
    query = "select month_start, case when orders > 3 then 'x' end as note from sales_monthly"
    page = page_with(items, dataset=query).replace("sections:", f"{EXPECT}sections:")
    html = text_of(render(tmp_path, {"test": page}))
    assert "“rows” has 3 rows, fewer than the 4 expected." in html
    assert "In “rows”, 1 rows have no value in note." in html
    assert "ends on 1 Mar 2026; it should be at most 30 days old." in html
    strict = page.replace("max_age: 30d", "max_age: 30d, otherwise: error")
    with pytest.raises(PlainError) as caught:
        render(tmp_path / "strict", {"test": strict})
    assert caught.value.exit_code == 1
    assert len(str(caught.value).splitlines()) == 3
    assert not (tmp_path / "strict" / "site").exists()


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_an_owner_chooses_colours_that_can_be_read(tmp_path: Path) -> None:
    items = "      - {type: text, text: Hello}\n"
    site = (
        "title: R\ntheme: {mode: dark, light: {accent: '#1d4fc4'}, dark: {series: ['#60a5fa']}}\n"
    )
    html = text_of(drawn(tmp_path, items, site=site))
    assert ':root[data-theme="light"]{--accent:#1d4fc4;--accent-ink:#1d4fc4}' in html
    assert 'data-preference="dark"' in html
    with pytest.raises(
        ConfigurationError, match=r"light\.accent #ffee00 has a contrast of 1\.2 to 1"
    ):
        drawn(tmp_path, items, site=site.replace("#1d4fc4", "#ffee00"))


def test_a_page_may_speak_another_language_than_the_site(tmp_path: Path) -> None:
    items = (
        "      - {id: t, type: table, title: T, dataset: rows, columns: [{field: net_revenue}]}\n"
    )
    page = page_with(items, dataset=ROWS)
    german = page.replace("title: Test\n", "title: Test\nlocale: de\ncurrency: CHF\n")
    site = render(tmp_path, {"test": page, "german": german})
    assert "€100" in text_of(site)
    html = (site / "german.html").read_text(encoding="utf-8")
    assert '<html lang="de"' in html
    assert "100\N{NO-BREAK SPACE}CHF" in html


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("type: kpis, metrics: [revenu]", "there is no metric 'revenu'. Did you mean 'revenue'?"),
        (f"type: chart, mark: line, title: C, {LINE}, reference_lines: [{{target: free}}]", "has no target"),
        (f"type: chart, mark: line, title: C, {LINE}, reference_lines: [{{}}]", "name one of `value`"),
        ("type: table, title: T, columns: [{}]", "name either a `field` or a `metric`"),
        ("type: chart, mark: line, title: C, x: {field: aim, grain: month}, y: [{field: aim}]", "not a date"),
    ],
)  # fmt: skip
def test_slips_in_items_are_told(tmp_path: Path, item: str, expected: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        drawn(tmp_path, f"      - {{id: i, dataset: rows, {item}}}\n")
    assert expected in str(caught.value)
