"""The gallery: it is the documentation, so every kind of item is in it, beside the YAML that draws it."""

from __future__ import annotations

import html
import re
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from reports.charts.registry import CHARTS, names_of
from reports.language.items import ChartItem
from reports.language.page import AnyItem
from reports.pages import Page, load_pages
from reports.render import render_site
from tests.browser.synthetic_marts import write_marts
from tests.unit.reports_folder import FACTS

FOLDER = Path(__file__).resolve().parents[2] / "reports" / "gallery"


@pytest.fixture(scope="module")
def pages() -> dict[str, Page]:
    return {page.id: page for page in load_pages(FOLDER)}


def models(annotation: object) -> Iterator[type]:
    """All classes in a union, however it is annotated."""
    inner = typing.get_args(annotation)
    if isinstance(annotation, type):
        yield annotation
    for one in inner:
        yield from models(one)


def test_every_kind_of_item_and_every_mark_is_in_it(pages: dict[str, Page]) -> None:
    items = [item for page in pages.values() for _, item in page.items()]
    kinds = {
        typing.get_args(model.model_fields["type"].annotation)[0]
        for model in models(AnyItem)
        if issubclass(model, BaseModel) and "type" in model.model_fields
    }
    assert len(kinds) >= 5
    assert kinds - {item.type for item in items} == set()
    drawn = {item.mark for item in items if isinstance(item, ChartItem)}
    assert {name for mark in CHARTS for name in names_of(mark)} - drawn == set()


def test_what_the_language_can_do_beside_marks_is_in_it() -> None:
    text = (FOLDER / "gallery.yml").read_text(encoding="utf-8")
    wanted = (
        "filters:", "filterable: true", "annotations:", "target:", "reference_lines:", "link:", "bar: true",
        "total: true", "sparkline:", "faded:", "baseline:", "bands:", "marked:", "horizontal:", "signed:",
        "headline:", "sentences:", "compare:",
    )  # fmt: skip
    assert [one for one in wanted if one not in text] == []


def test_each_item_stands_beside_the_lines_that_drew_it(tmp_path: Path) -> None:
    pytest.importorskip("countryinfo")
    found = []
    for site in (tmp_path / "a", tmp_path / "b"):
        render_site(FOLDER, write_marts(tmp_path / "marts"), FACTS, site)
        found.append((site / "gallery.html").read_bytes())
    assert found[0] == found[1]
    page = found[0].decode()
    assert 'class="empty"' not in page
    text = (FOLDER / "gallery.yml").read_text(encoding="utf-8")
    shown = [
        html.unescape(block)
        for block in re.findall(
            r'aria-label="YAML: [^"]*">\s*<div[^>]*>\s*<pre[^>]*><code>(.*?)</code>',
            page,
            re.DOTALL,
        )
    ]
    (head, *blocks) = shown
    assert text.startswith(head)
    stripped = [line.strip() for line in text.splitlines()]
    for block in blocks:
        lines = [line.strip() for line in block.splitlines()]
        assert lines[0].startswith("- ")
        assert set(lines) - {*stripped, ""} == set()
    items = text.split("sections:")[1]
    assert len(blocks) == len(re.findall(r"^      - ", items, re.MULTILINE))
    # Together they are the file: no line of an item is missing.
    told = {line.strip() for block in blocks for line in block.splitlines()}
    written = {
        line.strip() for line in re.sub(r"(?m)^  - title.*|^    items:", "", items).splitlines()
    }
    assert written - told == set()
