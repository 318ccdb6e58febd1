"""Compaction: fewer files, the same rows, for everybody who reads, at every moment and after every kill."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import compact as compaction
from ingest import compaction_plan
from ingest.compact import CompactedTable, compact, tables_of
from ingest.declaration.sources_file import load_sources_file
from ingest.lake.compactions import read_compaction, stored_rows
from ingest.lake.manifest import read_manifest
from ingest.run import ingest
from tests.conftest import ROOT, Till
from tests.pipeline.csv_shop import CsvShop
from tests.pipeline.rest_lake import RestLake, order, orders_table
from tests.pipeline.scripted_api import page, scripted_api

HEAD = "id,amount\n"
AT_ONCE = timedelta()
A_DAY = timedelta(days=1)
TABLE = """\
      - name: sales
        path: drops
        max_rejected: 1.0
        columns:
          - {{name: id}}
          - {{name: amount, type: "{type}"}}
"""


def put_together(lake: Path, keep: timedelta = A_DAY, **more: Any) -> list[CompactedTable]:
    manifest = read_manifest(lake)
    done = compact(lake, manifest, tables_of(manifest.records), keep=keep, **more)
    assert [one.error for one in done] == [None] * len(done)
    return done


def loaded_rows(lake: Path) -> list[tuple[Any, ...]]:
    """Every row of every load, with its load and its file, replaced or not."""
    rows: list[tuple[Any, ...]] = []
    for record in read_manifest(lake).records:
        if relation := stored_rows(lake, [record]):
            found = duckdb.sql(f"select id, amount::varchar, _file from {relation}").fetchall()
            rows += [(record.load_id, *row) for row in found]
            assert len(found) == record.rows_loaded
    return sorted(rows, key=repr)


def files(lake: Path) -> list[str]:
    found = (lake / "raw" / "shop" / "sales").glob("*/*")
    return sorted(path.relative_to(lake).as_posix() for path in found)


def fill(shop: CsvShop) -> CsvShop:
    """Four loads: new files, one of them twice the same row, and one that changed."""
    for number in range(3):
        shop.drop(f"{number}.csv", HEAD + f"a{number},1\na{number},1\nb{number},bad\n")
        shop.ingest()
    shop.drop("0.csv", HEAD + "changed,5\n")
    shop.ingest()
    return shop


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> CsvShop:
    """Loaded four times. Look, do not change."""
    return fill(CsvShop(tmp_path_factory.mktemp("filled") / "shop"))


@pytest.fixture
def shop(filled: CsvShop, tmp_path: Path) -> CsvShop:
    copy = CsvShop(tmp_path / "shop")
    shutil.copytree(filled.folder, copy.folder, dirs_exist_ok=True)
    return copy


def test_many_files_become_few_and_no_row_is_other(shop: CsvShop) -> None:
    before, records = loaded_rows(shop.lake), read_manifest(shop.lake).records
    (done,) = put_together(shop.lake)
    # The load that was replaced as a whole stays by itself: no view reads it.
    assert (done.files_before, done.files_after, done.rows_moved) == (4, 2, 5)
    assert loaded_rows(shop.lake) == before
    assert read_manifest(shop.lake).records == records
    assert len(files(shop.lake)) == 5, "who reads the old files goes on"
    assert put_together(shop.lake)[0].rows_moved == 0


def test_old_files_go_when_nobody_can_be_reading_them(shop: CsvShop) -> None:
    before = loaded_rows(shop.lake)
    put_together(shop.lake)
    old = [path for path in files(shop.lake) if "load_id=" in path]
    assert put_together(shop.lake)[0].files_removed == 0
    assert put_together(shop.lake, AT_ONCE, in_use=old)[0].files_removed == 0
    tomorrow = datetime.now(UTC) + timedelta(hours=25)
    assert put_together(shop.lake, now=lambda: tomorrow)[0].files_removed == 3
    assert len(files(shop.lake)) == 2
    assert loaded_rows(shop.lake) == before
    assert read_compaction(shop.lake, "shop", "sales").retired == ()


def test_loading_goes_on_after_a_compaction_and_is_compacted_again(shop: CsvShop) -> None:
    put_together(shop.lake)
    put_together(shop.lake, AT_ONCE)
    assert shop_ingest(shop) is None
    shop.drop("0.csv", HEAD + "again,6\n")
    shop.drop("new.csv", HEAD + "n,7\n")
    assert shop_ingest(shop) == 2
    before = loaded_rows(shop.lake)
    (done,) = put_together(shop.lake, AT_ONCE)
    assert done.files_before - done.files_after == 1
    put_together(shop.lake, AT_ONCE)
    assert loaded_rows(shop.lake) == before
    assert len(files(shop.lake)) == 2


def shop_ingest(shop: CsvShop) -> int | None:
    """Ingest; the shop's own look at the books does not know of files that were put together."""
    sources = load_sources_file(shop.folder / "sources.yml", {})
    (table,) = ingest(sources, shop.lake, shop.folder).tables
    assert table.error is None
    return table.rows_loaded if table.load_id else None


