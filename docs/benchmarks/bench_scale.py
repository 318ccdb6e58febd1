"""`make bench-scale`: the whole house at 1, 10 and 80 million lines in 8 GB. See README.md here."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import shutil
import sys
from pathlib import Path

import duckdb
from dbt_nodes import slowest_nodes
from house import House, Limits
from scale_steps import STEPS, Row, Steps
from scale_table import markdown

SIZES = (1_000_000, 10_000_000, 80_000_000)
RESULTS = Path(__file__).with_name("scale.md")
# CSV, raw files, marts twice (those replaced go last), the floor's output, spilled rows.
BYTES_PER_LINE = 350
SPARE_BYTES = 2 * 10**9
SLOWEST = 15
DBT_STEPS = ("run", "build", "again", "build_increment")


def main() -> int:
    """Run the steps at each size; 1 where anything failed that should not."""
    arguments = _arguments()
    work: Path = arguments.work.resolve()
    limits = Limits(arguments.limit_mb, arguments.duckdb_memory, arguments.threads)
    results = []
    for lines in arguments.lines:
        folder = work / str(lines)
        folder.mkdir(parents=True, exist_ok=True)
        short = _too_little_disk(folder, lines)
        if short:
            sys.stderr.write(f"{short}\n")
            return 1
        sys.stderr.write(f"{lines:,} lines:\n")
        result = Steps(House(folder, limits), lines, _tell).run(arguments.steps)
        results.append(result)
        _write_nodes(folder)
        (folder / "result.json").write_text(json.dumps(result.as_dict(), indent=2), "utf-8")
        if not arguments.keep:
            for made in ("shop", "lake", "project", "floor"):
                shutil.rmtree(folder / made, ignore_errors=True)
    text = _head() + "\n\n" + markdown(results, limits)
    sys.stdout.write(text)
    is_complete = set(arguments.lines) >= set(SIZES) and set(arguments.steps) == set(STEPS)
    out = arguments.out or (RESULTS if is_complete else None)
    if out is not None:
        out.write_text(text, encoding="utf-8")
    return 1 if any(result.problems for result in results) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--lines",
        type=_sizes,
        default=SIZES,
        help="numbers of lines, separated by commas (default: 1, 10 and 80 million)",
    )
    parser.add_argument(
        "--work",
        type=Path,
        default=Path("bench-scale"),
        help="folder for everything that is made (default: bench-scale); logs and JSON stay there",
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep the shop and the lake, to run steps again"
    )
    parser.add_argument(
        "--steps",
        type=_steps,
        default=STEPS,
        help=f"some of {','.join(STEPS)}; a shop or raw lake that is missing is made first",
    )
    parser.add_argument("--limit-mb", type=int, default=Limits.process_mb, help="of each process")
    parser.add_argument("--duckdb-memory", default=Limits.duckdb, help="DuckDB's own limit")
    parser.add_argument("--threads", type=int, default=Limits.threads)
    parser.add_argument("--out", type=Path, help="write here (default: scale.md if complete)")
    return parser.parse_args()


def _sizes(text: str) -> tuple[int, ...]:
    sizes = tuple(int(part.replace("_", "")) for part in text.split(","))
    if min(sizes) < 1:
        raise argparse.ArgumentTypeError("sizes are numbers of lines, 1 and more")
    return sizes


def _steps(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    for name in names:
        if name not in STEPS:
            raise argparse.ArgumentTypeError(f"no step {name!r}; there are {', '.join(STEPS)}")
    return names


def _too_little_disk(folder: Path, lines: int) -> str:
    free = shutil.disk_usage(folder).free
    needed = lines * BYTES_PER_LINE + SPARE_BYTES
    if free >= needed:
        return ""
    return (
        f"{lines:,} lines need about {needed / 1e9:.0f} GB of free disk and {folder} has"
        f" {free / 1e9:.0f}: name another folder with --work, or fewer lines with --lines."
    )


def _tell(row: Row) -> None:
    verdict = f" {row.verdict.upper()}" if row.verdict else ""
    sys.stderr.write(
        f"  {row.step}: {row.seconds:.1f} s ({row.cpu_seconds:.1f} of all cores),"
        f" peak {row.peak_mb:.0f} MB, spilled {row.spilled_mb:.0f} MB{verdict} {row.note}\n"
    )
    sys.stderr.flush()


def _write_nodes(folder: Path) -> None:
    """The slowest nodes of every dbt step, into slowest.json and onto the terminal."""
    slowest = {}
    for step in DBT_STEPS:
        nodes = slowest_nodes(folder / f"{step}.run_results.json", SLOWEST)
        if nodes:
            slowest[step] = nodes
            sys.stderr.write(f"  slowest nodes of {step}:\n")
            sys.stderr.writelines(f"    {seconds:8.1f} s  {name}\n" for name, seconds in nodes)
    (folder / "slowest.json").write_text(json.dumps(slowest, indent=2), "utf-8")


def _head() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        "# Results of the last `make bench-scale`\n\n"
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d}, {os.cpu_count()} cores, {memory:.0f} GB of memory, "
        f"{platform.system()} on {platform.machine()}, Python {platform.python_version()}, "
        f"duckdb {duckdb.__version__}. One run of each."
    )


if __name__ == "__main__":
    raise SystemExit(main())
