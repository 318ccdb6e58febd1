"""PostgreSQL to raw Parquet: our ingest beside two plain ways that bring the same rows into the same file."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from measure import ROOT, Cost, ingest_program, measure, median_seconds, peak_mb
from order_lines import COLUMNS
from plan import Plan

SLOWEST_RATIO = 1.3
DECLARED = {"VARCHAR": "text", "TIMESTAMP": "timestamp", "BIGINT": "integer"}

# The same kinds of values as in order_lines.py, made by the server itself.
LINES = """
create unlogged table lines as
select
    'A' || i / 3 as order_id,
    timestamptz '2024-01-01 00:00+00' + i * interval '6 s' as ordered_at,
    'C' || i / 3 % 50000 as customer_id,
    'P' || i * 31 % 4000 as product_id,
    (1 + i % 9)::int as quantity,
    (i % 9999 / 100.0)::numeric(18, 4) as unit_price,
    (array['Spain', 'France', 'Poland', 'Germany'])[1 + i / 3 % 4] as country,
    case when i % 20 = 0 then 'wrapped, with a card' end as note
from generate_series(1::bigint, {rows}) as i
"""

# The clocks start after the imports everywhere. A file on the way: written by the server, read by DuckDB.
THROUGH_CSV = """
import adbc_driver_postgresql.dbapi, duckdb, json, sys, time
uri, file, target, columns = sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
started = time.perf_counter()
with adbc_driver_postgresql.dbapi.connect(uri, autocommit=True) as connection:
    with connection.cursor() as cursor:
        cursor.execute("set timezone = 'UTC'")
        cursor.execute(
            "copy (select order_id, ordered_at at time zone 'UTC', customer_id, product_id, quantity, "
            f"unit_price, country, note from lines) to '{file}' (format csv)"
        )
duckdb.execute(
    f"copy (from read_csv('{file}', columns = {columns}, header = false)) "
    f"to '{target}' (format parquet, compression zstd)"
)
print(time.perf_counter() - started)
"""

# No file, no count, no check: the driver's batches straight into DuckDB, money cast from text.
STREAM = """
import adbc_driver_postgresql.dbapi, duckdb, sys, time
uri, target = sys.argv[1], sys.argv[2]
started = time.perf_counter()
with adbc_driver_postgresql.dbapi.connect(uri) as connection, connection.cursor() as cursor:
    cursor.execute(
        "select order_id, ordered_at at time zone 'UTC' as ordered_at, customer_id, product_id, "
        "quantity::int8 as quantity, unit_price::text as unit_price, country, note from lines"
    )
    rows = cursor.fetch_record_batch()
    duckdb.execute(
        "copy (select * replace (unit_price::decimal(18, 4) as unit_price) from rows) "
        f"to '{target}' (format parquet, compression zstd)"
    )
print(time.perf_counter() - started)
"""


def table(folder: Path, plan: Plan) -> str:
    """Markdown: seconds and peak memory of each way; the ratio is to the faster of the two plain ones."""
    rows = plan.postgres_rows
    costs: dict[str, list[Cost]] = {"through a CSV file": [], "plain stream": [], "ours": []}
    ours = ingest_program("import adbc_driver_postgresql.dbapi")
    with _server(rows) as (uri, data):
        sources = folder / "sources.yml"
        sources.write_text(json.dumps(_sources()), encoding="utf-8")  # JSON is YAML
        for _ in range(plan.runs):  # in turns, so that a slow minute of the machine hits all
            costs["through a CSV file"].append(_through_csv(uri, data, folder))
            costs["plain stream"].append(_run(STREAM, [uri, str(folder / "stream.parquet")]))
            lake = folder / "postgres-lake"
            shutil.rmtree(lake, ignore_errors=True)
            words = [str(sources), str(lake), str(rows)]
            costs["ours"].append(_run(ours, words, BENCH_DATABASE_URL=uri))
    fastest = min(median_seconds(costs[name]) for name in ("through a CSV file", "plain stream"))
    lines = [
        "## PostgreSQL to raw Parquet",
        "",
        f"{rows:,} rows of eight columns from a server on the same machine. Goal: at most "
        f"{SLOWEST_RATIO} times the faster of the two plain ways. Memory is without the server's.",
        "",
        "| way | s | peak MB | ratio | goal |",
        "|---|---:|---:|---:|---|",
    ]
    for name, runs in costs.items():
        ratio = median_seconds(runs) / fastest
        goal = ("kept" if ratio <= SLOWEST_RATIO else "missed") if name == "ours" else ""
        lines.append(
            f"| {name} | {median_seconds(runs):.2f} | {peak_mb(runs):.0f} | {ratio:.2f} | {goal} |"
        )
    return "\n".join(lines)


def _through_csv(uri: str, data: Path, folder: Path) -> Cost:
    file = data / "lines.csv"  # where the server may write
    words = [uri, str(file), str(folder / "copy.parquet"), json.dumps(COLUMNS)]
    cost = _run(THROUGH_CSV, words)
    file.unlink()
    return cost


def _run(script: str, words: list[str], **environ: str) -> Cost:
    command = [sys.executable, "-c", script, *words]
    return measure(command, cwd=ROOT, environ={"PYTHONPATH": str(ROOT), **environ})


@contextmanager
def _server(rows: int) -> Iterator[tuple[str, Path]]:
    """A server that has the lines: its address, and its own folder."""
    import adbc_driver_postgresql.dbapi  # noqa: PLC0415 - from the test extras, as the server is

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where XDG_RUNTIME_DIR is not set
        import pgserver  # noqa: PLC0415

        data = Path(tempfile.mkdtemp(prefix="till-bench-postgres-"))
        running = pgserver.get_server(data, cleanup_mode="delete")
    try:
        socket = quote(running.get_uri().partition("host=")[2], safe="")
        uri = f"postgresql://postgres@/postgres?host={socket}"
        connect = adbc_driver_postgresql.dbapi.connect
        with connect(uri, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute(LINES.format(rows=rows))
            cursor.execute("vacuum analyze lines")
        yield uri, data
    finally:
        running.cleanup()


def _sources() -> dict[str, object]:
    columns = [
        {"name": name, "type": DECLARED.get(kind, kind.lower())} for name, kind in COLUMNS.items()
    ]
    lines = {"name": "lines", "table": "public.lines", "columns": columns}
    source = {"name": "bench", "kind": "postgres", "connection": "${BENCH_DATABASE_URL}"}
    return {"version": 1, "sources": [{**source, "tables": [lines]}]}
