"""`make bench`: what the house costs, beside the plainest way to do the same.

Prints one table per subject and writes them to docs/benchmarks/results.md. Wants a quiet machine,
about 2 GB of free disk and ten minutes. Each figure is the median of the runs its table names.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import csv_to_parquet
import external
import whole_run

ROOT = Path(__file__).resolve().parents[2]
SUBJECTS: dict[str, Callable[[Path, int], str]] = {
    "csv": csv_to_parquet.table,
    "external": external.table,
    "run": whole_run.table,
}


def main() -> int:
    """Run the subjects asked for, all by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("subjects", nargs="*", help=f"of {', '.join(SUBJECTS)} (default: all)")
    parser.add_argument("--runs", type=int, default=3, help="runs per figure (default 3)")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.subjects if name not in SUBJECTS]
    if unknown:
        parser.error(f"no subject {unknown[0]!r}; there are {', '.join(SUBJECTS)}")
    with tempfile.TemporaryDirectory(prefix="till-bench-") as folder:
        tables = [
            SUBJECTS[name](Path(folder), arguments.runs) for name in arguments.subjects or SUBJECTS
        ]
    head = (
        f"Measured on {dt.datetime.now(dt.UTC):%Y-%m-%d}: {os.cpu_count()} cores, "
        f"{platform.system()}, Python {platform.python_version()}; medians of {arguments.runs}."
    )
    text = "\n\n".join(["# Results of the last `make bench`", head, *tables]) + "\n"
    sys.stdout.write(text)
    if not arguments.subjects:
        (Path(__file__).parent / "results.md").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
