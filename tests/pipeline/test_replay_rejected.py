"""Rejected rows that fit after a change of the sources file are loaded by a replay, each once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from configuration.errors import ConfigurationError
from ingest.results import TableResult
from ingest.run import ingest
from tests.conftest import ROOT
from tests.pipeline.csv_shop import CsvShop
from tests.pipeline.file_drops import FileDrops
from tests.pipeline.rest_lake import RestLake, order, orders_table
from tests.pipeline.scripted_api import page, scripted_api
from till.command_line import app
from till.project import open_project
from till.rejected import RejectedRow, open_rejected
from till.status import read_status

HEAD = "id,amount\n"


@pytest.fixture
def shop(tmp_path: Path) -> CsvShop:
    return CsvShop(tmp_path)


def replay(shop: CsvShop, **options: Any) -> TableResult:
    result = shop.ingest(replay_rejected=True, **options)
    assert result.failed == []
    return result.tables[0]


def sums(shop: CsvShop) -> tuple[int, int, int]:
    """Rows read, loaded and rejected over all loads."""
    records = shop.manifest().of_table("shop", "sales")
    return (
        sum(each.rows_read for each in records),
        sum(each.rows_loaded for each in records),
        sum(each.rows_rejected for each in records),
    )


def open_rows(shop: CsvShop) -> list[str | None]:
    """The texts that `till rejected` lists."""
    return [row.original_text for row in told(shop)]


def told(shop: CsvShop, *names: str, everything: bool = False) -> list[RejectedRow]:
    with open_rejected(shop.lake, shop.manifest(), names, with_settled=everything) as found:
        return sorted(found.rows(0), key=lambda row: str(row.original_text))


def test_rows_that_fit_now_are_loaded_and_the_others_stay(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + 'a,1\n"b, the second",2.5\nc,x\nd,3,4\n')
    shop.drop("b.csv", "amount,id\n7.25,e\n8,f\n")
    shop.ingest()
    assert sums(shop) == (6, 2, 4)
    shop.declare(amount="decimal(18,2)")
    result = replay(shop)
    assert (result.rows_replayed, result.rows_left) == (2, 2)
    assert sums(shop) == (6, 4, 2)
    assert sorted(str(row) for row in shop.rows()) == [
        "('a', 1)",
        "('b, the second', Decimal('2.50'))",
        "('e', Decimal('7.25'))",
        "('f', 8)",
    ]
    assert open_rows(shop) == ["c,x", "d,3,4"]


def test_a_replayed_row_keeps_its_file_and_says_when(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,1\nb,2.5\n")
    shop.ingest()
    shop.declare(amount="double")
    replay(shop)
    record = shop.manifest().records[-1]
    assert (record.rows_read, record.rows_loaded, record.rows_rejected) == (0, 1, -1)
    (file,) = record.files
    assert duckdb.execute(f"select _file from '{shop.lake / file.path}'").fetchall() == [
        ("drops/a.csv",)
    ]
    assert told(shop) == []
    (row,) = told(shop, everything=True)
    assert (row.original_text, row.is_superseded) == ("b,2.5", False)
    assert row.replayed_at is not None


def test_a_second_replay_does_nothing(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,1\nb,2.5\nc,x\n")
    shop.ingest()
    shop.declare(amount="double")
    replay(shop)
    before = shop.rows()
    result = replay(shop)
    assert (result.load_id, result.rows_replayed, result.rows_left) == (None, 0, 1)
    assert shop.rows() == before
    assert len(shop.manifest().records) == 2


def test_without_a_change_nothing_fits(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,1\nb,2.5\n")
    shop.ingest()
    assert replay(shop).load_id is None
    assert open_rows(shop) == ["b,2.5"]


def test_a_rule_that_was_widened_lets_rows_through(shop: CsvShop) -> None:
    table = (
        "      - name: sales\n        path: drops\n        max_rejected: 1.0\n        columns:\n"
        "          - {{name: id, allowed: [{allowed}]}}\n"
        "          - {{name: amount, type: integer, max: {most}}}\n"
    )
    shop.declare(table.format(allowed="a", most=5))
    shop.drop("a.csv", HEAD + "a,1\nb,2\na,9\nb,9\n")
    shop.ingest()
    shop.declare(table.format(allowed="a, b", most=5))
    assert replay(shop).rows_replayed == 1
    shop.declare(table.format(allowed="a, b", most=9))
    assert replay(shop).rows_replayed == 2
    assert shop.rows() == [("a", 1), ("a", 9), ("b", 2), ("b", 9)]
    assert sums(shop) == (4, 4, 0)


def test_line_breaks_and_quotes_do_not_mix_rows_up(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + '"two\nlines, ""quoted""",1.5\nb""x,2.5\nc,3.5\n"d\n,""",4.5\n')
    shop.ingest()
    shop.declare(amount="double")
    replay(shop)
    assert shop.rows() == [('b""x', 2.5), ("c", 3.5), ('d\n,"', 4.5), ('two\nlines, "quoted"', 1.5)]


