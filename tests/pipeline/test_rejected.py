"""`till rejected` tells what was not loaded, and why, from what real loads of small files wrote."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from configuration.errors import ConfigurationError, PlainError
from tests.pipeline.csv_shop import CsvShop
from tests.pipeline.rest_lake import RestLake, order, orders_table
from tests.pipeline.scripted_api import page, scripted_api
from till.command_line import app

TWO_TABLES = """\
      - name: sales
        path: drops/sales*.csv
        max_rejected: 1.0
        columns:
          - {name: id, nullable: false}
          - {name: amount, type: integer}
      - name: stock
        path: drops/stock.csv
        max_rejected: 1.0
        columns:
          - {name: sku}
          - {name: pieces, type: integer}
"""
BOTH = "id is empty; amount is not a whole number"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CsvShop:
    """A project whose lake is empty; the command finds it by the working directory."""
    shop = CsvShop(tmp_path)
    (tmp_path / "dbt_project.yml").write_text("name: x\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TILL_LAKE", "lake")
    return shop


def till(*arguments: str) -> Result:
    """Run the command; a PlainError comes through as it is."""
    return CliRunner().invoke(app, ["rejected", *arguments], catch_exceptions=False)


def printed(*arguments: str) -> str:
    done = till(*arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def table(text: str) -> list[list[str]]:
    """The lines above the first blank one as cells, without the heading; cells stand two blanks apart."""
    lines = text.partition("\n\n")[0].splitlines()[1:]
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in lines]


def test_rows_are_counted_by_what_is_wrong_not_by_their_values(shop: CsvShop) -> None:
    shop.declare(TWO_TABLES)
    shop.drop("sales.csv", "id,amount\na,1\nb,two\nc,it's\nd,3\n,4\n,five\ng,6,7\n")
    shop.drop("stock.csv", "sku,pieces\nx,1\ny,none\n")
    shop.ingest()
    text = printed()
    sales = ("shop.sales", "drops/sales.csv")
    assert sorted(table(text)) == [
        [*sales, "-", "the line has … values, not 2", "1", "line 8: g,6,7"],
        [*sales, "amount", "is not a whole number", "2", "line 3: two"],
        [*sales, "id", "is empty", "1", "line 6: ,4"],
        [*sales, "id, amount", BOTH, "1", "line 7: ,five"],
        ["shop.stock", "drops/stock.csv", "pieces", "is not a whole number", "1", "line 3: none"],
    ]
    assert "6 rows of 2 tables are not loaded." in text
    assert "`till rejected --rows`" in text


def test_the_newest_load_comes_first(shop: CsvShop) -> None:
    shop.drop("a.csv", "id,amount\na,x\n")
    shop.ingest()
    shop.drop("b.csv", "id,amount\nb,y\n")
    shop.ingest()
    assert [row[1] for row in table(printed())] == ["drops/b.csv", "drops/a.csv"]
    assert [row[0] for row in table(printed("--rows"))] == ["drops/b.csv", "drops/a.csv"]


def test_the_rows_stand_with_line_and_text_and_say_how_many_more(shop: CsvShop) -> None:
    shop.drop("a.csv", "id,amount\n" + "".join(f"r{n},x{n}\n" for n in range(60)))
    shop.ingest()
    text = printed("--rows", "--limit", "2")
    assert table(text) == [
        ["drops/a.csv", "2", "amount", "amount: 'x0' is not a whole number", "r0,x0"],
        ["drops/a.csv", "3", "amount", "amount: 'x1' is not a whole number", "r1,x1"],
    ]
    assert "... and 58 more rows" in text
    assert len(table(printed("--rows"))) == 50
    everything = printed("--rows", "--limit", "0")
    assert len(table(everything)) == 60
    assert "more row" not in everything


def test_a_source_or_a_table_can_be_asked_for(shop: CsvShop) -> None:
    shop.declare(TWO_TABLES)
    shop.drop("sales.csv", "id,amount\na,x\n")
    shop.drop("stock.csv", "sku,pieces\ny,none\n")
    shop.ingest()
    assert [row[0] for row in table(printed("shop.stock"))] == ["shop.stock"]
    assert "`till rejected shop.stock --rows`" in printed("shop.stock")
    assert len(table(printed("shop"))) == 2
    assert len(table(printed("shop.sales", "shop.stock"))) == 2


def test_an_unknown_name_is_wrong_usage_and_the_nearest_is_named(shop: CsvShop) -> None:
    shop.drop("a.csv", "id,amount\na,x\n")
    shop.ingest()
    with pytest.raises(ConfigurationError, match=r"Did you mean 'shop\.sales'") as refused:
        till("shop.sale")
    assert refused.value.exit_code == 2
    with pytest.raises(ConfigurationError, match=r"'elsewhere' is in the lake\. Loaded are shop"):
        till("elsewhere")


def test_nothing_rejected_is_one_sentence(shop: CsvShop) -> None:
    assert printed() == "Nothing is loaded yet: `till run` or `till ingest`.\n"
    shop.drop("a.csv", "id,amount\na,1\n")
    shop.ingest()
    assert printed("shop").startswith("No row was rejected in shop:")
    assert len(printed().splitlines()) == 1
    assert json.loads(printed("--json")) == {"total": 0, "kinds": []}
    printed("--csv", "none.csv")
    assert len((shop.folder / "none.csv").read_text().splitlines()) == 1


def test_rows_of_a_mended_file_no_longer_count(shop: CsvShop) -> None:
    shop.drop("a.csv", "id,amount\na,x\nb,y\n")
    shop.drop("b.csv", "id,amount\nc,z\n")
    shop.ingest()
    shop.drop("a.csv", "id,amount\na,1\nb,y\n")
    shop.ingest()
    assert [(row[0], row[1]) for row in table(printed("--rows"))] == [
        ("drops/a.csv", "3"),
        ("drops/b.csv", "2"),
    ]
    found = json.loads(printed("--rows", "--json", "--all"))
    assert found["total"] == 4
    assert sorted(
        (row["file"], row["original_text"], row["is_superseded"]) for row in found["rows"]
    ) == [
        ("drops/a.csv", "a,x", True),
        ("drops/a.csv", "b,y", False),
        ("drops/a.csv", "b,y", True),
        ("drops/b.csv", "c,z", False),
    ]
    assert [row[-1] for row in table(printed("--rows", "--all"))].count("replaced") == 2
    kinds = json.loads(printed("--all", "--json"))["kinds"]
    assert sorted((kind["file"], kind["rows"], kind["is_superseded"]) for kind in kinds) == [
        ("drops/a.csv", 1, False),
        ("drops/a.csv", 2, True),
        ("drops/b.csv", 1, False),
    ]


def test_a_load_that_died_before_its_record_is_not_read(shop: CsvShop) -> None:
    shop.drop("a.csv", "id,amount\na,x\n")
    shop.ingest()
    (committed,) = (shop.lake / "rejected").rglob("*.parquet")
    orphan = committed.parent.parent / "load_id=1.000000" / "rejected.parquet"
    orphan.parent.mkdir()
    orphan.write_bytes(committed.read_bytes())
    assert json.loads(printed("--json"))["total"] == 1


def test_a_lost_file_is_named(shop: CsvShop) -> None:
    shop.drop("a.csv", "id,amount\na,x\n")
    shop.ingest()
    (committed,) = (shop.lake / "rejected").rglob("*.parquet")
    content = committed.read_bytes()
    committed.unlink()
    with pytest.raises(PlainError, match=r"rejected\.parquet: .* it is gone"):
        till()
    committed.write_bytes(content[:20])
    with pytest.raises(PlainError, match="the rejected rows cannot be read"):
        till()


def test_csv_keeps_the_text_and_no_cell_runs_as_a_formula(shop: CsvShop) -> None:
    texts = ["=1+1", "+1", "-1", "@x", "\tx", "\uff1d1", 'say "hi"', "it's", "two\nlines", "plain"]
    shop.drop(
        "=a.csv",
        "id,amount\n" + "".join('"' + text.replace('"', '""') + '",no\n' for text in texts),
    )
    shop.ingest()
    assert printed("--csv", "out.csv").startswith("10 rows written to")
    with (shop.folder / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = [row["original_text"] for row in rows]
    assert found[:6] == [f"'{text},no" for text in texts[:6]]
    assert found[6:] == ['"say ""hi""",no', "it's,no", '"two\nlines",no', "plain,no"]
    assert {row["file"] for row in rows} == {"drops/=a.csv"}
    assert [row["line"] for row in rows] == [str(n) for n in (*range(2, 11), 12)]
    assert all(row["reason"] == "amount: 'no' is not a whole number" for row in rows)


