"""Sources load side by side; what goes wrong with one of them stays with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.declaration.sources_file import load_sources_file
from ingest.lake.manifest import microseconds, read_manifest
from ingest.results import IngestResult, Meter
from ingest.run import SOURCES_AT_ONCE, ingest
from tests.pipeline.csv_shop import CsvShop
from tests.pipeline.rest_lake import HURRIED, order, orders_table
from tests.pipeline.scripted_api import Asked, Reply, page, scripted_api

ROOT = Path(__file__).resolve().parents[2]


def declare(folder: Path, url: str, names: list[str]) -> None:
    """One API per name, each with orders under a path of its own."""
    blocks: list[dict[str, Any]] = [
        {
            "name": name,
            "kind": "rest_api",
            "base_url": url,
            "tables": [orders_table(path=f"/{name}")],
        }
        for name in names
    ]
    folder.mkdir(parents=True, exist_ok=True)
    document = {"version": 1, "sources": blocks}
    (folder / "sources.yml").write_text(json.dumps(document), encoding="utf-8")


def load(folder: Path, **options: Any) -> IngestResult:
    sources = load_sources_file(folder / "sources.yml", {})
    return ingest(sources, folder / "lake", folder, patience=HURRIED, **options)


def test_as_many_sources_as_may_load_at_once(tmp_path: Path) -> None:
    # Nobody is answered before all have asked, so one after the other none would ever end.
    all_have_asked = threading.Barrier(SOURCES_AT_ONCE)

    def answer(asked: Asked) -> Reply:
        all_have_asked.wait(timeout=60)
        return page([order(1), order(2)])

    names = [f"shop_{number}" for number in range(SOURCES_AT_ONCE)]
    with scripted_api(answer) as api:
        declare(tmp_path, api.url, names)
        result = load(tmp_path)
    assert [(one.source_name, one.rows_loaded) for one in result.tables] == [
        (name, 2) for name in names
    ]
    ids = [record.load_id for record in read_manifest(tmp_path / "lake").records]
    assert len(set(ids)) == SOURCES_AT_ONCE


# DuckDB imports pandas in the middle of a load; what another thread finds of it must be whole. dlt would
# import Streamlit, which takes longer than the load, to look for secrets there.
LOOK_FOR_IMPORTS = """
import os, sys
from pathlib import Path
from ingest.declaration.sources_file import load_sources_file
from ingest.run import ingest

folder = Path(sys.argv[1])
found = []

def look(meter):
    found.append(hasattr(sys.modules.get("pandas"), "DataFrame"))

