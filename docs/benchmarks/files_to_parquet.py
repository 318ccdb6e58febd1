"""Many small CSV files, and one large Parquet file, to raw Parquet: our ingest beside DuckDB and dlt's rows."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
from csv_to_parquet import DECLARED
from measure import ROOT, Cost, ingest_program, measure, median_seconds, peak_mb
from order_lines import COLUMNS, ORDER_LINES, write_order_lines
from plan import Plan

SLOWEST_FILES = 1.5
SLOWEST_PARQUET = 1.3
PATH_OF = {"csv": "small-files", "parquet": "lines.parquet"}

COPY = """
import duckdb, sys, time
started = time.perf_counter()
duckdb.execute(f"copy (from {sys.argv[1]}) to '{sys.argv[2]}' (format parquet, compression zstd)")
print(time.perf_counter() - started)
"""

# dlt's ordinary way: each row a dict of Python, typed by what it looks like.
DLT_ROWS = """
import csv, os, sys, time
from pathlib import Path
os.environ["DLT_DATA_DIR"] = sys.argv[2]
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
import dlt
def rows():
    for path in sorted(Path(sys.argv[1]).glob("*.csv")):
        with path.open(newline="") as file:
            yield from csv.DictReader(file)
started = time.perf_counter()
pipeline = dlt.pipeline("bench", destination=dlt.destinations.filesystem(sys.argv[2]))
pipeline.run(rows(), table_name="lines", loader_file_format="parquet")
print(time.perf_counter() - started)
"""


def table(folder: Path, plan: Plan) -> str:
    """Markdown: seconds and peak memory of each way."""
    lines = [
        "## Many files, and Parquet, to raw Parquet",
        "",
        f"Goals: {plan.small_files} small CSV files within {SLOWEST_FILES} times one DuckDB COPY of them "
        f"all; one Parquet file within {SLOWEST_PARQUET} times its copy by DuckDB, which counts and checks "
        "nothing. dlt's ordinary way makes a Python row of each line, so it gets the small files only.",
        "",
        "| input | rows | COPY s | dlt's rows s | dlt peak MB | ingest s | ingest peak MB "
        "| again, nothing new s | ratio | goal |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---|",
        _small_files(folder, plan),
        _parquet(folder, plan),
    ]
    return "\n".join(lines)


def _small_files(folder: Path, plan: Plan) -> str:
    files = folder / PATH_OF["csv"]
    files.mkdir()
    rows = plan.small_files * plan.rows_of_a_file
    with duckdb.connect() as connection:
        for number in range(plan.small_files):
            start = number * plan.rows_of_a_file
            query = (
                f"from ({ORDER_LINES.format(rows=rows)}) limit {plan.rows_of_a_file} offset {start}"
            )
            connection.execute(
                f"copy ({query}) to '{files / f'{number:03d}.csv'}' (format csv, header)"
            )
    kinds = json.dumps(COLUMNS)
    relation = f"read_csv('{files}/*.csv', columns = {kinds}, header = true)"

    def plain() -> Cost:
        target = folder / "dlt"
        shutil.rmtree(target, ignore_errors=True)
        return measure([sys.executable, "-c", DLT_ROWS, str(files), str(target)], cwd=folder)

    name = f"{plan.small_files} CSV files"
    return _row(folder, plan, "csv", name, rows, relation, SLOWEST_FILES, plain)


def _parquet(folder: Path, plan: Plan) -> str:
    path = folder / PATH_OF["parquet"]
    write_order_lines(path, plan.parquet_rows)
    relation = f"read_parquet('{path}')"
    return _row(
        folder,
        plan,
        "parquet",
        "one Parquet file",
        plan.parquet_rows,
        relation,
        SLOWEST_PARQUET,
        None,
    )


def _row(
    folder: Path,
    plan: Plan,
    kind: str,
    name: str,
    rows: int,
    relation: str,
    slowest: float,
    plain: Callable[[], Cost] | None,
) -> str:
    lake, sources = folder / f"{kind}-lake", folder / f"{kind}.yml"
    sources.write_text(json.dumps(_sources(kind, folder / PATH_OF[kind])), encoding="utf-8")
    copies: list[Cost] = []
    loads: list[Cost] = []
    again: list[Cost] = []
    others = [plain()] if plain else []  # once: it is slow, and no goal
    for _ in range(plan.runs):
        target = folder / "copy.parquet"
        copies.append(measure([sys.executable, "-c", COPY, relation, str(target)], cwd=folder))
        shutil.rmtree(lake, ignore_errors=True)
        loads.append(_ingest(sources, lake, rows))
        again.append(_ingest(sources, lake, 0))
    ratio = median_seconds(loads) / median_seconds(copies)
    beside = f"{median_seconds(others):.2f} | {peak_mb(others):.0f}" if others else " | "
    return (
        f"| {name} | {rows:,} | {median_seconds(copies):.2f} | {beside} "
        f"| {median_seconds(loads):.2f} | {peak_mb(loads):.0f} | {median_seconds(again):.2f} "
        f"| {ratio:.2f} | {'kept' if ratio <= slowest else 'missed'} |"
    )


def _ingest(sources: Path, lake: Path, rows: int) -> Cost:
    command = [sys.executable, "-c", ingest_program(), str(sources), str(lake), str(rows)]
    return measure(command, cwd=ROOT, environ={"PYTHONPATH": str(ROOT)})


def _sources(kind: str, path: Path) -> dict[str, object]:
    columns = [
        {"name": name, "type": DECLARED.get(stored, stored.lower())}
        for name, stored in COLUMNS.items()
    ]
    lines = {"name": "lines", "path": path.as_posix(), "columns": columns}
    return {"version": 1, "sources": [{"name": "bench", "kind": kind, "tables": [lines]}]}
