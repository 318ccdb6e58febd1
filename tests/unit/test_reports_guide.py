"""The guide for authors: its pages are drawn, its keys are all there are, its errors are the real ones."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from configuration.errors import ConfigurationError
from reports.formats import FORMATS
from reports.language.schema import json_schemas
from reports.render import render_site
from tests.browser.synthetic_marts import write_marts
from tests.unit.reports_folder import FACTS, write_pages

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "guides" / "reports.md").read_text(encoding="utf-8")
BLOCKS = {
    match[2]: match[1]
    for match in re.finditer(r"```yaml\n((?:#[^\n]*\n)*?# reports/(\S+)\n.*?)```", GUIDE, re.DOTALL)
}
OUR_SITE = (ROOT / "reports" / "site.yml").read_text(encoding="utf-8")
MARKETS = BLOCKS["pages/markets.yml"]
PAGES = "".join(text for name, text in BLOCKS.items() if name.startswith("pages/"))


@pytest.mark.parametrize("name", ["best_days", "markets"])
def test_the_pages_of_the_guide_are_drawn_in_full(tmp_path: Path, name: str) -> None:
    pages = write_pages(tmp_path, {name: BLOCKS[f"pages/{name}.yml"]}, OUR_SITE)
    render_site(pages, write_marts(tmp_path / "marts"), FACTS, tmp_path / "site")
    html = (tmp_path / "site" / f"{name}.html").read_text(encoding="utf-8")
    assert 'class="empty"' not in html
    items = re.findall(r"\btype: \w+", BLOCKS[f"pages/{name}.yml"])
    assert html.count('class="item ') == len(items)


def test_the_pages_with_filters_and_for_each_key_are_drawn_and_lead_to_each_other(
    tmp_path: Path,
) -> None:
    names = ("regions", "country")
    pages = {name: BLOCKS[f"pages/{name}.yml"] for name in names}
    pages["sales"] = BLOCKS["pages/best_days.yml"]
    marts = write_marts(tmp_path / "marts")
    site = tmp_path / "site"
    render_site(write_pages(tmp_path, pages, OUR_SITE), marts, FACTS, site)
    html = (site / "regions.html").read_text(encoding="utf-8")
    assert 'class="empty"' not in html
    assert '<html lang="de-DE" data-preference="light">' in html
    places = re.findall(r'href="(country-[a-z0-9-]+\.html)"', html)
    assert places
    for place in places:
        one = (site / place).read_text(encoding="utf-8")
        assert "<h1>Sales in " in one
        assert 'class="empty"' not in one
    assert 'href="sales.html"' in html


def test_the_site_file_of_the_guide_is_valid(tmp_path: Path) -> None:
    site = BLOCKS["site.yml"]
    pages = write_pages(tmp_path, {"best_days": BLOCKS["pages/best_days.yml"]}, site)
    render_site(pages, write_marts(tmp_path / "marts", orders=50), FACTS, tmp_path / "site")
    html = (tmp_path / "site" / "best_days.html").read_text(encoding="utf-8")
    assert '<html lang="es-ES" data-preference="light">' in html
    assert "<title>Best days · Corner shop</title>" in html


def keys_of(schema: dict[str, Any]) -> set[str]:
    """Every key that a schema names, wherever it stands."""
    found = set(schema.get("properties", {}))
    for definition in schema.get("$defs", {}).values():
        found |= set(definition.get("properties", {}))
    return found


def test_the_examples_use_every_key_there_is() -> None:
    for name, blocks in (
        ("report.schema.json", PAGES + BLOCKS["site.yml"]),
        ("site.schema.json", BLOCKS["site.yml"] + PAGES),
    ):
        used = set(re.findall(r"\b(\w+):", blocks))
        assert keys_of(json_schemas()[name]) - used == set()


def test_the_guide_names_every_format() -> None:
    table = GUIDE.split("## Formats")[1].split("## When")[0]
    named = set(re.findall(r"`(\w+)`", table))
    for first, last in re.findall(r"`(\w+)` to `(\w+)`", table):
        stem = first[:-1]
        named |= {f"{stem}{digit}" for digit in range(int(first[-1]), int(last[-1]) + 1)}
    assert set(FORMATS) - named == set()


SLIPS = [
    ("        title: The last full month", "        titel: The last full month"),
    ("        dataset: full_months\n        time", "        dataset: full_month\n        time"),
    ("growth_pct from sales_monthly where", "growth_pct from sales_montly where"),
    ("y: [{field: net_revenue, label", "y: [{field: net_revenu, label"),
    ("{best.growth_pct:abs pct0}", "{best.growth_pct:itn}"),
]


def test_the_errors_of_the_guide_are_what_an_author_reads(tmp_path: Path) -> None:
    marts = write_marts(tmp_path / "marts", orders=20)
    said = []
    for before, after in SLIPS:
        assert before in MARKETS
        pages = write_pages(tmp_path, {"markets": MARKETS.replace(before, after, 1)}, OUR_SITE)
        with pytest.raises(ConfigurationError) as caught:
            render_site(pages, marts, FACTS, tmp_path / "site")
        said.append(str(caught.value).splitlines()[0].replace(f"{tmp_path}/", "reports/"))
    shown = re.findall(r"^    (reports/pages/markets\.yml:.*)$", GUIDE, re.MULTILINE)
    assert said == shown