def test_a_mended_file_takes_its_replayed_rows_back(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,1\nb,2.5\n")
    shop.drop("z.csv", HEAD + "z,9.5\n")
    shop.ingest()
    shop.declare(amount="double")
    replay(shop)
    shop.drop("a.csv", HEAD + "a,1\nb,3\n")
    shop.ingest()
    assert shop.rows() == [("a", 1.0), ("b", 3.0), ("z", 9.5)]
    assert replay(shop).load_id is None


def test_a_reload_takes_the_replayed_rows_back(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,1\nb,2.5\nc,x\n")
    shop.ingest()
    shop.declare(amount="double")
    replay(shop)
    shop.ingest(reload=True)
    assert shop.rows() == [("a", 1.0), ("b", 2.5)]
    assert open_rows(shop) == ["c,x"]
    shop.ingest()
    assert shop.rows() == [("a", 1.0), ("b", 2.5)]


def test_rows_of_a_replaced_file_are_not_tried(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,1\nb,2.5\n")
    shop.ingest()
    shop.drop("a.csv", HEAD + "a,1\n")
    shop.ingest()
    shop.declare(amount="double")
    assert replay(shop).load_id is None
    assert shop.rows() == [("a", 1)]


def test_a_file_that_is_gone_can_be_replayed(shop: CsvShop) -> None:
    path = shop.drop("a.csv", "amount,id\n1.5,a\n2,b\n")
    shop.ingest()
    path.unlink()
    shop.declare(amount="double")
    assert replay(shop).rows_replayed == 1


def test_an_old_record_without_a_header_finds_it_in_the_file(shop: CsvShop) -> None:
    path = shop.drop("a.csv", "amount,id\n1.5,a\n2,b\n")
    shop.ingest()
    forget_headers(shop)
    shop.declare(amount="double")
    content = path.read_bytes()
    path.unlink()
    said: list[str] = []
    assert replay(shop, on_progress=said.append).load_id is None
    assert "its header was not kept" in said[0]
    path.write_bytes(content)
    assert replay(shop).rows_replayed == 1


def forget_headers(shop: CsvShop) -> None:
    """Make the records those of a former version."""
    for file in (shop.lake / "raw" / "_manifest").glob("*.json"):
        records = json.loads(file.read_text())
        for record in records:
            del record["added"], record["replayed_files"]
            for each in record["inputs"]:
                del each["header"]
        file.write_text(json.dumps(records))


def test_a_column_that_went_from_the_declaration_is_told(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,1.5\n")
    shop.ingest()
    shop.declare(
        "      - name: sales\n        path: drops\n        columns:\n          - {name: id}\n"
    )
    said: list[str] = []
    assert replay(shop, on_progress=said.append).rows_left == 1
    assert "not tried: drops/a.csv: the column 'amount' is not declared" in said[0]


def test_parquet_rows_are_read_from_their_json(tmp_path: Path) -> None:
    shop = FileDrops(tmp_path / "shop", kind="parquet")
    shop.declare_table()
    shop.drop_parquet(
        "a.parquet", "from (values ('a', 1.0), ('b', 2.25), (null, 0.5)) t(id, amount)"
    )
    shop.ingest()
    assert sums(shop) == (3, 1, 2)
    shop.declare_table([{"name": "id"}, {"name": "amount", "type": "decimal(9,2)"}])
    assert replay(shop).rows_replayed == 2
    assert sums(shop) == (3, 3, 0)
    assert sorted(str(row[1]) for row in shop.rows()) == ["0.50", "1", "2.25"]


LINES = {
    "name": "lines",
    "path": "lines",
    "columns": [{"name": "sku"}, {"name": "pieces", "type": "integer"}],
}


def test_a_json_record_brings_its_list_and_a_listed_row_its_key(tmp_path: Path) -> None:
    shop = FileDrops(tmp_path / "shop", kind="json")
    shop.declare_table(key=["id"], children=[LINES])
    shop.drop(
        "a.jsonl",
        '{"id": "a", "amount": 1, "lines": [{"sku": "x", "pieces": 1}, {"sku": "y", "pieces": 1.5}]}\n'
        '{"id": "b", "amount": 2.5, "lines": [{"sku": "z", "pieces": 2}, {"sku": "w", "pieces": "?"}]}\n'
        '{"id": "c", "amount": "?", "lines": []}\n'
        '{"id": "d", "amount": 4.5, "lines": 7}\n'
        "no json\n",
    )
    shop.ingest()
    assert shop.rows("lines") == [("a", "x", 1, 0)]
    wider = [{"name": "sku"}, {"name": "pieces", "type": "double"}]
    columns = [{"name": "id"}, {"name": "amount", "type": "double"}]
    shop.declare_table(columns, key=["id"], children=[{**LINES, "columns": wider}])
    parent, child = shop.ingest(replay_rejected=True).tables
    assert (parent.rows_replayed, parent.rows_left) == (1, 3)
    assert (child.rows_replayed, child.rows_left) == (1, 0)
    assert shop.rows() == [("a", 1), ("b", 2.5)]
    assert shop.rows("lines") == [("a", "x", 1, 0), ("a", "y", 1.5, 1), ("b", "z", 2.0, 0)]
    (mine,) = told(shop, "shop.lines")
    assert (mine.line, mine.reason) == (2, "pieces: '?' is not a number")
    records = shop.manifest().of_table("shop", "lines")
    assert [(each.rows_read, each.rows_loaded, each.rows_rejected) for each in records] == [
        (2, 1, 1),
        (2, 2, 0),  # two new rows: one loaded, one rejected; and one that was rejected is loaded
    ]
    # The rest, once the columns are text.
    texts = [{"name": "sku"}, {"name": "pieces"}]
    shop.declare_table(
        [{"name": "id"}, {"name": "amount"}], key=["id"], children=[{**LINES, "columns": texts}]
    )
    parent, child = shop.ingest(replay_rejected=True).tables
    assert (parent.rows_replayed, parent.rows_left) == (1, 2)
    assert (child.rows_replayed, child.rows_left) == (1, 0)
    # And all of it is taken back with the file.
    shop.drop("a.jsonl", '{"id": "e", "amount": 1, "lines": [{"sku": "x", "pieces": 1}]}\n')
    shop.ingest()
    assert shop.rows() == [("e", "1")]
    assert shop.rows("lines") == [("e", "x", "1", 0)]


@pytest.fixture
def lake(tmp_path: Path) -> RestLake:
    return RestLake(tmp_path / "api")


@pytest.mark.parametrize("cursor", [None, {"column": "updated_at", "param": "updated_since"}])
def test_rows_of_an_api_are_replayed_and_the_cursor_stays(
    lake: RestLake, cursor: dict[str, Any] | None
) -> None:
    table = orders_table(cursor=cursor, max_rejected=1.0)
    records = [order(1), order(2, amount="2.555")]
    with scripted_api(lambda asked: page(records)) as api:
        lake.declare(api.url, table)
        lake.ingest()
        columns = [
            {**each, "type": "text"} if each["name"] == "amount" else each
            for each in table["columns"]
        ]
        lake.declare(api.url, {**table, "columns": columns})
        replayed = lake_replay(lake)
        assert (replayed.rows_replayed, replayed.rows_left) == (1, 0)
        first, second = lake.records()
        assert second.cursor_after == first.cursor_after
        assert lake_replay(lake).load_id is None
        result = lake.ingest_one()
    assert result.error is None
    found = lake.rows(columns="distinct order_id, amount::varchar")
    assert found == [("A1", "1.50"), ("A2", "2.555")]


def lake_replay(lake: RestLake) -> TableResult:
    return ingest(lake.sources(), lake.lake, lake.folder, replay_rejected=True).tables[0]


def test_status_adds_up_and_the_command_says_what_it_did(
    shop: CsvShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shop.folder / "dbt_project.yml").write_text("name: x\n")
    monkeypatch.setenv("TILL_LAKE", "lake")
    monkeypatch.chdir(shop.folder)
    shop.drop("a.csv", HEAD + "a,1\nb,2.5\nc,x\n")
    shop.ingest()
    shop.declare(amount="double")
    arguments = ["ingest", "--replay-rejected", "--sources", str(shop.folder / "sources.yml")]
    done = CliRunner().invoke(app, [*arguments, "shop.sales"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "shop.sales: 1 rejected row loaded, 1 does not fit" in done.output
    (table,) = read_status(open_project()).tables
    assert (table.rows_read, table.rows_loaded, table.rows_rejected) == (3, 2, 1)
    for other in ("--reload", "--dry-run"):
        with pytest.raises(ConfigurationError, match="do not go together"):
            CliRunner().invoke(app, [*arguments, "shop", other], catch_exceptions=False)


# What the replay was about to do to the lake when it was killed, and which time it did that.
MOMENTS = {
    "the rows are copied to their place": ("open /raw/shop/sales/load_id=", -1),
    "the mark is put in its place": ("-> /rejected/shop/sales/load_id=", -1),
    "the record is put in its place": ("os.rename /raw/_manifest/.", -1),
    "the spool is swept at the end": ("shutil.rmtree /raw/_spool/shop.sales", -1),
}


def ready_to_replay(folder: Path) -> CsvShop:
    shop = CsvShop(folder)
    shop.drop("a.csv", HEAD + "a,1\nb,2.5\nc,x\n")
    shop.ingest()
    shop.declare(amount="double")
    return shop


def run_and_kill(shop: CsvShop, number: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.pipeline.killed_ingest",
            str(shop.folder),
            str(number),
            "replay",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def changes(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Every change that an undisturbed replay makes."""
    done = run_and_kill(ready_to_replay(tmp_path_factory.mktemp("good") / "shop"), 0)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_replay_is_made_good_by_the_next(
    moment: str, changes: list[str], tmp_path: Path
) -> None:
    text, which = MOMENTS[moment]
    numbers = [n for n, change in enumerate(changes, start=1) if text in change]
    assert numbers, f"the replay never does this: {text}"
    shop = ready_to_replay(tmp_path / "shop")
    killed = run_and_kill(shop, numbers[which])
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    replay(shop)
    assert shop.rows() == [("a", 1), ("b", 2.5)]
    assert sums(shop) == (3, 2, 1)
    assert open_rows(shop) == ["c,x"]
    known = {record.load_id for record in shop.manifest().records}
    assert {each.name.removeprefix("load_id=") for each in folders(shop)} == known


def folders(shop: CsvShop) -> Iterator[Path]:
    yield from shop.lake.glob("raw/shop/sales/*")
    yield from shop.lake.glob("rejected/shop/sales/*")