ingest(load_sources_file(folder / "sources.yml", os.environ), folder / "lake", folder, on_start=look)
print(found, "streamlit" in sys.modules)
"""


def test_pandas_is_imported_before_sources_load_at_once_and_streamlit_never(tmp_path: Path) -> None:
    with scripted_api(lambda asked: page([order(1)])) as api:
        declare(tmp_path, api.url, ["first", "second"])
        done = subprocess.run(
            [sys.executable, "-c", LOOK_FOR_IMPORTS, str(tmp_path)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.stdout == "[True, True] False\n", done.stderr


def test_no_more_sources_load_than_may(tmp_path: Path) -> None:
    names = [f"shop_{number}" for number in range(SOURCES_AT_ONCE + 5)]
    under_way: set[str] = set()
    most = 0
    lock = threading.Lock()

    def answer(asked: Asked) -> Reply:
        nonlocal most
        with lock:
            under_way.add(asked.path)
            most = max(most, len(under_way))
        reply = page([order(1)])
        with lock:
            under_way.remove(asked.path)
        return reply

    with scripted_api(answer) as api:
        declare(tmp_path, api.url, names)
        result = load(tmp_path)
    assert len(result.tables) == len(names)
    assert not result.failed
    assert most <= SOURCES_AT_ONCE


def test_a_source_that_fails_half_way_takes_no_other_down(tmp_path: Path) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.path == "/bad" and asked.parameters.get("cursor"):
            return Reply(b"broken", status=500)
        return page([order(1)], "more" if asked.path == "/bad" else None)

    with scripted_api(answer) as api:
        declare(tmp_path, api.url, ["first", "bad", "last"])
        blocks = json.loads((tmp_path / "sources.yml").read_text(encoding="utf-8"))
        blocks["sources"][1]["pagination"] = {
            "type": "cursor",
            "cursor_path": "next_cursor",
            "cursor_param": "cursor",
        }
        (tmp_path / "sources.yml").write_text(json.dumps(blocks), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "till", "ingest", "--sources", "sources.yml"],
            cwd=project(tmp_path),
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 1
    assert "bad.orders: failed" in done.stdout
    assert "/bad: the API fails (500 Internal Server Error)" in done.stdout
    loaded = {record.source_name for record in read_manifest(tmp_path / "lake").records}
    assert loaded == {"first", "last"}


def project(folder: Path) -> Path:
    """`folder` as the root of a project, as far as an ingest wants one."""
    (folder / "dbt_project.yml").write_text("name: tillhouse\n", encoding="utf-8")
    return folder


def test_what_nobody_expected_stays_with_its_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted_api(lambda asked: page([order(1)])) as api:
        declare(tmp_path, api.url, ["first", "odd"])

        def fail_for_odd(meter: Meter) -> None:
            if meter.source == "odd":
                # Whatever a load does to its own meter fails from here on.
                monkeypatch.setattr(meter, "add", None)

        result = load(tmp_path, on_start=fail_for_odd)
    (failed,) = result.failed
    assert failed.source_name == "odd"
    assert "something unexpected happened (TypeError:" in str(failed.error)
    assert [record.source_name for record in read_manifest(tmp_path / "lake").records] == ["first"]


def test_meters_say_how_far_each_table_came(tmp_path: Path) -> None:
    meters: list[Meter] = []
    replies = {None: page([order(1), order(2)])}
    with scripted_api(lambda asked: replies[None]) as api:
        declare(tmp_path, api.url, ["shop"])
        load(tmp_path, on_start=meters.append)
    (meter,) = meters
    assert (meter.source, meter.table, meter.ended) == ("shop", "orders", True)
    assert (meter.rows, meter.bytes) == (2, len(replies[None].body))


def test_a_clock_that_goes_back_neither_loses_nor_doubles(tmp_path: Path) -> None:
    shop = CsvShop(tmp_path / "shop")
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    clocks: list[Callable[[], datetime]] = [
        lambda: noon,
        lambda: noon - timedelta(days=400),
        lambda: noon - timedelta(days=400),
    ]
    contents = ["id,amount\na,1\n", "id,amount\na,2\nb,3\n", "id,amount\na,2\nb,4\n"]
    for clock, content in zip(clocks, contents, strict=True):
        shop.drop("sales.csv", content)
        shop.ingest(now=clock)
    assert shop.rows() == [("a", 2), ("b", 4)]
    ids = [microseconds(record.load_id) for record in shop.manifest().records]
    assert ids == sorted(set(ids))
    assert len(ids) == 3


def test_who_stops_an_ingest_waits_for_no_answer(tmp_path: Path) -> None:
    asked_for = threading.Event()
    may_answer = threading.Event()

    def answer(asked: Asked) -> Reply:
        asked_for.set()
        may_answer.wait(timeout=60)
        return page([order(1)])

    with scripted_api(answer) as api:
        declare(tmp_path, api.url, ["slow"])
        process = subprocess.Popen(
            [sys.executable, "-m", "till", "ingest", "--sources", "sources.yml"],
            cwd=project(tmp_path),
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stderr=subprocess.PIPE,
            text=True,
        )
        assert asked_for.wait(timeout=60)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "Stopped. The next run takes up where this one was." in said
        may_answer.set()
        assert not read_manifest(tmp_path / "lake").records
        assert load(tmp_path).tables[0].rows_loaded == 1


def test_of_two_ingests_at_the_same_time_one_loads_and_the_other_is_told(tmp_path: Path) -> None:
    asked_for = threading.Event()
    may_answer = threading.Event()

    def answer(asked: Asked) -> Reply:
        asked_for.set()
        may_answer.wait(timeout=60)
        return page([order(1), order(2)])

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "till", "ingest", "--sources", "sources.yml"],
            cwd=project(tmp_path),
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    with scripted_api(answer) as api:
        declare(tmp_path, api.url, ["shop"])
        first = start()
        assert asked_for.wait(timeout=60)
        second = start()
        _, said = second.communicate(timeout=60)
        may_answer.set()
        first.communicate(timeout=60)
    assert second.returncode == 3
    assert f"`till ingest` (process {first.pid}, since " in said
    assert first.returncode == 0
    (record,) = read_manifest(tmp_path / "lake").records
    assert record.rows_loaded == 2


IMPORTED_EARLY = """
import sys
from pathlib import Path
from ingest.declaration.sources_file import load_sources_file
from ingest.run import ingest

folder = Path(sys.argv[1])
missing = set()
result = ingest(
    load_sources_file(folder / "sources.yml", {}),
    folder / "lake",
    folder,
    on_start=lambda meter: missing.update({"dlt", "pandas"} - set(sys.modules)),
)
failed = [table.error for table in result.tables if table.error]
sys.exit(f"imported by threads: {missing}; {failed}" if missing or failed else 0)
"""


def test_sources_side_by_side_do_not_import_the_same_at_once(tmp_path: Path) -> None:
    """Python refuses an import in which two threads wait for each other: then every table failed."""
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text("id\n1\n")
    sources = [
        {
            "name": name,
            "kind": "csv",
            "tables": [{"name": "rows", "path": f"{name}.csv", "columns": [{"name": "id"}]}],
        }
        for name in ("one", "two")
    ]
    (tmp_path / "sources.yml").write_text(json.dumps({"version": 1, "sources": sources}))
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED_EARLY, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
