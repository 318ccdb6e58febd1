"""A JSON API to raw Parquet: our ingest beside dlt's ordinary way, which makes a row of each record."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import Process, SimpleQueue
from pathlib import Path
from typing import Any

from measure import ROOT, Cost, ingest_program, measure, median_seconds, peak_mb
from plan import Plan

PAGE = 1000
SLOWEST_RATE = 50_000

# The clock starts after the imports on both sides.
PLAIN_DLT = """
import os, sys, time
os.environ["DLT_DATA_DIR"] = sys.argv[2]
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
import dlt
from dlt.sources.rest_api import rest_api_source
source = rest_api_source({
    "client": {"base_url": sys.argv[1], "paginator": {
        "type": "json_response", "next_url_path": "next"}},
    "resources": [{"name": "orders", "endpoint": {"path": "orders", "data_selector": "data"}}],
})
started = time.perf_counter()
pipeline = dlt.pipeline("bench", destination=dlt.destinations.filesystem(sys.argv[2]))
pipeline.run(source, loader_file_format="parquet")
print(time.perf_counter() - started)
"""


def table(folder: Path, plan: Plan) -> str:
    """Markdown: records a second and peak memory, for both ways."""
    lines = [
        "## A JSON API to raw Parquet",
        "",
        f"Pages of {PAGE:,} orders with eight values, given by a server that has them ready. "
        f"Goal: {SLOWEST_RATE:,} records a second or more.",
        "",
        "| records | dlt's rows s | dlt peak MB | ingest s | ingest peak MB | records a second | goal |",
        "|---:|---:|---:|---:|---:|---:|---|",
    ]
    lines.extend(_row(folder, records, plan.runs) for records in plan.api_records)
    return "\n".join(lines)


def _row(folder: Path, records: int, runs: int) -> str:
    lake, plain, sources = folder / "api-lake", folder / "plain", folder / "sources.yml"
    loads: list[Cost] = []
    others: list[Cost] = []
    with _served(records) as url:
        sources.write_text(json.dumps(_sources(url)), encoding="utf-8")  # JSON is YAML
        for _ in range(runs):
            shutil.rmtree(plain, ignore_errors=True)
            command = [sys.executable, "-c", PLAIN_DLT, url, str(plain)]
            others.append(measure(command, cwd=folder))
            shutil.rmtree(lake, ignore_errors=True)
            command = [
                sys.executable,
                "-c",
                ingest_program("from ingest.rest import client"),
                str(sources),
                str(lake),
                str(records),
            ]
            loads.append(measure(command, cwd=ROOT, environ={"PYTHONPATH": str(ROOT)}))
    rate = records / median_seconds(loads)
    return (
        f"| {records:,} | {median_seconds(others):.2f} | {peak_mb(others):.0f} "
        f"| {median_seconds(loads):.2f} | {peak_mb(loads):.0f} | {rate:.0f} "
        f"| {'kept' if rate >= SLOWEST_RATE else 'missed'} |"
    )


def _sources(url: str) -> dict[str, Any]:
    columns = [
        {"name": name, "type": kind}
        for name, kind in {
            "order_id": "text",
            "customer_id": "text",
            "status": "text",
            "channel": "text",
            "country_code": "text",
            "amount": "decimal(18,2)",
            "pieces": "integer",
            "updated_at": "timestamp",
        }.items()
    ]
    orders = {
        "name": "orders",
        "path": "/orders",
        "data_selector": "data",
        "key": ["order_id"],
        "columns": columns,
    }
    source = {
        "name": "bench",
        "kind": "rest_api",
        "base_url": url,
        "pagination": {"type": "next_url", "next_url_path": "next"},
        "tables": [orders],
    }
    return {"version": 1, "sources": [source]}


@contextmanager
def _served(records: int) -> Iterator[str]:
    """The server runs in a process of its own, so that it costs the two ways no time of theirs."""
    ready: SimpleQueue[int] = SimpleQueue()
    process = Process(target=_serve, args=(records, ready), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ready.get()}"
    finally:
        process.terminate()
        process.join()


def _serve(records: int, ready: SimpleQueue[int]) -> None:
    pages = [_page(start, records) for start in range(0, records, PAGE)]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            body = pages[int(self.path.partition("page=")[2] or 0)]
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    ready.put(server.server_address[1])
    server.serve_forever()


def _page(start: int, records: int) -> bytes:
    end = min(start + PAGE, records)
    data = [
        {
            "order_id": f"W{number:09d}",
            "customer_id": f"C{number % 5000:06d}",
            "status": ("paid", "shipped", "delivered")[number % 3],
            "channel": ("web", "app")[number % 2],
            "country_code": ("ES", "FR", "DE", "IT")[number % 4],
            "amount": f"{number % 500}.{number % 100:02d}",
            "pieces": number % 7 + 1,
            "updated_at": f"2025-03-{number % 28 + 1:02d}T10:{number % 60:02d}:00Z",
        }
        for number in range(start, end)
    ]
    following = f"/orders?page={end // PAGE}" if end < records else None
    return json.dumps({"data": data, "next": following}).encode()
