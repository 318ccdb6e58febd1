"""How far a load has come, as it is drawn: every byte and row of an input once, for each kind."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.results import Meter
from tests.pipeline.every_kind import COLUMNS, FILES, KINDS, Shop, shop_of
from tests.pipeline.file_drops import FileDrops
from tests.pipeline.file_server import Served, file_server

SALES = [{"id": f"s{number}", "amount": number} for number in range(1, 8)]


@pytest.fixture
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    with shop_of(request.param, tmp_path / "shop", request) as found:
        yield found


@pytest.mark.parametrize("shop", KINDS, indirect=True)
def test_the_meter_ends_with_every_row_and_byte_once(shop: Shop) -> None:
    shop.declare(COLUMNS[0], {**COLUMNS[1], "max": 6})
    shop.put(SALES[:3])
    shop.put(SALES[3:])
    meters: list[Meter] = []
    shop.load(meters=meters)
    (meter,), (record,) = meters, shop.records()
    assert (meter.source, meter.table, meter.ended) == ("shop", "sales", True)
    assert (meter.rows, meter.bytes) == (7, record.bytes_read)
    assert meter.bytes > 0
    if shop.kind in FILES:
        files = sum(each.stat().st_size for each in (shop.folder / "drops").iterdir())
        assert (meter.bytes, meter.of_bytes) == (files, files)
    shop.put([{"id": "z", "amount": 1}])
    shop.load(meters=meters)
    # Of files that are known, at most their bytes are read again; of the others nothing counts twice.
    if shop.kind not in ("postgres", "rest_api"):
        assert meters[1].rows == 1
        assert meters[1].of_bytes in (None, meters[1].bytes)


def metered(shop: FileDrops) -> Meter:
    meters: list[Meter] = []
    assert shop.ingest(on_start=meters.append).failed == []
    return meters[0]


@pytest.mark.parametrize(
    "content",
    [
        b"id,amount\r\na,1\nb,2\r\n" + b"c,3\n" * 600_000,  # mixed line ends, found after a while
        b"id,amount\n" + b"a,1\n" * 600_000 + "é,2\n".encode("windows-1252"),
        "id,amount\na,1\n".encode("utf-16"),
        b"Sales\n\nid;amount\na;1\n",
    ],
)
def test_a_file_that_is_read_in_another_way_counts_once(content: bytes, tmp_path: Path) -> None:
    shop = FileDrops(tmp_path)
    shop.declare_table()
    shop.drop("a.csv", content)
    meter = metered(shop)
    assert (meter.bytes, meter.of_bytes) == (len(content), len(content))
    assert meter.rows == shop.manifest().records[0].rows_read


@pytest.mark.parametrize(("kind", "ending"), [("csv", "csv"), ("json", "jsonl"), ("csv", "csv.gz")])
def test_a_download_counts_on_the_way(kind: str, ending: str, tmp_path: Path) -> None:
    rows = [{"id": "a", "amount": 1}, {"id": "b", "amount": 2}]
    content = b"id,amount\na,1\nb,2\n"
    if kind == "json":
        content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    content = gzip.compress(content) if ending.endswith("gz") else content
    shop = FileDrops(tmp_path, kind=kind)
    with file_server() as server:
        # The first answer breaks off in the middle: what came of it is taken back.
        server.files[f"/a.{ending}"] = Served(content, cut=1)
        shop.declare_table(path=f"{server.url}/a.{ending}")
        meter = metered(shop)
    assert (meter.rows, meter.bytes, meter.of_bytes) == (2, len(content), len(content))


def test_a_compressed_file_counts_as_it_lies_there(tmp_path: Path) -> None:
    shop = FileDrops(tmp_path)
    shop.declare_table()
    content = gzip.compress(b"id,amount\n" + b"a,1\n" * 1000)
    shop.drop("a.csv.gz", content)
    shop.drop("b.csv", "id,amount\nb,2\n")
    meter = metered(shop)
    size = len(content) + len("id,amount\nb,2\n")
    assert (meter.rows, meter.bytes, meter.of_bytes) == (1001, size, size)


def test_a_refused_file_stops_no_count(tmp_path: Path) -> None:
    shop = FileDrops(tmp_path)
    shop.declare_table()
    shop.drop("a.csv", "id,amount\na,1\n")
    shop.drop("b.csv", 'id,amount\n"b,2\nb,2\n')
    meters: list[Meter] = []
    said: list[Any] = []
    (failed,) = shop.ingest(on_start=meters.append, on_progress=said.append).failed
    assert failed.load_id is not None
    assert said[-1] == "shop.sales: 1 row loaded, but not everything"
    assert meters[0].rows == 1
    assert meters[0].ended
