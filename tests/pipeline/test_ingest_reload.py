"""What is known is loaded again in place of what was loaded before: each row counts once, whatever happens."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.declaration.sources_file import load_sources_file
from ingest.lake.manifest import Superseded
from ingest.run import ingest
from tests.conftest import ROOT, Till
from tests.pipeline.csv_shop import CsvShop
from tests.pipeline.rest_lake import RestLake, order, orders_table
from tests.pipeline.scripted_api import Asked, Reply, page, scripted_api

HEAD = "id,amount\n"
SINCE = {"column": "updated_at", "param": "updated_since", "lookback": "2h"}
LINES = {"name": "orders__lines", "path": "lines", "columns": [{"name": "sku"}]}


def copy_of(shop: CsvShop, folder: Path) -> CsvShop:
    copy = CsvShop(folder)
    shutil.copytree(shop.folder, folder, dirs_exist_ok=True)
    return copy


@pytest.fixture(scope="module")
def loaded_shop(tmp_path_factory: pytest.TempPathFactory) -> CsvShop:
    """Two files in two loads. Look, do not change."""
    shop = CsvShop(tmp_path_factory.mktemp("loaded") / "shop")
    shop.drop("a.csv", HEAD + "a,1\nb,2\n")
    shop.ingest()
    shop.drop("b.csv", HEAD + "c,3\n")
    shop.ingest()
    return shop


@pytest.fixture
def shop(loaded_shop: CsvShop, tmp_path: Path) -> CsvShop:
    return copy_of(loaded_shop, tmp_path / "shop")


# -- csv


def test_every_file_replaces_what_was_loaded_from_it(shop: CsvShop) -> None:
    first, second = (record.load_id for record in shop.manifest().records)
    result = shop.ingest(reload=True).tables[0]
    assert (result.inputs_loaded, result.rows_loaded) == (2, 3)
    newest = shop.manifest().records[-1]
    assert newest.supersedes == (
        Superseded(first, "drops/a.csv"),
        Superseded(second, "drops/b.csv"),
    )
    assert shop.rows() == [("a", 1), ("b", 2), ("c", 3)]
    assert shop.ingest().tables[0].load_id is None


def test_another_type_takes_effect(shop: CsvShop) -> None:
    shop.declare(amount="decimal(18,2)")
    assert shop.ingest().tables[0].load_id is None  # the content is known
    shop.ingest(reload=True)
    assert [type(amount).__name__ for _, amount in shop.rows()] == ["Decimal"] * 3


def test_lake_files_that_were_deleted_are_there_again(shop: CsvShop) -> None:
    for folder in shop.lake.glob("raw/shop/sales/load_id=*"):
        shutil.rmtree(folder)
    sources = load_sources_file(shop.folder / "sources.yml", {})
    assert ingest(sources, shop.lake, shop.folder, reload=True).failed == []
    (counting,) = shop.manifest().live_records("shop", "sales")
    assert sum(file.rows for file in counting.files) == 3
    assert all((shop.lake / file.path).is_file() for file in counting.files)
    assert ingest(sources, shop.lake, shop.folder).tables[0].load_id is None


def test_a_file_that_is_gone_keeps_its_rows(shop: CsvShop) -> None:
    (shop.folder / "drops" / "b.csv").unlink()
    shop.ingest(reload=True)
    assert shop.rows() == [("a", 1), ("b", 2), ("c", 3)]
    assert len(shop.manifest().records[-1].supersedes) == 1


def test_a_renamed_file_and_its_copy_count_once(shop: CsvShop) -> None:
    drops = shop.folder / "drops"
    (drops / "a.csv").rename(drops / "z.csv")
    shutil.copyfile(drops / "z.csv", drops / "y.csv")
    result = shop.ingest(reload=True).tables[0]
    assert (result.inputs_loaded, result.inputs_skipped) == (2, 1)
    assert shop.rows() == [("a", 1), ("b", 2), ("c", 3)]


def test_a_changed_and_a_new_file_come_along(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,10\n")
    shop.drop("n.csv", HEAD + "n,9\n")
    shop.ingest(reload=True)
    assert shop.rows() == [("a", 10), ("c", 3), ("n", 9)]


def test_a_file_that_does_not_fit_any_more_is_refused_and_keeps_its_rows(shop: CsvShop) -> None:
    shop.drop("b.csv", "id,price\nc,3\n")
    (failed,) = shop.ingest(reload=True).failed
    assert "drops/b.csv" in str(failed.error)
    assert shop.rows() == [("a", 1), ("b", 2), ("c", 3)]
    assert shop.manifest().records[-1].supersedes[0].path == "drops/a.csv"


def test_only_the_named_table_is_loaded_again(shop: CsvShop) -> None:
    one = "      - {{name: {0}, path: drops/{1}, columns: [{{name: id}}, {{name: amount}}]}}\n"
    shop.declare(one.format("ones", "a.csv") + one.format("twos", "b.csv"))
    shop.ingest()
    shop.ingest(only=["shop.twos"], reload=True)
    manifest = shop.manifest()
    assert len(manifest.of_table("shop", "ones")) == 1
    assert len(manifest.of_table("shop", "twos")) == 2


# What the reload was about to do to the lake when it was killed, and which time it did that.
MOMENTS = {
    "the record is put in its place": ("os.rename /raw/_manifest/.", -1),
    "the spool is swept at the end": ("shutil.rmtree /raw/_spool/shop.sales", -1),
}


def run_and_kill(shop: CsvShop, number: int) -> subprocess.CompletedProcess[str]:
    folder, name = str(shop.folder), "tests.pipeline.killed_ingest"
    return subprocess.run(
        [sys.executable, "-m", name, folder, str(number), "reload"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_killed_reload_never_shows_a_row_twice(shop: CsvShop, tmp_path: Path) -> None:
    undisturbed = copy_of(shop, tmp_path / "undisturbed")
    changes = run_and_kill(undisturbed, 0).stdout.splitlines()
    rows = [("a", 1), ("b", 2), ("c", 3)]
    assert undisturbed.rows() == rows
    for moment, (text, which) in MOMENTS.items():
        numbers = [n for n, change in enumerate(changes, start=1) if text in change]
        killed = copy_of(shop, tmp_path / str(numbers[which]))
        assert run_and_kill(killed, numbers[which]).returncode == -signal.SIGKILL
        committed = moment == "the spool is swept at the end"
        assert len(killed.manifest().records) == 2 + committed
        assert killed.rows() == rows, moment
        assert killed.ingest().failed == []
        assert killed.rows() == rows, moment


# -- rest_api


class OrderBook:
    """What changed since the moment asked for, in one page."""

    def __init__(self) -> None:
        line = [{"sku": "oil"}]
        self.records = [
            order(1, "2025-03-01T08:00:00Z", lines=line),
            order(2, "2025-03-01T12:00:00Z", lines=line),
        ]

    def answer(self, asked: Asked) -> Reply:
        since = asked.parameters.get("updated_since", "")
        return page([one for one in self.records if str(one["updated_at"]) >= since])


def order_ids(lake: RestLake, table: str = "orders") -> list[str]:
    return [order_id for (order_id,) in lake.rows(table, "order_id")]


def test_a_table_with_a_cursor_is_asked_for_whole_and_replaces_all_its_loads(
    tmp_path: Path,
) -> None:
    lake, book = RestLake(tmp_path), OrderBook()
    with scripted_api(book.answer) as api:
        lake.declare(api.url, orders_table(cursor=SINCE, children=[LINES]))
        lake.ingest()
        book.records.append(order(3, "2025-03-02T08:00:00Z", lines=[{"sku": "salt"}]))
        lake.ingest()
        lake.ingest(reload=True)
        assert [one.get("updated_since") for one in api.asked_for("/orders")] == [
            None,
            "2025-03-01T10:00:00Z",
            None,
        ]
        for table in ("orders", "orders__lines"):
            former = [record.load_id for record in lake.records(table)[:-1]]
            newest = lake.records(table)[-1]
            assert [each.load_id for each in newest.supersedes] == former
            assert order_ids(lake, table) == ["A1", "A2", "A3"]  # A2 came twice before
        assert lake.records()[-1].cursor_after == "2025-03-02T08:00:00Z"
        assert lake.ingest_one().load_id is None


def test_a_reload_begins_where_the_first_load_did(tmp_path: Path) -> None:
    lake, book = RestLake(tmp_path), OrderBook()
    with scripted_api(book.answer) as api:
        since = {**SINCE, "initial": "2025-03-01T12:00:00Z"}
        lake.declare(api.url, orders_table(cursor=since))
        lake.ingest()
        lake.ingest(reload=True)
        asked = [one.get("updated_since") for one in api.asked_for("/orders")]
        assert asked == ["2025-03-01T12:00:00Z"] * 2
    assert order_ids(lake) == ["A2"]


def test_a_row_that_a_reload_removed_is_loaded_when_it_comes_back(tmp_path: Path) -> None:
    lake, book = RestLake(tmp_path), OrderBook()
    with scripted_api(book.answer) as api:
        lake.declare(api.url, orders_table(cursor=SINCE))
        lake.ingest()
        removed = book.records.pop()
        lake.ingest(reload=True)
        assert order_ids(lake) == ["A1"]
        assert lake.records()[-1].cursor_after == "2025-03-01T08:00:00Z"
        book.records.append(removed)
        lake.ingest()
        assert "A2" in order_ids(lake)


def test_an_api_that_has_nothing_left_is_asked_for_everything_again(tmp_path: Path) -> None:
    lake, book = RestLake(tmp_path), OrderBook()
    with scripted_api(book.answer) as api:
        lake.declare(api.url, orders_table(cursor=SINCE))
        lake.ingest()
        records, book.records = book.records, []
        lake.ingest(reload=True)
        assert order_ids(lake) == []
        book.records = records
        lake.ingest()
    assert order_ids(lake) == ["A1", "A2"]


def test_a_reload_does_not_need_the_files_that_it_replaces(tmp_path: Path) -> None:
    lake, book = RestLake(tmp_path), OrderBook()
    book.records.append(order(9, "2025-03-01T12:00:00Z", amount="much", lines=[]))
    with scripted_api(book.answer) as api:
        table = orders_table(cursor=SINCE, children=[LINES], max_rejected=0.5)
        lake.declare(api.url, table)
        lake.ingest()
        for path in [*lake.lake.glob("raw/web/*/load_id=*/*"), *lake.lake.glob("rejected/*/*/*/*")]:
            path.unlink()
        assert lake.ingest(reload=True).failed == []
        assert order_ids(lake) == ["A1", "A2"]
        assert lake.ingest().failed == []  # nor does any load after it
        book.records.append(order(3, "2025-03-02T08:00:00Z", lines=[]))
        assert lake.ingest().failed == []
    assert order_ids(lake) == ["A1", "A2", "A2", "A3"]  # A2 lies within the lookback


def test_a_reload_that_fails_replaces_nothing(tmp_path: Path) -> None:
    lake, book = RestLake(tmp_path), OrderBook()
    with scripted_api(book.answer) as api:
        lake.declare(api.url, orders_table(cursor=SINCE))
        lake.ingest()
        book.records = [order(1, amount="much"), order(2)]
        assert "do not fit" in str(lake.ingest(reload=True).failed[0].error)
    assert order_ids(lake) == ["A1", "A2"]


# -- the command


def test_a_reload_without_a_name_is_wrong_usage(tmp_path: Path, till: Till) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: x\n")
    done = till(tmp_path, "ingest", "--reload", environ={"PYTHONPATH": str(ROOT)})
    assert done.returncode == 2
    assert "--reload needs the name of a source or a table" in done.stderr
    assert not (tmp_path / "lake").exists()


def test_the_command_loads_the_named_table_again(shop: CsvShop, till: Till) -> None:
    (shop.folder / "dbt_project.yml").write_text("name: x\n")
    arguments = ("ingest", "--sources", "sources.yml", "--reload", "shop.sales", "--json")
    done = till(shop.folder, *arguments, environ={"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    assert '"rows_loaded": 3' in done.stdout
    assert shop.rows() == [("a", 1), ("b", 2), ("c", 3)]
