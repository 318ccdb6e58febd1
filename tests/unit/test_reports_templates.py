"""Pages for each of something: their rows, their names, and how they are found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from configuration.errors import ConfigurationError
from reports.page_addresses import file_stems
from tests.unit.reports_folder import data_of, render

TEMPLATE = """\
title: "About {title}"
description: "How {title} sells."
for_each: {dataset: things, key: thing, title: name, where: amount > 0}
datasets:
  things: {sql: "select thing, name, amount from things", order: [amount desc]}
  months: {sql: "select thing, month, channel, amount from lines", order: [month]}
metrics:
  total: {label: Total, sql: sum(amount)}
sections:
  - items:
      - {id: cards, type: kpis, dataset: months, time: month, metrics: [total]}
      - {id: bars, type: chart, mark: bar, title: Bars, dataset: months, x: {field: month},
         y: [{metric: total}]}
      - {id: parts, type: chart, mark: line, title: Parts, dataset: months, x: {field: month},
         y: [{metric: total}], series: {field: channel, max: 1}}
      - {id: said, type: text, text: "{title} ({key}): {things.amount:int}"}
"""
LIST = """\
title: All
description: All of them.
datasets:
  things: {sql: "select thing, name, amount from things", order: [amount desc]}
sections:
  - items:
      - {id: t, type: table, title: T, dataset: things,
         columns: [{field: name, link: {page: thing, key: thing}}]}
      - {id: c, type: chart, mark: bar, title: C, dataset: things, x: {field: name}, y: [{field: amount}],
         link: {page: thing, key: thing}}
