"""CSV to raw Parquet: our ingest beside a plain DuckDB COPY of the same file."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from measure import ROOT, Cost, ingest_program, measure, median_seconds, peak_mb
from order_lines import COLUMNS, write_order_lines
from plan import Plan

SLOWEST_RATIO = 1.1
HIGHEST_PEAK_MB = 1024
DECLARED = {"VARCHAR": "text", "TIMESTAMP": "timestamp", "BIGINT": "integer"}

# The clock starts after the imports on both sides: what is compared is the work on the file.
COPY = """
import duckdb, json, sys, time
csv, target, columns = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
started = time.perf_counter()
duckdb.execute(
    f"copy (from read_csv('{csv}', columns = {columns}, header = true)) "
    f"to '{target}' (format parquet, compression zstd)"
)
print(time.perf_counter() - started)
"""


def table(folder: Path, plan: Plan) -> str:
    """Markdown: rows, seconds, peak memory and bytes on disk, for both ways."""
    lines = [
        "## CSV to raw Parquet",
        "",
        f"Eight columns with declared types. Goals: at most {SLOWEST_RATIO} times the COPY, and "
        f"{HIGHEST_PEAK_MB} MB.",
        "",
        "| rows | CSV MB | COPY s | COPY peak MB | ingest s | ingest peak MB | ratio | goals "
        "| raw MB per million rows |",
        "|---:|---:|---:|---:|---:|---:|---:|---|---:|",
    ]
    lines.extend(_row(folder, rows, plan.runs) for rows in plan.csv_rows)
    return "\n".join(lines)


def _row(folder: Path, rows: int, runs: int) -> str:
    csv, lake = folder / f"lines_{rows}.csv", folder / "csv-lake"
    write_order_lines(csv, rows)
    sources = folder / "sources.yml"
    sources.write_text(json.dumps(_sources(csv)), encoding="utf-8")  # JSON is YAML
    copies: list[Cost] = []
    loads: list[Cost] = []
    for _ in range(runs):  # in turns, so that a slow minute of the machine hits both
        copies.append(_copy(csv, folder))
        shutil.rmtree(lake, ignore_errors=True)
        loads.append(_ingest(sources, lake, rows))
    ratio = median_seconds(loads) / median_seconds(copies)
    kept = ratio <= SLOWEST_RATIO and peak_mb(loads) <= HIGHEST_PEAK_MB
    raw = sum(file.stat().st_size for file in lake.glob("raw/bench/**/*.parquet")) / rows
    row = (
        f"| {rows:,} | {csv.stat().st_size / 1e6:.0f} | {median_seconds(copies):.2f} "
        f"| {peak_mb(copies):.0f} | {median_seconds(loads):.2f} | {peak_mb(loads):.0f} "
        f"| {ratio:.2f} | {'kept' if kept else 'missed'} | {raw:.1f} |"
    )
    csv.unlink()
    return row


def _copy(csv: Path, folder: Path) -> Cost:
    target = folder / "copy.parquet"
    command = [sys.executable, "-c", COPY, str(csv), str(target), json.dumps(COLUMNS)]
    return measure(command, cwd=folder)


def _ingest(sources: Path, lake: Path, rows: int) -> Cost:
    command = [sys.executable, "-c", ingest_program(), str(sources), str(lake), str(rows)]
    return measure(command, cwd=ROOT, environ={"PYTHONPATH": str(ROOT)})


def _sources(csv: Path) -> dict[str, object]:
    columns = [
        {"name": name, "type": DECLARED.get(kind, kind.lower())} for name, kind in COLUMNS.items()
    ]
    lines = {"name": "lines", "path": csv.as_posix(), "columns": columns}
    return {"version": 1, "sources": [{"name": "bench", "kind": "csv", "tables": [lines]}]}
