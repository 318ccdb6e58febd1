"""The Markdown of `make bench-scale`: a table per size, and what the sizes say together."""

from __future__ import annotations

from collections.abc import Sequence

from house import Limits
from memory_limit import limit_name
from scale_steps import Result, Row

MOST_OF_FLOOR = 1.3
MOST_OF_FULL_BUILD = 0.08
MOST_RAW_MB_PER_MILLION = 24
MOST_PEAK_MB = 6144
MILLION = 1_000_000


def markdown(results: Sequence[Result], limits: Limits) -> str:
    """Tables of all sizes, smallest first."""
    ordered = sorted(results, key=lambda result: result.lines)
    parts = [
        f"Each step is a process of its own that may have {limits.process_mb / 1024:g} GB of memory"
        f" ({limit_name()}, enforced by the kernel); DuckDB is told {limits.duckdb} and"
        f" {limits.threads} threads. MB are 2**20 bytes."
    ]
    parts += [_of_size(result) for result in ordered]
    if len(ordered) > 1:
        parts.append(_growth(ordered))
    return "\n\n".join(parts) + "\n"


def _of_size(result: Result) -> str:
    lines = [
        f"## {result.lines / MILLION:g} million lines",
        "",
        "| step | seconds | of all cores | peak MB | spilled MB | on disk MB |",
        "|---|---:|---:|---:|---:|---:|",
        *(_line(row) for row in result.rows),
    ]
    found = _ratios(result)
    if found:
        lines += ["", "| | | goal |", "|---|---:|---|", *found]
    if result.agreed:
        lines += ["", result.agreed]
    for problem in result.problems:
        lines += ["", f"**{problem}**"]
    return "\n".join(lines)


def _line(row: Row) -> str:
    disk = "" if row.disk_mb is None else f"{row.disk_mb:,.0f}"
    step = f"{row.step}, **{row.verdict}**" if row.verdict else row.step
    return (
        f"| {step} | {row.seconds:,.1f} | {row.cpu_seconds:,.1f} | {row.peak_mb:,.0f} |"
        f" {row.spilled_mb:,.0f} | {disk} |"
    )


def _ratios(result: Result) -> list[str]:
    seconds = {row.step: row.seconds for row in result.rows if not row.verdict}
    cpu = {row.step: row.cpu_seconds for row in result.rows if not row.verdict}
    run, build = seconds.get("`dbt run`, everything"), seconds.get("`dbt build`, everything")
    floor, later = seconds.get("the floor"), seconds.get("`dbt build`, the increment")
    found = []
    if floor and run:
        goal = f"{MOST_OF_FLOOR}, {_verdict(run / floor, MOST_OF_FLOOR)}"
        found.append(f"| `dbt run` / floor | {run / floor:.2f} | {goal} |")
        ratio = cpu["`dbt run`, everything"] / cpu["the floor"]
        found.append(f"| the same in seconds of all cores | {ratio:.2f} | |")
        apart = result.seconds_not_in_floor.get("run", 0)
        if apart:
            found.append(f"| of `dbt run`: models that the floor has not | {apart:.1f} s | |")
    if floor and build:
        goal = f"{MOST_OF_FLOOR}, {_verdict(build / floor, MOST_OF_FLOOR)}"
        found.append(f"| `dbt build`, with all tests / floor | {build / floor:.2f} | {goal} |")
    if build and later:
        goal = f"{MOST_OF_FULL_BUILD:.0%}, {_verdict(later / build, MOST_OF_FULL_BUILD)}"
        found.append(f"| build of the increment / full build | {later / build:.1%} | {goal} |")
    if result.raw_mb:
        per_million = result.raw_mb / result.lines * MILLION
        goal = f"{MOST_RAW_MB_PER_MILLION}, {_verdict(per_million, MOST_RAW_MB_PER_MILLION)}"
        found.append(f"| raw Parquet, MB per million lines | {per_million:.1f} | {goal} |")
    peaks = [row.peak_mb for row in result.rows if row.step.startswith("`dbt")]
    if peaks:
        goal = f"{MOST_PEAK_MB:,}, {_verdict(max(peaks), MOST_PEAK_MB)}"
        found.append(f"| highest peak of dbt, MB | {max(peaks):,.0f} | {goal} |")
    return found


def _growth(results: Sequence[Result]) -> str:
    """Seconds per million lines at every size: no step should cost more of them as the shop grows."""
    sizes = [f"{result.lines / MILLION:g} million" for result in results]
    lines = [
        "## Seconds per million lines",
        "",
        f"| step | {' | '.join(sizes)} |",
        f"|---|{'---:|' * len(sizes)}",
    ]
    of_size = [{row.step: row for row in result.rows if not row.verdict} for result in results]
    names = dict.fromkeys(row.step for result in results for row in result.rows)
    for step in names:
        cells = [
            f"{rows[step].seconds / result.lines * MILLION:,.2f}" if step in rows else ""
            for rows, result in zip(of_size, results, strict=True)
        ]
        lines.append(f"| {step} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _verdict(measured: float, most: float) -> str:
    return "kept" if measured <= most else "missed"
