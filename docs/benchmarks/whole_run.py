"""The whole demo run, a second run, and `dbt build` with nothing new."""

from __future__ import annotations

import shutil
import statistics
import sys
from pathlib import Path

from measure import Cost, measure

ROOT = Path(__file__).resolve().parents[2]


def table(folder: Path, runs: int) -> str:
    """Markdown: seconds and peak memory of three commands, set-up of the environment apart."""
    bin_folder = Path(sys.executable).parent
    lake = folder / "demo-lake"
    environ = {"TILL_LAKE": str(lake)}
    demo = [str(bin_folder / "till"), "demo", "run", "--folder", str(folder / "demo")]
    first: list[Cost] = []
    second: list[Cost] = []
    builds: list[Cost] = []
    for _ in range(runs):
        shutil.rmtree(lake, ignore_errors=True)
        shutil.rmtree(folder / "demo", ignore_errors=True)
        first.append(measure(demo, cwd=ROOT, environ=environ))
        second.append(measure(demo, cwd=ROOT, environ=environ))
        builds.append(measure([str(bin_folder / "dbt"), "build"], cwd=ROOT, environ=environ))
    lines = [
        "## The demo",
        "",
        "| command | seconds | peak MB |",
        "|---|---:|---:|",
        _row("`till demo run`, from nothing", first),
        _row("`till demo run`, nothing new", second),
        _row("`dbt build`, nothing new", builds),
    ]
    return "\n".join(lines)


def _row(name: str, costs: list[Cost]) -> str:
    seconds = statistics.median(cost.seconds for cost in costs)
    return f"| {name} | {seconds:.1f} | {max(cost.peak_mb for cost in costs):.0f} |"