def test_csv_writes_over_its_own_list_and_over_nothing_else(shop: CsvShop) -> None:
    export = shop.drop("a.csv", "id,amount\na,x\n")
    shop.ingest()
    with pytest.raises(ConfigurationError, match="is no list of rejected rows"):
        till("--csv", str(export))
    assert export.read_text() == "id,amount\na,x\n"
    with pytest.raises(ConfigurationError, match="no such folder"):
        till("--csv", "nowhere/out.csv")
    with pytest.raises(ConfigurationError, match="this is a folder"):
        till("--csv", "drops")
    printed("--csv", "out.csv")
    first = (shop.folder / "out.csv").read_bytes()
    printed("--csv", "out.csv")
    assert (shop.folder / "out.csv").read_bytes() == first
    assert not list(shop.folder.glob(".out*"))


def test_a_csv_stands_where_the_command_was_called(
    shop: CsvShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.drop("a.csv", "id,amount\na,x\n")
    shop.ingest()
    monkeypatch.chdir(shop.folder / "drops")
    printed("--csv", "out.txt")
    assert (shop.folder / "drops" / "out.txt").is_file()


@pytest.mark.parametrize("arguments", [(), ("--rows",), ("--json",), ("--rows", "--json")])
def test_hostile_text_ends_harmless_in_the_terminal(
    shop: CsvShop, arguments: tuple[str, ...]
) -> None:
    hostile = "\x1b]0;owned\x07\x9b31m\u202e[red]x[/red][/oops]\\[bold]\r\nnext"
    shop.drop("[bold]a.csv", f'id,amount\n"{hostile}","{hostile}"\nb,{"9x" * 5000}\n')
    shop.ingest()
    text = printed(*arguments)
    assert all(one.isprintable() or one == "\n" for one in text)
    assert "[bold]a.csv" in text
    assert "[red]x[/red][/oops]" in text
    if "--json" not in arguments:
        assert max(len(line) for line in text.splitlines()) < 500
    elif "--rows" in arguments:
        assert hostile in json.loads(text)["rows"][0]["original_text"]


def test_a_value_that_looks_like_a_reason_does_not_split_the_kind(shop: CsvShop) -> None:
    shop.drop("a.csv", "id,amount\na,x' is not a number; id: 'y\nb,'\nc,z\n")
    shop.ingest()
    (row,) = table(printed())
    assert row[2:5] == ["amount", "is not a whole number", "3"]


def test_values_of_several_columns_are_left_out_together(shop: CsvShop) -> None:
    shop.declare(TWO_TABLES.replace("{name: sku}", "{name: sku, type: date}"))
    shop.drop("sales.csv", "id,amount\na,1\n")
    shop.drop("stock.csv", "sku,pieces\nx,it's\n'y,none\n")
    shop.ingest()
    (row,) = table(printed())
    told = "sku is not a date such as 2024-03-09; pieces is not a whole number"
    assert row[2:] == ["sku, pieces", told, "2", "line 2: x,it's"]


def test_records_of_an_api_have_no_line_and_a_later_copy_replaces_them(shop: CsvShop) -> None:
    lines = {
        "name": "orders__lines",
        "path": "lines",
        "columns": [{"name": "sku"}, {"name": "quantity", "type": "integer"}],
    }

    def load(records: list[dict[str, Any]]) -> None:
        with scripted_api(lambda asked: page(records)) as api:
            web.declare(api.url, block)
            web.ingest()

    web = RestLake(shop.folder)
    block = orders_table(children=[lines], max_rejected=1.0)
    bad = [order(1, amount="dear"), order(2, lines=[{"sku": "X", "quantity": "two"}])]
    load(bad)
    load([order(1), bad[1]])
    text = printed("web")
    assert [(row[0], row[2], row[4], row[5]) for row in table(text)] == [
        ("web.orders__lines", "quantity", "1", "two"),
    ]
    (row,) = table(printed("--rows"))
    assert row[1:3] == ["-", "quantity"]
    found = json.loads(printed("web.orders", "--all", "--rows", "--json"))["rows"]
    assert [(one["column_name"], one["line"], one["is_superseded"]) for one in found] == [
        ("amount", None, True)
    ]
