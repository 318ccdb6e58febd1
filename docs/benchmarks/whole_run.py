"""The demo from nothing to the report, a second run with nothing new, and `dbt build` by itself."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from measure import ROOT, Cost, measure, peak_mb
from plan import Plan

LONGEST_RUN_SECONDS = 60
LONGEST_BUILD_SECONDS = 12
MADE = ("lake", "demo", "site", "target", "logs")
TILL = (sys.executable, "-m", "till")
DBT = (str(Path(sys.executable).with_name("dbt")),)


def table(folder: Path, plan: Plan) -> str:
    """Markdown: seconds and peak memory of three commands, set-up of the environment apart."""
    project = folder / "project"
    copy_committed_files(project)
    first: list[Cost] = []
    second: list[Cost] = []
    builds: list[Cost] = []
    for _ in range(plan.runs):
        for name in MADE:
            _remove(project / name)
        if plan.demo_scale != 1:
            _measure([*TILL, "demo", "--scale", str(plan.demo_scale)], project)
        first.append(_measure([*TILL, "run"], project))
        if plan.later_runs:
            second.append(_measure([*TILL, "run"], project))
            builds.append(_measure([*DBT, "build"], project))
    lines = [
        "## The demo",
        "",
        "`till run` makes the demo's data, serves its API, loads, builds, tests, draws and releases.",
        "",
        "| command | seconds | goal | peak MB |",
        "|---|---:|---|---:|",
        _row("`till run` from nothing", first, LONGEST_RUN_SECONDS),
    ]
    if plan.later_runs:
        lines.append(_row("`till run`, nothing new", second))
        lines.append(_row("`dbt build`, nothing new", builds, LONGEST_BUILD_SECONDS))
    return "\n".join(lines)


def copy_committed_files(target: Path) -> None:
    """Copy what git tracks, as it stands in the checkout: no lake, no site, no results of earlier runs."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 - git is where the checkout came from
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)


def _remove(path: Path) -> None:
    if path.is_symlink():
        path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)


def _measure(command: Sequence[str], project: Path) -> Cost:
    return measure(command, cwd=project, environ={"PYTHONPATH": str(project)})


def _row(name: str, costs: list[Cost], goal: int | None = None) -> str:
    seconds = statistics.median(cost.seconds for cost in costs)
    verdict = ""
    if goal is not None:
        verdict = f"{goal}, {'kept' if seconds <= goal else 'missed'}"
    return f"| {name} | {seconds:.1f} | {verdict} | {peak_mb(costs):.0f} |"
