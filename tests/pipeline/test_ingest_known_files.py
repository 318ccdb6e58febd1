"""Parquet and JSON files like CSV files: a copy takes rows back, a reload replaces, a dry run only looks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.declaration.sources_file import load_sources_file
from ingest.dry_run import plan
from ingest.plans import TablePlan
from tests.pipeline.file_drops import FileDrops

Drop = Callable[[FileDrops, str, int], Path]


def drop_parquet(shop: FileDrops, name: str, amount: int) -> Path:
    return shop.drop_parquet(f"{name}.parquet", f"select 'x' as id, {amount}::bigint as amount")


def drop_json(shop: FileDrops, name: str, amount: int) -> Path:
    return shop.drop(f"{name}.jsonl", f'{{"id": "x", "amount": {amount}}}\n')


KINDS = [("parquet", drop_parquet), ("json", drop_json)]


def shop_of(kind: str, folder: Path) -> FileDrops:
    shop = FileDrops(folder / "shop", kind=kind)
    shop.declare_table()
    return shop


def planned(shop: FileDrops, *, reload: bool = False) -> TablePlan:
    sources = load_sources_file(shop.folder / "sources.yml", {})
    (only,) = plan(sources, shop.lake, shop.folder, reload=reload)
    return only


@pytest.mark.parametrize(("kind", "drop"), KINDS)
def test_a_file_that_became_a_copy_takes_its_former_rows_back(
    tmp_path: Path, kind: str, drop: Drop
) -> None:
    shop = shop_of(kind, tmp_path)
    first = drop(shop, "a", 1)
    second = drop(shop, "b", 2)
    shop.ingest()
    second.write_bytes(first.read_bytes())
    shop.ingest()
    assert shop.rows() == [("x", 1)]
    assert shop.ingest().tables[0].load_id is None


@pytest.mark.parametrize(("kind", "drop"), KINDS)
def test_a_reload_shows_each_row_once(tmp_path: Path, kind: str, drop: Drop) -> None:
    shop = shop_of(kind, tmp_path)
    drop(shop, "a", 1)
    drop(shop, "b", 2)
    shop.ingest()
    again = shop.ingest(only=["shop"], reload=True).tables[0]
    assert again.inputs_loaded == 2
    assert shop.rows() == [("x", 1), ("x", 2)]


@pytest.mark.parametrize(("kind", "drop"), KINDS)
def test_a_dry_run_says_what_would_be_done_and_writes_nothing(
    tmp_path: Path, kind: str, drop: Drop
) -> None:
    shop = shop_of(kind, tmp_path)
    drop(shop, "known", 1)
    changed = drop(shop, "changed", 2)
    shop.ingest()
    before = sorted((path, path.stat().st_mtime_ns) for path in shop.lake.rglob("*"))
    drop(shop, "new", 3)
    changed.write_bytes(drop(shop, "new", 4).read_bytes())
    drop(shop, "new", 3)
    assert [file.what for file in planned(shop).files] == ["changed", "known", "new"]
    assert [file.what for file in planned(shop, reload=True).files] == ["changed", "again", "new"]
    assert sorted((path, path.stat().st_mtime_ns) for path in shop.lake.rglob("*")) == before
    shop.ingest()
    assert shop.rows() == [("x", 1), ("x", 3), ("x", 4)]
