"""All pages of Online Retail: how long they take, how big they are, and whether they stay the same."""

from __future__ import annotations

import json
import os
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

from measure import measure
from plan import Plan
from whole_run import copy_committed_files

SOURCES = "examples/online_retail/sources.yml"
DATA = "ONLINE_RETAIL_DIR"
LONGEST_SECONDS = 5
BIGGEST_KB, BUSIEST_KB = 150, 300
LISTED = 10
HEAD = "## All pages of Online Retail"


@dataclass(frozen=True)
class PageSize:
    """A page with its data, in bytes."""

    name: str
    html: int
    data: int

    @property
    def kilobytes(self) -> float:
        """Both together."""
        return (self.html + self.data) / 1e3


def table(folder: Path, plan: Plan) -> str:
    """Markdown: seconds of the step that makes the pages, sizes beside their goals, the ten biggest pages."""
    data = os.environ.get(DATA)
    if not data:
        return f"{HEAD}\n\nNot measured: {DATA} names no folder (examples/online_retail/README.md)."
    project, lake = folder / "project", folder / "lake"
    copy_committed_files(project)
    environ = {"PYTHONPATH": str(project), "TILL_LAKE": str(lake), DATA: str(Path(data).resolve())}
    till = [sys.executable, "-m", "till"]
    seconds = []
    for _ in range(plan.runs):
        measure([*till, "run", "--sources", SOURCES], cwd=project, environ=environ)
        seconds.append(_render_seconds(_release(lake)))
    sites = [folder / "first", folder / "second"]
    for site in sites:
        measure([*till, "report", "--out", str(site)], cwd=project, environ=environ)
    return _written(statistics.median(seconds), page_sizes(sites[0]), *sites)


def page_sizes(site: Path) -> list[PageSize]:
    """The pages of a site with their data, the biggest first."""
    found = [
        PageSize(page.stem, page.stat().st_size, _size(site / "data" / f"{page.stem}.js"))
        for page in site.glob("*.html")
    ]
    return sorted(found, key=lambda page: (-page.kilobytes, page.name))


def _written(seconds: float, pages: list[PageSize], first: Path, second: Path) -> str:
    over = sum(page.kilobytes > BIGGEST_KB for page in pages)
    lines = [
        HEAD,
        "",
        "`till run` on the year's order lines: the step `render`, which makes every page, those of each "
        "product of class A and of each country too.",
        "",
        "| | measured | goal |",
        "|---|---:|---|",
        _row(f"seconds for {len(pages):,} pages", f"{seconds:.1f}", LONGEST_SECONDS, seconds),
        _row(
            f"KB of the biggest page with its data ({over:,} above {BIGGEST_KB})",
            f"{pages[0].kilobytes:.0f}",
            BUSIEST_KB,
            pages[0].kilobytes,
        ),
        f"| the same release drawn twice | {_verdict(first, second)} | the same bytes |",
        "",
        "| biggest pages | page, KB | data, KB | both |",
        "|---|---:|---:|---:|",
    ]
    lines += [
        f"| {page.name} | {page.html / 1e3:.0f} | {page.data / 1e3:.0f} | {page.kilobytes:.0f} |"
        for page in pages[:LISTED]
    ]
    return "\n".join(lines)


def _row(what: str, measured: str, goal: int, value: float) -> str:
    return f"| {what} | {measured} | {goal:,}, {'kept' if value <= goal else 'missed'} |"


def _verdict(first: Path, second: Path) -> str:
    ours, theirs = _files(first), _files(second)
    differing = [name for name in sorted({*ours, *theirs}) if ours.get(name) != theirs.get(name)]
    return f"{len(differing):,} of {len(ours):,} files differ" if differing else "the same bytes"


def _files(site: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(site)): path.read_bytes() for path in site.rglob("*") if path.is_file()
    }


def _release(lake: Path) -> Path:
    release_id = json.loads((lake / "current.json").read_text(encoding="utf-8"))["release_id"]
    return lake / "releases" / str(release_id)


def _render_seconds(release: Path) -> float:
    steps = json.loads((release / "release.json").read_text(encoding="utf-8"))["steps"]
    return float(next(step["seconds"] for step in steps if step["name"] == "render"))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