"""
THINGS = """
select * from (values ('A1', 'Tea', 3), ('B/2', 'Cup', 9), ('Z', 'Gone', 0)) as t(thing, name, amount)
"""
LINES = """
select thing, cast(month as date) as month, channel, amount from (values
    ('A1', '2026-01-01', 'web', 5), ('A1', '2026-01-01', 'till', 1), ('A1', '2026-02-01', 'web', 2),
    ('B/2', '2026-02-01', 'web', 10), ('B/2', '2026-02-01', 'till', 30)
) as t(thing, month, channel, amount)
"""


def test_the_pages_of_a_template_ship_no_parquet_and_offer_none(tmp_path: Path) -> None:
    site = render(tmp_path, {"thing": TEMPLATE, "all": LIST}, things=THINGS, lines=LINES)
    assert [path.name for path in (site / "data").glob("thing-*.parquet")] == []
    child = (site / "thing-a1.html").read_text(encoding="utf-8")
    assert "data-csv" in child
    assert ".parquet" not in child
    assert ".parquet" in (site / "all.html").read_text(encoding="utf-8")


def test_values_in_the_markdown_of_a_template_are_those_of_each_page(tmp_path: Path) -> None:
    said = "**{things.amount:int}** of {title}[[, in {months.month:month}]]"
    text = TEMPLATE.replace("{title} ({key}): {things.amount:int}", said)
    lines = LINES.replace("'B/2', '2026-02-01'", "'B/2', null")
    things = THINGS.replace("'Cup'", "'<b>Cup</b>'")
    site = render(tmp_path, {"thing": text}, things=things, lines=lines)
    first, second = (
        (site / f"thing-{key}.html").read_text(encoding="utf-8") for key in ("a1", "b-2")
    )
    assert "<strong>3</strong> of Tea, in Jan 2026" in first
    assert "<strong>9</strong> of &lt;b&gt;Cup&lt;/b&gt;</p>" in second


def test_each_page_has_its_rows_alone_and_the_list_leads_to_it(tmp_path: Path) -> None:
    site = render(tmp_path, {"thing": TEMPLATE, "all": LIST}, things=THINGS, lines=LINES)
    assert sorted(path.name for path in site.glob("thing*.html")) == [
        "thing-a1.html", "thing-b-2.html", "thing.html",
    ]  # fmt: skip

    def raw(page: str, item: str) -> dict[str, list[object]]:
        columns = data_of(site, page)[item]["frame"]["columns"]
        return {column["label"]: column["raw"] for column in columns}

    assert raw("thing-a1", "bars") == {"Month": ["2026-01-01", "2026-02-01"], "Total": [6, 2]}
    assert raw("thing-b-2", "bars") == {"Month": ["2026-02-01"], "Total": [40]}
    # The biggest series is another one on each page.
    assert list(raw("thing-a1", "parts")) == ["Month", "web", "Other"]
    assert list(raw("thing-b-2", "parts")) == ["Month", "till", "Other"]
    html = (site / "thing-a1.html").read_text(encoding="utf-8")
    assert "<h1>About Tea</h1>" in html
    assert "<p>Tea (A1): 3</p>" in html
    navigation = re.findall(r'<a href="(\S+)\.html"(?: aria-current="page")?>', html)
    assert "thing" in navigation
    assert not [one for one in navigation if one.startswith("thing-")]
    listed = (site / "thing.html").read_text(encoding="utf-8")
    assert re.findall(r'href="(thing-\S+)"', listed) == ["thing-b-2.html", "thing-a1.html"]
    linked = (site / "all.html").read_text(encoding="utf-8")
    assert '<a href="thing-b-2.html" data-keep>Cup</a>' in linked
    assert "<td>Gone</td>" in linked  # a row without a page leads nowhere
    for item in ("t", "c"):
        hrefs = data_of(site, "all")[item]["frame"]["columns"][0]["href"]
        assert hrefs == ["thing-b-2.html", "thing-a1.html", None]


def test_hostile_keys_and_titles_are_safe_names_and_plain_text(tmp_path: Path) -> None:
    keys = ["../../etc/passwd", "<script>", "A", "a", "", "漢字", "x" * 300, "a b", "a-b", "CON"]
    stems = file_stems("thing", keys)
    assert len({stem.lower() for stem in stems.values()}) == len(keys)
    assert all(re.fullmatch(r"thing-[a-z0-9-]{1,75}", stem) for stem in stems.values())
    assert (stems["a"], stems["a-b"]) == ("thing-a", "thing-a-b")
    assert stems == file_stems("thing", list(reversed(keys)))
    things = "select '</script><img src=x>' as thing, '<b>{key}</b> {{ 7 }}' as name, 1 as amount"
    site = render(tmp_path, {"thing": TEMPLATE}, things=things, lines=LINES)
    (page,) = site.glob("thing-*.html")
    html = page.read_text(encoding="utf-8")
    assert "<h1>About &lt;b&gt;{key}&lt;/b&gt; {{ 7 }}</h1>" in html
    assert "<img" not in html
    assert "<b>" not in html


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            "dataset: things, key",
            "dataset: thing, key",
            "there is no dataset 'thing'. Did you mean 'things'?",
        ),
        (
            "key: thing,",
            "key: thin,",
            "there is no column 'thin' in dataset 'things'. Did you mean 'thing'?",
        ),
        ("where: amount > 0", "where: amont > 0", 'for_each: Referenced column "amont" not found'),
        ("About {title}", "About {titel}", "in the text: {titel} stands for no value"),
    ],
)
def test_slips_in_a_template_are_told(
    tmp_path: Path, before: str, after: str, expected: str
) -> None:
    text = TEMPLATE.replace(before, after)
    assert text != TEMPLATE
    with pytest.raises(ConfigurationError) as caught:
        render(tmp_path, {"thing": text}, things=THINGS, lines=LINES)
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("{page: thin, key: thing}", "there is no page 'thin'. Did you mean 'thing'?"),
        ("{page: all, key: thing}", "the page 'all' is one page, without keys."),
        ("{page: thing, key: thin}", "there is no column 'thin' in dataset 'things'."),
    ],
)
def test_links_lead_to_pages_that_there_are(tmp_path: Path, link: str, expected: str) -> None:
    text = LIST.replace("link: {page: thing, key: thing}}]", f"link: {link}}}]")
    assert text != LIST
    with pytest.raises(ConfigurationError) as caught:
        render(tmp_path, {"thing": TEMPLATE, "all": text}, things=THINGS, lines=LINES)
    assert expected in str(caught.value)
