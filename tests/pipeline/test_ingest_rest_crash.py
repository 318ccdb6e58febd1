"""SIGKILL in the middle of a REST load: the next run ends with the rows of one good run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.rest_lake import HURRIED, TOKEN, RestLake, order, orders_table
from tests.pipeline.scripted_api import Asked, Reply, page, scripted_api

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 60
CURSOR = {"column": "updated_at", "param": "updated_since", "lookback": "1d"}
LINES = {"name": "orders__lines", "path": "lines", "columns": [{"name": "sku"}]}
TABLES = (
    orders_table(name="clients", path="/clients", max_rejected=0.5),
    orders_table(cursor=CURSOR, children=[LINES], max_rejected=0.5),
)
RECORDS = [order(number, lines=[{"sku": "oil"}, {"sku": "salt"}]) for number in range(1, 6)]
RECORDS.append(order(6, amount="much", lines=[]))

# Ingest in a process of its own. Its clock is asked for the last time when a load's files are in the
# lake and its record is not yet there: the second argument says at which question it stops.
INGEST = """
import os, sys, time
from datetime import UTC, datetime
from pathlib import Path
from ingest.run import ingest
from ingest.declaration.sources_file import load_sources_file

folder, stop_at = Path(sys.argv[1]), int(sys.argv[2])
asked = 0

def clock():
    global asked
    asked += 1
    if asked == stop_at:
        (folder / "stopped").touch()
        while True:
            time.sleep(60)
    return datetime.now(UTC)

sources = load_sources_file(folder / "sources.yml", os.environ)
ingest(sources, folder / "lake", folder, now=clock)
(folder / "ended").touch()
"""


def pages_of_two(asked: Asked) -> Reply:
    start = int(asked.parameters.get("cursor", "0"))
    following = str(start + 2) if start + 2 < len(RECORDS) else None
    return page(RECORDS[start : start + 2], following)


@contextmanager
def ingesting(folder: Path, stop_at: int = 0) -> Iterator[subprocess.Popen[bytes]]:
    """A process that loads into `folder`; it is killed at the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-c", INGEST, str(folder), str(stop_at)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "SHOP_TOKEN": TOKEN},
    )
    try:
        yield process
    finally:
        process.kill()
        assert process.wait() == -signal.SIGKILL


