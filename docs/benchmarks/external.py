"""A mart as Parquet: our external materialization, a plain COPY of its query, and dbt-duckdb's own."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from measure import ROOT, Cost, measure, median_seconds, peak_mb
from order_lines import write_order_lines
from plan import Plan

SLOWEST_RATIO = 1.1
MEMORY_LIMIT = "4GB"

QUERY = """
select
    order_id,
    ordered_at,
    cast(ordered_at as date) as order_date,
    customer_id,
    product_id,
    country,
    quantity,
    cast(quantity * unit_price as decimal(18, 4)) as net_amount
from read_parquet('{lines}')
"""

COPY = """
import duckdb, sys, time
connection = duckdb.connect()
connection.execute("set memory_limit = '{memory_limit}'; set TimeZone = 'UTC'")
started = time.perf_counter()
connection.execute(f"copy ({{sys.argv[1]}}) to '{{sys.argv[2]}}' (format parquet, compression zstd)")
print(time.perf_counter() - started)
"""

PROJECT = """
name: bench
version: "1.0"
profile: bench
macro-paths: {macro_paths}
flags: {{send_anonymous_usage_stats: false}}
"""

PROFILE = """
bench:
  target: lake
  outputs:
    lake:
      type: duckdb
      path: lake/warehouse.duckdb
      threads: 1
      settings: {{memory_limit: {memory_limit}, TimeZone: UTC}}
      plugins: {plugins}
"""


@dataclass(frozen=True)
class Way:
    """One way to write the mart; the model's `config` and, with `is_ours`, our macros."""

    name: str
    folder: Path
    config: str
    is_ours: bool
    has_contract: bool = False


def table(folder: Path, plan: Plan) -> str:
    """Markdown: seconds and peak memory of each way, and its ratio to the plain COPY."""
    lines = folder / "lines.parquet"
    write_order_lines(lines, plan.mart_rows)
    query = QUERY.format(lines=lines)
    theirs = f"materialized='external', location='{folder}/theirs.parquet', "
    ways = [
        Way("ours", folder / "ours", "materialized='external'", is_ours=True),
        Way("ours, contract and key checked", folder / "checked", "", True, has_contract=True),
        Way(
            "dbt-duckdb's own",
            folder / "theirs",
            theirs + "options={'compression': 'zstd'}",
            is_ours=False,
        ),
    ]
    for way in ways:
        _write_project(way, query)
    copies: list[Cost] = []
    builds: dict[str, list[Cost]] = {way.name: [] for way in ways}
    for _ in range(plan.runs):
        copies.append(_copy(query, folder))
        for way in ways:
            builds[way.name].append(_build(way, plan.mart_rows))
    lines.unlink()
    return "\n".join(
        [
            "## External materialization",
            "",
            f"{plan.mart_rows:,} rows to one Parquet file (zstd). dbt's seconds are those of the model,",
            f"without start-up; its memory is that of the process. Goal: ours at most {SLOWEST_RATIO}",
            "times the COPY.",
            "",
            "| way | seconds | ratio | peak MB |",
            "|---|---:|---:|---:|",
            _row("plain COPY", copies, copies),
            *(_row(name, costs, copies) for name, costs in builds.items()),
        ]
    )


def _row(name: str, costs: list[Cost], copies: list[Cost]) -> str:
    ratio = median_seconds(costs) / median_seconds(copies)
    verdict = ""
    if name == "ours":
        verdict = " (goal kept)" if ratio <= SLOWEST_RATIO else " (goal missed)"
    return f"| {name} | {median_seconds(costs):.2f} | {ratio:.2f}{verdict} | {peak_mb(costs):.0f} |"


def _copy(query: str, folder: Path) -> Cost:
    script = COPY.format(memory_limit=MEMORY_LIMIT)
    command = [sys.executable, "-c", script, query, str(folder / "copy.parquet")]
    return measure(command, cwd=folder)


def _build(way: Way, rows: int) -> Cost:
    """One `dbt run` in the way's project; its output becomes the seconds that the model took."""
    dbt = str(Path(sys.executable).with_name("dbt"))
    environ = {"PYTHONPATH": str(ROOT), "TILL_LAKE": "lake", "DO_NOT_TRACK": "1"}
    cost = measure([dbt, "run", "--profiles-dir", "."], cwd=way.folder, environ=environ)
    results = json.loads((way.folder / "target" / "run_results.json").read_text(encoding="utf-8"))
    (model,) = (one for one in results["results"] if one["unique_id"] == "model.bench.mart")
    written = [
        *way.folder.parent.glob("theirs.parquet"),
        *way.folder.glob("lake/marts/mart.parquet"),
    ]
    if not written or model["status"] != "success":
        raise RuntimeError(f"{way.name} wrote nothing:\n{cost.output}")
    return replace(cost, output=str(model["execution_time"]))


def _write_project(way: Way, query: str) -> None:
    macros = [(ROOT / "macros").as_posix()] if way.is_ours else ["macros"]
    plugins = [{"module": "till.warehouse_plugin"}] if way.is_ours else []
    config = way.config or "materialized='external'"
    files = {
        "dbt_project.yml": PROJECT.format(macro_paths=json.dumps(macros)),
        "profiles.yml": PROFILE.format(memory_limit=MEMORY_LIMIT, plugins=json.dumps(plugins)),
        "models/mart.sql": f"{{{{ config({config}) }}}}\n{query}",
    }
    if way.has_contract:
        files["models/mart.yml"] = json.dumps(CONTRACT)
    (way.folder / "lake").mkdir(parents=True)
    for name, text in files.items():
        path = way.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


_TYPES = {
    "order_id": "varchar",
    "ordered_at": "timestamp",
    "order_date": "date",
    "customer_id": "varchar",
    "product_id": "varchar",
    "country": "varchar",
    "quantity": "bigint",
    "net_amount": "decimal(18, 4)",
}
CONTRACT = {
    "models": [
        {
            "name": "mart",
            "config": {"contract": {"enforced": True}},
            "constraints": [{"type": "primary_key", "columns": ["ordered_at"]}],
            "columns": [{"name": name, "data_type": kind} for name, kind in _TYPES.items()],
        }
    ]
}
