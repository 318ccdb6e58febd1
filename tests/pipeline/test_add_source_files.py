"""`till add-source` with files: dialects, hostile headers, JSON with lists, and what is there already."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from ruamel.yaml import YAML

from ingest.declaration.sources_file import load_sources_file
from ingest.run import ingest
from tests.conftest import copy_project
from tests.pipeline.add_source_command import Command
from tests.pipeline.workbooks import Sheet, xlsx

NINE = datetime(2024, 5, 4, 9, 15)  # noqa: DTZ001 - Excel has no zones
SMALL = """\
version: 1
demo: {folder: demo}
sources:
  - {name: shop, kind: csv, tables: [{name: t, path: shop.csv, columns: [{name: x}]}]}
"""


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with a short sources file, which is quicker to read."""
    root = copy_project(tmp_path_factory.mktemp("files") / "project")
    (root / "ingest" / "sources.yml").write_text(SMALL)
    (root / "data").mkdir()
    return root


@pytest.fixture
def add(copied: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    """The command; what it writes is taken back after the test."""
    for variable in ("DO_NOT_TRACK", "DBT_SEND_ANONYMOUS_USAGE_STATS", "RUNTIME__DLTHUB_TELEMETRY"):
        monkeypatch.setenv(variable, "1")
    monkeypatch.setenv("TILL_LAKE", "lake")
    command = Command(copied, monkeypatch)
    before = command.written()
    yield command
    for path in command.written().keys() - before.keys():
        path.unlink()
    for path, content in before.items():
        path.write_bytes(content)


def write(add: Command, name: str, content: str, encoding: str = "utf-8") -> str:
    path = add.project / "data" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding=encoding, newline="")
    return f"data/{name}"


def declared(add: Command, name: str) -> dict[str, Any]:
    document = YAML(typ="safe").load(add.text("ingest/sources.yml"))
    found: dict[str, Any] = next(each for each in document["sources"] if each["name"] == name)
    return found


def rows(add: Command, name: str, lake: Path, table: str) -> list[tuple[Any, ...]]:
    """What a load by that declaration brings."""
    sources = load_sources_file(add.project / "ingest" / "sources.yml", {})
    result = ingest(sources, lake, add.project, only=[name])
    assert result.failed == [], result.failed
    query = f"from read_parquet('{lake}/raw/{name}/{table}/*/*.parquet', hive_partitioning = false)"
    return duckdb.sql(f"select columns(c -> c[1] != '_') {query} order by all").fetchall()


GERMAN = """\
Kassenbericht Filiale 3;;;;

Beleg;Datum;Artikel;Menge;Einzelpreis
A1;04.05.2024 09:15;Käse;2;1.206,50
A2;14.05.2024 09:20;Brot;1;4,20
Summe;;;3;1.210,70
"""


def test_a_german_export_is_typed_and_its_dialect_is_pinned(add: Command, tmp_path: Path) -> None:
    write(add, "kasse/mai.csv", GERMAN, "windows-1252")
    # No decimals, and no day above 12: by itself it would say nothing of either.
    june = "Beleg;Datum;Artikel;Menge;Einzelpreis\nA3;04.06.2024 10:00;Brot;1;4\n"
    write(add, "kasse/juni.csv", june, "windows-1252")
    refused = add.refused("kasse", "data/kasse")
    assert "the last line may be a total or a row ('Summe;;;3;1.210,70')." in refused
    assert (
        "Say --dialect footer_rows=1 if it is a total, --dialect footer_rows=0 if it is" in refused
    )
    add("kasse", "data/kasse", "--dialect", "footer=Summe")
    (table,) = declared(add, "kasse")["tables"]
    assert table["dialect"] == {
        "delimiter": ";",
        "decimal": ",",
        "thousands": ".",
        "timestamp_format": [
            "%d.%m.%Y",
            "%d.%m.%Y %H:%M:%S",
            "%d.%m.%Y %H:%M",
            "%d.%m.%Y %H:%M:%S.%f",
        ],
        "footer": "Summe",
    }
    found = rows(add, "kasse", tmp_path / "lake", "sales")
    assert [(row[0], row[1].isoformat(), row[2], row[3], str(row[4])) for row in found] == [
        ("A1", "2024-05-04T09:15:00", "Käse", 2, "1206.5000"),
        ("A2", "2024-05-14T09:20:00", "Brot", 1, "4.2000"),
        ("A3", "2024-06-04T10:00:00", "Brot", 1, "4.0000"),
    ]


