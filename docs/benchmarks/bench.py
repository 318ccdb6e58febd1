"""`make bench`: what the house costs, beside the plainest way to do the same. See README.md here."""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.metadata
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import csv_to_parquet
import external
import files_to_parquet
import postgres_to_parquet
import report_pages
import report_sites
import rest_api
import whole_run
from plan import QUICK, Plan

RESULTS = Path(__file__).parent / "results.md"
SUBJECTS: dict[str, Callable[[Path, Plan], str]] = {
    "csv": csv_to_parquet.table,
    "files": files_to_parquet.table,
    "api": rest_api.table,
    "postgres": postgres_to_parquet.table,
    "external": external.table,
    "reports": lambda folder, plan: "\n\n".join(
        subject.table(folder / subject.__name__, plan) for subject in (report_pages, report_sites)
    ),
    "run": whole_run.table,
}


def main() -> int:
    """Run the subjects asked for, all by default."""
    arguments = _arguments()
    plan = QUICK if arguments.quick else Plan()
    if arguments.runs is not None:
        plan = replace(plan, runs=arguments.runs)
    tables = []
    for name in arguments.subjects or SUBJECTS:
        sys.stderr.write(f"Measuring {name} ...\n")
        with tempfile.TemporaryDirectory(prefix="till-bench-") as folder:
            tables.append(SUBJECTS[name](Path(folder).resolve(), plan))
    text = "\n\n".join([_head(plan), *tables]) + "\n"
    sys.stdout.write(text)
    is_complete = not arguments.subjects and not arguments.quick
    out = arguments.out or (RESULTS if is_complete else None)
    if out is not None:
        out.write_text(text, encoding="utf-8")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("subjects", nargs="*", help=f"of {', '.join(SUBJECTS)} (default: all)")
    parser.add_argument("--runs", type=int, help="runs per figure (default 3)")
    parser.add_argument("--quick", action="store_true", help="small sizes: only that it works")
    parser.add_argument("--out", type=Path, help="write here (default: results.md if complete)")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.subjects if name not in SUBJECTS]
    if unknown:
        parser.error(f"no subject {unknown[0]!r}; there are {', '.join(SUBJECTS)}")
    if arguments.runs is not None and arguments.runs < 1:
        parser.error("--runs must be at least 1")
    return arguments


def _head(plan: Plan) -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("duckdb", "dbt-core", "dbt-duckdb", "dlt")
    )
    warning = "\n\nA quick run: these figures mean nothing." if plan.mart_rows < 10**6 else ""
    return (
        "# Results of the last `make bench`\n\n"
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d}, {os.cpu_count()} cores, {memory:.0f} GB of memory, "
        f"{platform.system()} on {platform.machine()}, Python {platform.python_version()}, "
        f"{packages}. Medians of {plan.runs} runs; peaks are the highest of them.{warning}"
    )


if __name__ == "__main__":
    raise SystemExit(main())