def test_files_of_other_columns_or_of_a_good_size_stay_apart(
    shop: CsvShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.declare(TABLE.format(type="decimal(9,2)"))
    for number in (7, 8):
        shop.drop(f"{number}.csv", HEAD + f"d,{number}.25\n")
        shop.ingest()
    before = loaded_rows(shop.lake)
    assert put_together(shop.lake, dry_run=True)[0].files_after == 3
    with monkeypatch.context() as patched:
        patched.setattr(compaction_plan, "SMALL_BYTES", 10)
        assert put_together(shop.lake)[0].rows_moved == 0
        patched.setattr(compaction_plan, "SMALL_BYTES", 1 << 20)
        patched.setattr(compaction_plan, "TARGET_BYTES", 10)
        assert put_together(shop.lake)[0].rows_moved == 0
    assert put_together(shop.lake)[0].files_after == 3
    assert loaded_rows(shop.lake) == before


def test_a_file_that_is_not_as_it_was_written_is_not_baked_in(shop: CsvShop) -> None:
    path = shop.lake / files(shop.lake)[-1]
    content = bytearray(path.read_bytes())
    content[10] ^= 0xFF
    path.write_bytes(content)
    for damage in ("not as it was written", "is gone"):
        manifest = read_manifest(shop.lake)
        (done,) = compact(shop.lake, manifest, tables_of(manifest.records), keep=A_DAY)
        assert damage in str(done.error)
        assert read_compaction(shop.lake, "shop", "sales").files == ()
        path.unlink(missing_ok=True)


def test_other_rows_are_noticed_before_anybody_reads_them(
    shop: CsvShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = compaction.write_parquet

    def forgetful(connection: Any, query: str, path: Path) -> int:
        return written(connection, f"select * from ({query}) limit 4", path)

    monkeypatch.setattr(compaction, "write_parquet", forgetful)
    manifest = read_manifest(shop.lake)
    (done,) = compact(shop.lake, manifest, tables_of(manifest.records), keep=A_DAY)
    assert "does not have the rows of its parts" in str(done.error)
    assert read_compaction(shop.lake, "shop", "sales").files == ()


# -- killed


# What the compaction was about to do to the lake when it was killed, and which time it did that.
MOMENTS = (
    ("os.remove /raw/shop/sales/load_id=", 1),
    ("os.rmdir /raw/shop/sales/load_id=", 0),
    ("os.mkdir /raw/shop/sales/compacted=", 0),
    ("-> /raw/shop/sales/compacted=", 0),
    ("shutil.rmtree /raw/_spool/compact", -1),
    ("open /raw/_manifest/compacted/.", 0),
    ("-> /raw/_manifest/compacted/", 0),
)


def run_and_kill(folder: Path, number: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.pipeline.killed_compact", str(folder), str(number)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_compaction_killed_at_any_moment_leaves_the_lake_whole(
    filled: CsvShop, tmp_path: Path
) -> None:
    """With files of a compaction before it to be removed, and with new ones to be put together."""
    shop = CsvShop(tmp_path / "prepared")
    shutil.copytree(filled.folder, shop.folder, dirs_exist_ok=True)
    put_together(shop.lake)
    shop.drop("n.csv", HEAD + "n,7\n")
    shop_ingest(shop)
    before = loaded_rows(shop.lake)
    undisturbed = shutil.copytree(shop.folder, tmp_path / "undisturbed")
    done = run_and_kill(undisturbed, 0)
    assert done.returncode == 0, done.stderr
    changes = done.stdout.splitlines()
    for text, which in MOMENTS:
        number = [n for n, change in enumerate(changes, start=1) if text in change][which]
        copy = shutil.copytree(shop.folder, tmp_path / str(number))
        killed = run_and_kill(copy, number)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        lake = copy / "lake"
        assert loaded_rows(lake) == before, changes[number - 1]
        put_together(lake, AT_ONCE)
        put_together(lake, AT_ONCE)
        assert loaded_rows(lake) == before
        assert len(files(lake)) == 2, "something was left lying about"


# -- an API, whose rows are compared with those that are there


def test_rows_of_an_api_are_known_after_a_compaction_and_rows_taken_back_are_not(
    tmp_path: Path,
) -> None:
    """Without a cursor each load is the whole table, and only the last one counts."""
    records: list[dict[str, Any]] = []
    lake = RestLake(tmp_path / "web")
    with scripted_api(lambda asked: page(records)) as api:
        lake.declare(api.url, orders_table())
        for numbers in ([1], [1, 2], [1], [1, 2]):
            records[:] = [order(number) for number in numbers]
            assert lake.ingest_one().load_id is not None
            put_together(lake.lake, AT_ONCE)
        put_together(lake.lake, AT_ONCE)
        assert len(list((lake.lake / "raw" / "web" / "orders").glob("*/*"))) == 2
        assert lake.ingest_one().load_id is None, "each row is there, in the load that counts"
        records[:] = [order(1)]
        assert lake.ingest_one().rows_loaded == 1
        lake.declare(api.url, orders_table(cursor={"column": "updated_at", "param": "since"}))
        lake.ingest()
        put_together(lake.lake, AT_ONCE)
        put_together(lake.lake, AT_ONCE)
        assert lake.ingest_one().load_id is None


# -- the command


def test_the_command_says_what_it_did_and_keeps_what_the_warehouse_reads(
    shop: CsvShop, till: Till
) -> None:
    (shop.folder / "dbt_project.yml").write_text("name: x\n")
    code = {"PYTHONPATH": str(ROOT)}
    planned = till(shop.folder, "compact", "--dry-run", "--json", environ=code)
    assert '"files_after": 2' in planned.stdout
    assert read_compaction(shop.lake, "shop", "sales").files == ()
    with duckdb.connect(str(shop.lake / "warehouse.duckdb")) as connection:
        names: Sequence[str] = files(shop.lake)
        connection.execute("create schema till; create table till.load_files (path varchar)")
        connection.executemany("insert into till.load_files values (?)", [[n] for n in names])
    assert till(shop.folder, "compact", "shop.sales", environ=code).returncode == 0
    assert till(shop.folder, "compact", "--keep-days", "0", environ=code).returncode == 0
    assert len(files(shop.lake)) == 5
    (shop.lake / "warehouse.duckdb").unlink()
    done = till(shop.folder, "compact", "--keep-days", "0", environ=code)
    assert "shop.sales" in done.stdout, done.stderr
    assert len(files(shop.lake)) == 2
    unknown = till(shop.folder, "compact", "shpo", environ=code)
    assert (unknown.returncode, "Did you mean 'shop'?" in unknown.stderr) == (2, True)