def test_dates_that_may_be_read_in_two_ways_need_a_word(add: Command, tmp_path: Path) -> None:
    place = write(add, "us.csv", "Order,Date,SKU,Qty,Price\n1,04/05/2024,OIL,1,2.50\n")
    refused = add.refused("us", place)
    assert "the dates of 'Date', such as 04/05/2024, may be read in more than one way" in refused
    assert "--dialect 'date_format=dd/mm/yyyy'" in refused
    assert "no part of a dialect. Did you mean 'date_format'?" in add.refused(
        "us", place, "--dialect", "dateformat=x"
    )
    add("us", place, "--dialect", "date_format=mm/dd/yyyy")
    (row,) = rows(add, "us", tmp_path / "lake", "sales")
    assert row[1].isoformat() == "2024-04-05"
    staging = add.text("models/staging/us/stg_us__sales.sql")
    assert "{{ local_to_utc(\"cast(date as timestamp)\", var('business_timezone')) }}" in staging


def test_a_file_without_a_header_needs_a_word(add: Command, tmp_path: Path) -> None:
    place = write(add, "bare.csv", "1,2024-05-04\n2,2024-05-05\n")
    assert "looks like a row, not like the names of the columns" in add.refused("bare", place)
    add("bare", place, "--dialect", "header=false")
    assert len(rows(add, "bare", tmp_path / "lake", "rows")) == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "the file is empty"),
        ("a,a\n1,2\n", "the header names 'a' twice"),
        ("a,,b\nx,y,z\np,q,r\n", "column 2 of 3 has no name in the header"),
        ("a,${HOME}\nx,y\n", "cannot be added to"),
    ],
)
def test_headers_that_cannot_be_declared_are_refused_in_a_sentence(
    add: Command, content: str, sentence: str
) -> None:
    assert sentence in add.refused("bad", write(add, "bad.csv", content))


def test_orders_with_lines_in_json_files_give_order_lines(add: Command, tmp_path: Path) -> None:
    orders = [
        {"id": 7, "orderDate": "2024-05-04T10:00:00Z", "Kunden Nr": "K1", "lines": [
            {"sku": "OIL", "qty": 1, "price": 2.5}, {"sku": "OIL", "qty": 1, "price": 2.5}]},
        {"id": 8, "orderDate": "2024-05-05T10:00:00Z", "Kunden Nr": None, "lines": []},
    ]  # fmt: skip
    # In another file an order is there again: the newest file that has it counts.
    write(add, "web/1.json", json.dumps({"result": {"orders": orders}}))
    write(add, "web/2.json", json.dumps({"result": {"orders": orders[:1]}}))
    said = add("web", "data/web", "--channel", "web", "--table", "orders")
    assert "orders, whose lines are in orders__lines; key id" in said
    (table,) = declared(add, "web")["tables"]
    assert table["data_selector"] == "result.orders"
    assert {"name": "kunden_nr", "header": "Kunden Nr"} in table["columns"]
    assert len(rows(add, "web", tmp_path / "lake", "orders__lines")) == 4
    staging = add.text("models/staging/web/stg_web__orders__lines.sql")
    assert "key=['id', '_list_index']" in staging
    assert "version=\"concat_ws(':', _load_id, _file)\"" in staging


