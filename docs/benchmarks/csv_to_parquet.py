"""CSV to raw Parquet: `till ingest` beside a plain DuckDB COPY of the same file."""

from __future__ import annotations

import os
import shutil
import statistics
import sys
from pathlib import Path

from measure import Cost, measure

SIZES = (1_000_000, 10_000_000)
TYPES = {
    "order_id": "VARCHAR",
    "ordered_at": "TIMESTAMP",
    "customer_id": "VARCHAR",
    "product_id": "VARCHAR",
    "quantity": "BIGINT",
    "unit_price": "DECIMAL(18,4)",
    "country": "VARCHAR",
    "note": "VARCHAR",
}
DECLARED = {"VARCHAR": "text", "TIMESTAMP": "timestamp", "BIGINT": "integer"}

MAKE = """
import duckdb, sys
duckdb.sql(f\"\"\"
copy (
    select
        'A' || (i // 3) as order_id,
        timestamp '2024-01-01' + interval (i * 6) second as ordered_at,
        'C' || (hash(i // 3) % 50000) as customer_id,
        'P' || (hash(i) % 4000) as product_id,
        1 + hash(i, 1) % 9 as quantity,
        ((hash(i, 2) % 9999) / 100)::decimal(18, 2) as unit_price,
        ['Spain', 'France', 'Poland', 'Germany'][1 + (hash(i // 3) % 4)::int] as country,
        case when hash(i, 3) % 20 = 0 then 'wrapped, with a card' end as note
    from range({sys.argv[2]}) as lines(i)
) to '{sys.argv[1]}' (format csv, header)
\"\"\")
"""

COPY = """
import duckdb, sys, time
types = eval(sys.argv[3])
started = time.perf_counter()
duckdb.execute(
    f"copy (from read_csv('{sys.argv[1]}', columns={types}, header=true)) "
    f"to '{sys.argv[2]}' (format parquet, compression zstd)"
)
print(time.perf_counter() - started)
"""

# The clock starts after the imports on both sides: what is compared is the work on the file.
INGEST = """
import os, sys, time
from pathlib import Path
from ingest.run import ingest
from ingest.sources_file import load_sources_file
import dlt, duckdb, pyarrow
sources = load_sources_file(Path(sys.argv[1]), os.environ)
started = time.perf_counter()
result = ingest(sources, Path(sys.argv[2]), Path.cwd())
seconds = time.perf_counter() - started
assert all(table.error is None for table in result.tables), result
print(seconds)
"""


def table(folder: Path, runs: int) -> str:
    """Markdown: rows, seconds, peak memory and bytes on disk, for both ways."""
    lines = [
        "## CSV to raw Parquet",
        "",
        "8 columns, explicit types, zstd. Ours also counts the records itself, hashes input and",
        "output, keeps rejects, and goes through dlt's load package.",
        "",
        "| rows | CSV MB | COPY s | peak MB | ingest s | peak MB | ratio | raw MB per million |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for rows in SIZES:
        lines.append(_row(folder, rows, runs))
    return "\n".join(lines)


def _row(folder: Path, rows: int, runs: int) -> str:
    csv = folder / f"lines_{rows}.csv"
    measure([sys.executable, "-c", MAKE, str(csv), str(rows)], cwd=folder)
    sources = folder / "sources.yml"
    sources.write_text(_sources(csv), encoding="utf-8")
    root = Path(__file__).resolve().parents[2]
    copies: list[Cost] = []
    loads: list[Cost] = []
    lake = folder / "lake"
    for _ in range(runs):  # in turns, so that a slow minute of the machine hits both
        target = folder / "copy.parquet"
        copies.append(
            measure([sys.executable, "-c", COPY, str(csv), str(target), str(TYPES)], cwd=folder)
        )
        shutil.rmtree(lake, ignore_errors=True)
        loads.append(
            measure(
                [sys.executable, "-c", INGEST, str(sources), str(lake)],
                cwd=root,
                environ={"PYTHONPATH": os.pathsep.join([str(root), *sys.path])},
            )
        )
    copy_s = statistics.median(float(cost.output.split()[-1]) for cost in copies)
    load_s = statistics.median(float(cost.output.split()[-1]) for cost in loads)
    raw = sum(file.stat().st_size for file in lake.glob("raw/bench/**/*.parquet")) / 1e6
    row = (
        f"| {rows:,} | {csv.stat().st_size / 1e6:.0f} | {copy_s:.2f} "
        f"| {max(cost.peak_mb for cost in copies):.0f} | {load_s:.2f} "
        f"| {max(cost.peak_mb for cost in loads):.0f} | {load_s / copy_s:.2f} "
        f"| {raw / rows * 1e6:.1f} |"
    )
    csv.unlink()
    return row


def _sources(csv: Path) -> str:
    columns = "\n".join(
        f"          - {{name: {name}, type: '{DECLARED.get(kind, kind.lower())}', description: x}}"
        for name, kind in TYPES.items()
    )
    return f"""version: 1
sources:
  - name: bench
    kind: csv
    description: The benchmark's file.
    tables:
      - name: lines
        description: One row per line.
        path: {csv.as_posix()}
        columns:
{columns}
"""