def wait_until(happened: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not happened():
        assert process.poll() is None, "the load ended before it could be killed"
        assert time.monotonic() < deadline, "the load never came that far"
        time.sleep(0.01)


def contents(lake: RestLake) -> dict[str, list[Any]]:
    return {
        "clients": lake.rows("clients"),
        "orders": lake.rows("orders"),
        "orders__lines": lake.rows("orders__lines"),
        "rejected": lake.rejected("orders"),
    }


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """What one run that nobody disturbed has."""
    lake = RestLake(tmp_path_factory.mktemp("good"))
    with scripted_api(pages_of_two) as api:
        lake.declare(api.url, *TABLES)
        lake.ingest(HURRIED)
    rows = contents(lake)
    assert [len(rows[name]) for name in rows] == [5, 5, 10, 1]
    return rows


def finished_by_another_run(lake: RestLake) -> dict[str, list[Any]]:
    with scripted_api(pages_of_two) as api:
        lake.declare(api.url, *TABLES)
        lake.ingest(HURRIED)
    left = {name for name in lake.files() if name.endswith(".parquet")}
    recorded = {
        file.path
        for table in ("clients", "orders", "orders__lines")
        for record in lake.records(table)
        for file in (*record.files, *record.rejected_files)
    }
    assert left == recorded  # nothing of the killed run lies about
    return contents(lake)


def test_a_load_killed_between_two_pages_is_made_whole_by_the_next(
    tmp_path: Path, good: dict[str, list[Any]]
) -> None:
    lake = RestLake(tmp_path / "killed")
    reached, over = threading.Event(), threading.Event()

    def answer(asked: Asked) -> Reply:
        if asked.path == "/orders" and asked.parameters.get("cursor") == "4":
            reached.set()
            over.wait(DEADLINE_SECONDS)
        return pages_of_two(asked)

    with scripted_api(answer) as api:
        lake.declare(api.url, *TABLES)
        with ingesting(lake.folder) as process:
            wait_until(reached.is_set, process)
        over.set()
    assert not (lake.folder / "ended").exists()
    assert lake.records("orders") == []
    assert finished_by_another_run(lake) == good


NOTES = {
    "name": "notes",
    "path": "/orders/{order_id}/notes",
    "parent": {"table": "orders", "column": "order_id"},
    "data_selector": "data",
    "columns": [{"name": "text"}],
}
FAMILY = (orders_table(cursor=CURSOR, max_rejected=0.5), NOTES)


def notes_of_each(asked: Asked) -> Reply:
    if asked.path == "/orders":
        return pages_of_two(asked)
    start = int(asked.parameters.get("cursor", "0"))
    return page([{"text": f"{asked.path} {start}"}], "1" if start == 0 else None)


@pytest.mark.parametrize("stop_at", [("A3", "1"), ("A5", "0")], ids=str)
def test_a_load_killed_between_two_parents_is_made_whole_by_the_next(
    tmp_path: Path, stop_at: tuple[str, str]
) -> None:
    good, killed = RestLake(tmp_path / "good"), RestLake(tmp_path / "killed")
    with scripted_api(notes_of_each) as api:
        good.declare(api.url, *FAMILY)
        good.ingest()
    reached, over = threading.Event(), threading.Event()

    def answer(asked: Asked) -> Reply:
        number, cursor = asked.path.split("/")[2:3], asked.parameters.get("cursor", "0")
        if number == [stop_at[0]] and cursor == stop_at[1]:
            reached.set()
            over.wait(DEADLINE_SECONDS)
        return notes_of_each(asked)

    with scripted_api(answer) as api:
        killed.declare(api.url, *FAMILY)
        with ingesting(killed.folder) as process:
            wait_until(reached.is_set, process)
        over.set()
    assert (len(killed.records("orders")), killed.records("notes")) == (1, [])
    with scripted_api(notes_of_each) as api:
        killed.declare(api.url, *FAMILY)
        assert killed.ingest().failed == []
    assert len(good.rows("notes")) == 10
    assert killed.rows("notes") == good.rows("notes")
    assert killed.rows("orders") == good.rows("orders")


@pytest.mark.parametrize("stop_at", [5, 6], ids=["before its files", "before its record"])
def test_parents_of_a_load_without_a_record_are_asked_again(tmp_path: Path, stop_at: int) -> None:
    lake = RestLake(tmp_path / "killed")
    stopped = lake.folder / "stopped"
    with scripted_api(notes_of_each) as api:
        lake.declare(api.url, *FAMILY)
        with ingesting(lake.folder, stop_at) as process:
            wait_until(stopped.exists, process)
        assert lake.records("notes") == []
        api.asked.clear()
        assert lake.ingest().failed == []
        assert len([one for one in api.asked if "notes" in one.path]) == 10
    assert len(lake.rows("notes")) == 10
    lake.ingest()
    assert len(lake.rows("notes")) == 10


# Each load asks the clock when it starts, for its load id, and when each of its tables is finished.
@pytest.mark.parametrize("stop_at", [3, 6, 7], ids=["first table", "parent", "child"])
def test_a_load_killed_before_its_record_is_swept_and_made_again(
    tmp_path: Path, good: dict[str, list[Any]], stop_at: int
) -> None:
    lake = RestLake(tmp_path / "killed")
    stopped = lake.folder / "stopped"
    with scripted_api(pages_of_two) as api:
        lake.declare(api.url, *TABLES)
        with ingesting(lake.folder, stop_at) as process:
            wait_until(stopped.exists, process)
    table = "clients" if stop_at == 3 else "orders"
    assert lake.records(table) == []
    assert [name for name in lake.files() if name.startswith(f"raw/web/{table}/")]
    assert lake.rows(table) == []  # the files are there, and count for nothing
    assert finished_by_another_run(lake) == good