def test_a_spreadsheet_with_a_title_and_another_sheet(add: Command, tmp_path: Path) -> None:
    sales = Sheet(
        "Sales",
        [
            ["Stall on the market"],
            [],
            ["Ticket", "Date  ", "SKU", "Qty", "Price"],
            [1001, NINE, "OIL", 2, 6.5],
            [1002, NINE, "TEA", 1, 4],
        ],
    )
    notes = Sheet("Notes", [["what", "who"], ["closed on Sundays", "Ana"]])
    (add.project / "data" / "stall.xlsx").write_bytes(xlsx(notes, sales))
    said = add("stall", "data/stall.xlsx", "--table", "sales")
    assert "Not looked at: the sheets 'Notes', which hold tables too." in said
    (table,) = declared(add, "stall")["tables"]
    assert table["sheet"] == "Sales"
    found = rows(add, "stall", tmp_path / "lake", "sales")
    assert [(row[0], row[1].isoformat(), row[2], row[3], str(row[4])) for row in found] == [
        ("1001", "2024-05-04T09:15:00", "OIL", 2, "6.5000"),
        ("1002", "2024-05-04T09:15:00", "TEA", 1, "4.0000"),
    ]


def test_parquet_and_a_folder_of_several_kinds(add: Command, tmp_path: Path) -> None:
    folder = add.project / "data" / "mixed"
    folder.mkdir()
    query = "select 1 as \"Customer ID\", 'a@a.es' as email, timestamp '2024-05-04' as created_at"
    duckdb.sql(f"copy ({query}) to '{folder}/c.parquet'")
    write(add, "mixed/b.csv", "a\n1\n")
    assert "files of several kinds are there (csv, parquet)" in add.refused("m", "data/mixed")
    add("m", "data/mixed/*.parquet", "--table", "clients")
    (table,) = declared(add, "m")["tables"]
    assert (table["name"], table["key"]) == ("clients", ["customer_id"])
    assert len(rows(add, "m", tmp_path / "lake", "clients")) == 1


def test_nothing_is_overwritten_without_being_told(add: Command) -> None:
    place = write(add, "tickets.csv", "Ticket,Date,SKU,Qty,Price\n1,2024-05-04,OIL,1,2.5\n")
    add("stall", place)
    assert "there is a source 'stall' already" in add.refused("stall", place)
    own = add.project / "models" / "staging" / "other" / "stg_other__tickets.yml"
    own.parent.mkdir()
    own.write_text("mine: true\n")
    refused = add.refused("other", place)
    assert refused.startswith(
        "models/staging/other/stg_other__tickets.yml: this file is there already"
    )
    before = add.written()
    assert "A dry run: nothing was written." in add("stall", place, "--replace", "--dry-run")
    assert add.written() == before
    former = "models/staging/stall/stg_stall__former.sql"
    (add.project / former).write_text("select 1\n")
    # A model of one's own stays; what nothing names any more would stop every build.
    mine = add.project / "models" / "staging" / "stall" / "mine.sql"
    mine.write_text("select 1\n")
    assert f"{former} removed" in add("stall", place, "--replace", "--as", "none")
    assert not (add.project / former).exists()
    assert mine.is_file()
    assert "stall: []" in add.text("dbt_project.yml")
    own.unlink()


def test_flags_that_name_nothing_are_told_with_the_nearest_name(add: Command) -> None:
    place = write(add, "t.csv", "Ticket,When,SKU,Qty,Price\n1,2024-05-04,OIL,1,2.5\n")
    wrong = {
        ("--as", "orderlines"): "Did you mean 'order_lines'?",
        ("--map", "orderid=Ticket"): "Did you mean 'order_id'?",
        ("--map", "ordered_at=Whenn"): "Did you mean 'When'?",
        ("--timezone", "Europe/Madird"): "Did you mean 'Europe/Madrid'?",
        ("--currency", "Euro"): "Say it with three letters",
        ("--as", "order_lines"): "Say which is it: --map ordered_at=COLUMN (of Ticket, When, SKU",
        ("--path", "/orders"): "--path is for an API, and this is no address",
        ("--table", "Sales!"): "cannot be a name",
    }
    for flags, sentence in wrong.items():
        assert sentence in add.refused("stall", place, *flags), flags
    add("stall", place, "--map", "ordered_at=When")
    assert "stall: [stg_stall__t]" in add.text("dbt_project.yml")
