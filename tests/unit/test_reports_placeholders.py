"""Texts with values in them: what is put in, what is left out, and that values stay text."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.formats import Formatter, Value
from reports.placeholders import Placeholder, placeholders, strays, without_missing, written
from tests.unit.reports_folder import page_with, render

FORMATTER = Formatter("en_GB", "EUR")


def said(shown: str, value: Value) -> str:
    return written(Placeholder("d", "c", shown), value, "num1", FORMATTER)


@pytest.mark.parametrize(
    ("shown", "value", "expected"),
    [
        ("", 2.25, "2.3"),
        ("currency0", 1234, "€1,234"),
        ("abs pct0", -12.4, "12%"),
        ("abs pct0", 12.4, "12%"),
        ("sign(above|below|level with)", 3, "above"),
        ("sign(above|below|level with)", -3, "below"),
        ("sign(above|below|level with)", 0, "level with"),
        ("abs text", "name", "name"),
    ],
)
def test_a_placeholder_writes_its_value(shown: str, value: Value, expected: str) -> None:
    assert said(shown, value) == expected


def test_placeholders_are_found_in_their_order() -> None:
    found = placeholders("{a.b} and {c.d: int }")
    assert found == [Placeholder("a", "b", ""), Placeholder("c", "d", "int")]


def test_braces_that_are_no_placeholder_are_found() -> None:
    assert strays("{a.b} {month} { a.b } {}") == ["{month}", "{ a.b }", "{}"]


def test_an_optional_part_goes_when_it_lacks_a_value_and_the_text_when_the_rest_does() -> None:
    def lacks(text: str) -> bool:
        return "{x.missing}" in text

    assert without_missing("a {x.y}[[, b {x.missing}]][[, c]]", lacks) == "a {x.y}, c"
    assert without_missing("a {x.missing}[[, b]]", lacks) == ""


TEXT = """\
      - id: said
        type: text
        sentences:
          - "Net was **{rows.net_revenue:currency2}**[[, before {rows.before:currency2}]]."
          - "Never said: {rows.before}"
"""


def test_a_sentence_with_a_missing_value_is_left_out(tmp_path: Path) -> None:
    query = "select net_revenue, cast(null as double) as before from sales_monthly where orders = 3"
    site = render(tmp_path, {"texts": page_with(TEXT, dataset=query)})
    html = (site / "texts.html").read_text(encoding="utf-8")
    assert "<li>Net was <strong>€120.00</strong>.</li>" in html
    assert "Never said" not in html


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "**bold** [a](javascript:alert(1))",
        "{rows.net_revenue} {{ 7 * 7 }} {% raw %}",
        "\ue0000\ue001",
    ],
)
def test_a_value_is_text_whatever_it_holds(tmp_path: Path, hostile: str) -> None:
    items = "      - {id: said, type: text, text: 'Best: *{rows.name}*'}\n"
    quoted = hostile.replace("'", "''")
    site = render(tmp_path, {"texts": page_with(items, dataset=f"select '{quoted}' as name")})
    html = (site / "texts.html").read_text(encoding="utf-8")
    shown = hostile.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert f"<p>Best: <em>{shown}</em></p>" in html
