"""The small Plotly that `make assets` builds draws what the wheel's file draws."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Page

from reports.asset_files import shared_files
from reports.built_assets import ASSETS, BuiltAssets, built_assets, recipe
from reports.render import render_site
from tests.browser.conftest import ROOT, Visitors
from tests.browser.synthetic_marts import write_marts
from tests.unit.reports_folder import FACTS

# Every shape with its place in the chart and its colour, and every text: what a reader sees of the charts.
DRAWN = """() => [...document.querySelectorAll('[data-chart]')].map(chart => {
  const within = chart.getBoundingClientRect();
  const shapes = chart.querySelectorAll('.main-svg :is(path, text, image, rect)');
  return [...shapes].map(e => {
    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
    const place = box.width || box.height // what has no size is nowhere
      ? [box.x - within.x, box.y - within.y, box.width, box.height].map(one => one.toFixed(2)) : [];
    return [e.tagName, e.getAttribute('d'), e.tagName === 'text' ? e.textContent : '',
            ...place, style.fill, style.stroke, style.opacity].join(' ');
  });
})"""


def what_is_drawn(page: Page) -> list[list[str]]:
    drawn: list[list[str]] = page.evaluate(DRAWN)
    return drawn


def test_both_plotlys_draw_the_same(visit: Visitors, tmp_path: Path, built: BuiltAssets) -> None:
    marts = write_marts(tmp_path / "marts")
    for name, is_built in (("small", True), ("wheel", False)):
        pages = ROOT / "reports" / "pages"
        render_site(pages, marts, FACTS, tmp_path / name, built_plotly=is_built)
    for page in ("overview", "sales"):
        small, wheel = (visit(tmp_path / name).open(page) for name in ("small", "wheel"))
        assert what_is_drawn(small) == what_is_drawn(wheel)
        assert min(len(chart) for chart in what_is_drawn(small)) > 5


def test_the_built_file_is_small_and_brings_its_licences(built: BuiltAssets) -> None:
    files = shared_files()
    assert len(files["plotly"].content) <= 1_600_000
    assert files["plotly"].content.startswith(b"/* plotly.js v" + built.plotly_version.encode())
    notice = files["notice"].content.decode()
    for package in ("plotly.js", "@plotly/d3", "d3-hierarchy"):
        assert f"\n{package} " in f"\n{notice}"
    assert "notice" not in shared_files(built=False)


def test_the_small_plotly_is_the_version_of_the_wheel() -> None:
    wheel = shared_files(built=False)["plotly"].content[:200].decode()
    package = json.loads((ASSETS / "package.json").read_text(encoding="utf-8"))
    assert f"plotly.js v{package['devDependencies']['plotly.js']}\n" in wheel


def test_the_lock_names_checksums_and_no_registry() -> None:
    lock = json.loads((ASSETS / "package-lock.json").read_text(encoding="utf-8"))
    packages = [one for name, one in lock["packages"].items() if name]
    assert len(packages) > 100
    assert all("resolved" not in one for one in packages)
    assert all(one.get("integrity") or one.get("inBundle") for one in packages)


def test_a_build_of_another_recipe_is_not_used(tmp_path: Path) -> None:
    for folder in ("make", "built"):
        (tmp_path / folder).mkdir()
    (tmp_path / "make" / "plotly.mjs").write_text("// 1\n", encoding="utf-8")
    (tmp_path / "package-lock.json").write_text("{}\n", encoding="utf-8")
    assert built_assets(tmp_path) is None
    record = {"recipe": recipe(tmp_path), "plotly": "4.1.1"}
    (tmp_path / "built" / "built.json").write_text(json.dumps(record), encoding="utf-8")
    assert built_assets(tmp_path) == BuiltAssets(tmp_path / "built", "4.1.1")
    (tmp_path / "make" / "plotly.mjs").write_text("// 2\n", encoding="utf-8")
    assert built_assets(tmp_path) is None
    (tmp_path / "built" / "built.json").write_text("{", encoding="utf-8")
    assert built_assets(tmp_path) is None
