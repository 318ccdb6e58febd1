"""`till ingest --replay-rejected` over every kind, and what records keep of a source through it."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.compact import compact, tables_of
from ingest.lake.manifest import read_manifest
from ingest.run import ingest
from tests.pipeline.every_kind import COLUMNS, KINDS, Shop, shop_of
from tests.pipeline.file_drops import FileDrops
from tests.pipeline.file_server import Served, file_server
from tests.pipeline.rest_lake import RestLake
from tests.pipeline.scripted_api import Asked, Reply, page, scripted_api
from tests.pipeline.workbooks import Error, Sheet, xlsx

STRICT = (COLUMNS[0], {**COLUMNS[1], "max": 5})
WIDER = (COLUMNS[0], {**COLUMNS[1], "max": 50})
SALES = [{"id": "a", "amount": 1}, {"id": "b", "amount": 20}, {"id": "c", "amount": 300}]


@pytest.fixture
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    with shop_of(request.param, tmp_path / "shop", request) as found:
        yield found


def kinds(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("shop", names, indirect=True)


@kinds(*KINDS)
def test_rows_that_fit_now_are_loaded_once_and_the_source_goes_on(shop: Shop) -> None:
    shop.declare(*STRICT)
    shop.put(SALES)
    assert shop.load().rows_rejected == 2
    (first,) = shop.records()
    shop.declare(*WIDER)
    result = shop.load(replay_rejected=True)
    assert (result.rows_replayed, result.rows_left) == (1, 1)
    assert shop.rows() == [("a", 1), ("b", 20)]
    assert shop.load(replay_rejected=True).load_id is None
    # Where the source is read from next is what it was, and so is what each row carries.
    replayed = shop.records()[-1]
    assert replayed.cursor_after == first.cursor_after
    assert replayed.schema == first.schema
    assert (replayed.rows_read, replayed.rows_loaded, replayed.rows_rejected) == (0, 1, -1)
    compact_all(shop)
    shop.put([{"id": "d", "amount": 4}])
    shop.load()
    assert shop.rows() == [("a", 1), ("b", 20), ("d", 4)]
    assert shop.load(replay_rejected=True).load_id is None
    assert shop.load().load_id is None


def compact_all(shop: Shop) -> None:
    manifest = read_manifest(shop.lake)
    compact(shop.lake, manifest, tables_of(manifest.records), keep=timedelta())


@kinds("postgres_cdc")
def test_a_replayed_change_takes_its_old_place_in_the_log(shop: Shop) -> None:
    shop.declare(*STRICT)
    shop.put(SALES[:1])
    shop.load()
    server, table = shop.put.server, shop.table["table"]  # type: ignore[attr-defined]
    server.run(f"update {table} set amount = 20 where id = 'a'")
    shop.load()
    server.run(f"update {table} set amount = 3 where id = 'a'", f"delete from {table}")
    shop.load()
    before = shop.records()[-1]
    shop.declare(*WIDER)
    assert shop.load(replay_rejected=True).rows_replayed == 1
    in_order = sorted(shop.rows("_lsn, _position, _operation, amount, _committed_at"))
    assert [row[2:4] for row in in_order] == [
        ("snapshot", 1),
        ("update", 20),
        ("update", 3),
        ("delete", None),
    ]
    assert in_order == sorted(in_order, key=lambda row: row[4])
    # The log is read on from where it was, and a new copy takes the place of all of it.
    assert shop.records()[-1].cursor_after == before.cursor_after
    shop.put(SALES[1:2])
    shop.load()
    assert len(shop.rows()) == 5
    shop.load(reload=True)
    assert shop.rows("_operation, id, amount") == [("snapshot", "b", 20)]


@kinds("kinesis")
def test_a_replayed_record_keeps_its_place_in_the_stream(shop: Shop) -> None:
    shop.declare(*STRICT)
    shop.put(SALES)
    shop.load()
    shop.declare(*WIDER)
    shop.load(replay_rejected=True)
    (one, other) = shop.rows("id, _shard_id, _partition_key, _sequence_number, _arrived_at")
    assert one[1:3] == other[1:3]
    assert (len(one[3]), one[3]) < (len(other[3]), other[3])
    assert None not in other


@kinds("events")
def test_a_replayed_event_is_kept_whole(shop: Shop) -> None:
    shop.declare(*STRICT)
    shop.put([{**SALES[1], "more": {"deep": [1]}}, SALES[0]])
    shop.load()
    shop.declare(*WIDER)
    shop.load(replay_rejected=True)
    assert ('{"id":"b","amount":20,"more":{"deep":[1]}}',) in shop.rows(
        "replace(_payload, ' ', '')"
    )


@kinds("excel", "postgres", "postgres_cdc", "kinesis")
def test_a_replay_brings_columns_that_were_added(shop: Shop) -> None:
    shop.declare(*STRICT, on_new_column="add")
    shop.put([{**sale, "Note 1": f'"{sale["id"]}", so'} for sale in SALES])
    shop.load()
    shop.declare(*WIDER, on_new_column="add")
    assert shop.load(replay_rejected=True).rows_replayed == 1
    assert shop.rows("id, amount, note_1") == [("a", 1, '"a", so'), ("b", 20, '"b", so')]


def test_what_is_wrong_with_a_workbook_itself_is_never_replayed(tmp_path: Path) -> None:
    shop = FileDrops(tmp_path, kind="excel")
    shop.declare_table()
    rows = [
        ["id", "amount"],
        ["a", 1],
        ["b", 2.5],
        ["c", Error("#N/A")],
        ["d\n,", "x"],
        ["e", 5, "?"],
    ]
    shop.drop("a.xlsx", xlsx(Sheet("Sales", [*rows, ["id", "amount"]])))
    shop.ingest()
    assert shop.rows() == [("a", 1)]
    # As text, what an error cell shows would be a value, and so would the header.
    shop.declare_table([{"name": "id"}, {"name": "amount"}])
    (result,) = shop.ingest(replay_rejected=True).tables
    assert (result.rows_replayed, result.rows_left) == (2, 3)
    assert shop.rows() == [("a", 1), ("b", "2.5"), ("d\n,", "x")]


PACKED: dict[str, Any] = {
    "csv": lambda content: content,
    "csv.gz": gzip.compress,
    "zip": lambda content: zipped("within.csv", content),
}


def zipped(name: str, content: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(name, content)
    return target.getvalue()


@pytest.mark.parametrize("ending", PACKED)
@pytest.mark.parametrize("is_remote", [False, True])
def test_rows_of_packed_and_of_distant_files_are_replayed_without_them(
    ending: str, is_remote: bool, tmp_path: Path
) -> None:
    shop = FileDrops(tmp_path)
    content = PACKED[ending](b"amount;id\n1;a\n2,5;b\nx;c\n")
    wider = [{"name": "id"}, {"name": "amount", "type": "decimal(9,1)"}]
    with file_server() as server:
        server.files[f"/a.{ending}"] = Served(content)
        path = f"{server.url}/a.{ending}" if is_remote else "drops"
        dropped = shop.drop(f"a.{ending}", content)
        shop.declare_table(path=path)
        assert shop.ingest().failed == []
        dropped.unlink()
        del server.files[f"/a.{ending}"]
        shop.declare_table(wider, path=path, dialect={"decimal": ","})
        (result,) = shop.ingest(replay_rejected=True).tables
    assert (result.rows_replayed, result.rows_left) == (1, 1)
    assert [(row[0], float(row[1])) for row in shop.rows()] == [("a", 1.0), ("b", 2.5)]


def test_a_replayed_row_of_a_list_belongs_to_its_parent(tmp_path: Path) -> None:
    lake = RestLake(tmp_path)
    refunds = [{"refund": 1, "amount": "2.5"}, {"refund": 2, "amount": "3"}]

    def answer(asked: Asked) -> Reply:
        return page([{"order_id": "A1"}] if asked.path == "/orders" else refunds)

    orders = {"name": "orders", "path": "/orders", "data_selector": "data", "key": ["order_id"]}
    orders["columns"] = [{"name": "order_id"}]

    def declare(kind: str) -> None:
        columns = [{"name": "refund", "type": "integer"}, {"name": "amount", "type": kind}]
        table = {"name": "refunds", "path": "/orders/{order_id}/refunds", "data_selector": "data"}
        table |= {"parent": {"table": "orders", "column": "order_id"}, "key": ["refund"]}
        lake.declare(api.url, orders, {**table, "columns": columns, "max_rejected": 1.0})

    with scripted_api(answer) as api:
        declare("integer")
        assert [each.error for each in lake.ingest().tables] == [None, None]
        declare("decimal(9,2)")
        results = ingest(lake.sources(), lake.lake, lake.folder, replay_rejected=True).tables
        assert [each.rows_replayed for each in results] == [0, 1]
        first, replayed = lake.records("refunds")
        assert (replayed.cursor_before, replayed.cursor_after) == (first.cursor_after,) * 2
        found = lake.rows("refunds", "order_id, refund, amount::double")
        assert found == [("A1", 1, 2.5), ("A1", 2, 3.0)]
        asked = len(api.asked_for("/orders/A1/refunds"))
        lake.ingest()
        # Nobody asks again for the list of a parent that is known.
        assert len(api.asked_for("/orders/A1/refunds")) == asked
