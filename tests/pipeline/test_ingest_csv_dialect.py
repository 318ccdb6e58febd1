"""CSV files as programs of all countries write them: found out, loaded right, and recorded."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from configuration.errors import PlainError
from ingest.declaration.sources_file import load_sources_file
from ingest.dry_run import plan
from tests.conftest import ROOT
from tests.pipeline.csv_shop import Rejected
from tests.pipeline.dialect_shop import DialectShop

GERMAN = (
    "Umsatzliste Filiale Köln\r\n"
    "Zeitraum: 01.03.2024 - 31.03.2024\r\n"
    "\r\n"
    "Beleg;Datum;Artikel;Menge;Betrag\r\n"
    "1001;09.03.2024;Käse, jung;3;1.234,56\r\n"
    '1002;10.03.2024;"Brot; groß";1;4,90\r\n'
    "1003;11.03.2024;Müsli „extra“;2;12,00\r\n"
    "\r\n"
    "Summe;;;;1.251,46\r\n"
)
GERMAN_COLUMNS = ("Beleg", "Datum: date", "Artikel", "Menge: integer", "Betrag: decimal(18,4)")

# Content, declared columns: the rows, and the dialect that is recorded.
Case = tuple[str | bytes, tuple[str, ...], list[tuple[Any, ...]], dict[str, Any] | None]
PLAIN_ROWS = [("a", 1), ("b", 2)]
LOADED: dict[str, Case] = {
    "plain": ("id,amount\na,1\nb,2\n", (), PLAIN_ROWS, None),
    "semicolons": ("id;amount\na;1\nb;2\n", (), PLAIN_ROWS, {"delimiter": ";"}),
    "tabs": ("id\tamount\na\t1\nb\t2\n", (), PLAIN_ROWS, {"delimiter": "\t"}),
    "pipes": ("id|amount\na|1\nb|2\n", (), PLAIN_ROWS, {"delimiter": "|"}),
    "single quotes": (
        "id,amount\n'a,''b''',1\n'c\nd',2\n",
        (),
        [("a,'b'", 1), ("c\nd", 2)],
        {"quote": "'"},
    ),
    "backslash before quotes": (
        'id,amount\n"a ""x""",1\n"5\\" pipe, \\\\ C:\\n",2\n"c",3\n'.replace('"a ""x"""', '"a \\"x\\""'),
        (),
        [('5" pipe, \\ C:\\n', 2), ('a "x"', 1), ("c", 3)],
        {"escape": "\\"},
    ),
    "UTF-16 LE with a mark": (
        b"\xff\xfe" + "id\tamount\r\ncafé,1\t1\r\n🧀\t2\r\n".encode("utf-16-le"),
        (),
        [("café,1", 1), ("🧀", 2)],
        {"delimiter": "\t", "encoding": "utf-16"},
    ),
    "UTF-16 BE with a mark": (
        b"\xfe\xff" + "id,amount\na,1\nb,2\n".encode("utf-16-be"),
        (),
        PLAIN_ROWS,
        {"encoding": "utf-16"},
    ),
    "UTF-16 without a mark": (
        "id,amount\na,1\nb,2\n".encode("utf-16-le"),
        (),
        PLAIN_ROWS,
        {"encoding": "utf-16-le"},
    ),
    "Windows-1252": (
        "id,amount\ncafé “au lait”,1\n3 €,2\n".encode("cp1252"),
        (),
        [("3 €", 2), ("café “au lait”", 1)],
        {"encoding": "windows-1252"},
    ),
    "Windows-1252 below the first megabyte": (
        b"id,amount\n" + b"a,1\n" * 300_000 + "é,2\n".encode("cp1252"),
        (),
        [*[("a", 1)] * 300_000, ("é", 2)],
        {"encoding": "windows-1252"},
    ),
    "CR LF first, then LF": ("id,amount\r\na,1\nb,2\r\n", (), PLAIN_ROWS, {"line_ends": "mixed"}),
    "LF first, then CR LF, also in quotes": (
        'id,amount\n"a\r\nb",1\r\nb,2\n',
        (),
        [("a\r\nb", 1), ("b", 2)],
        {"line_ends": "mixed"},
    ),
    "CR alone": ("id,amount\ra,1\rb,2\r", (), PLAIN_ROWS, {"line_ends": "cr"}),
    "a title": ("Sales\n\nid,amount\na,1\nb,2\n", (), PLAIN_ROWS, {"header_row": 3}),
    "a blank first line": ("\nid,amount\na,1\nb,2\n", (), PLAIN_ROWS, {"header_row": 2}),
    "Excel's hint": (
        "sep=;\r\nid;amount\r\na;1\r\nb;2\r\n",
        (),
        PLAIN_ROWS,
        {"delimiter": ";", "header_row": 2},
    ),
    "a total": ("id,amount\na,1\nb,2\nTotal,\n", (), PLAIN_ROWS, {"footer_rows": 1}),
    "a German export": (
        GERMAN.encode("cp1252"),
        GERMAN_COLUMNS,
        [
            ("1001", date(2024, 3, 9), "Käse, jung", 3, Decimal("1234.56")),
            ("1002", date(2024, 3, 10), "Brot; groß", 1, Decimal("4.9")),
            ("1003", date(2024, 3, 11), "Müsli „extra“", 2, Decimal(12)),
        ],
        {
            "delimiter": ";",
            "footer_rows": 1,
            "encoding": "windows-1252",
            "header_row": 4,
            "decimal": ",",
            "thousands": ".",
            "date_format": ["%d.%m.%Y"],
        },
    ),
    "an American export": (
        'id,amount,sold\n"1","1,234.50",03/04/2024 1:05 PM\n"2","12",12/25/2024 11:00:01 AM\n',
        ("id", "amount: decimal(18,4)", "sold: timestamp"),
        [
            ("1", Decimal("1234.5"), datetime(2024, 3, 4, 13, 5)),  # noqa: DTZ001 - UTC in the lake
            ("2", Decimal(12), datetime(2024, 12, 25, 11, 0, 1)),  # noqa: DTZ001 - UTC in the lake
        ],
        {
            "thousands": ",",
            "timestamp_format": ["%m/%d/%Y %I:%M %p", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y"],
        },
    ),
    "a Swiss and a French number": (
        "id;amount\na;1'234'567.50\nb;12.5\n",
        ("id", "amount: double"),
        [("a", 1234567.5), ("b", 12.5)],
        {"delimiter": ";", "thousands": "'"},
    ),
}  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> DialectShop:
    return DialectShop(tmp_path / "shop")


@pytest.mark.parametrize("name", LOADED)
def test_a_dialect_is_found_out_loaded_right_and_recorded(name: str, shop: DialectShop) -> None:
    content, columns, rows, dialect = LOADED[name]
    path = shop.of(*columns).drop("a.csv", content)
    found = shop.prepare()
    assert found.rows == sorted(rows, key=repr)
    assert found.rejected == []
    assert found.input.dialect == dialect
    assert found.input.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.input.bytes == path.stat().st_size


def spectrum() -> list[str]:
    folder = Path(os.environ.get("TILL_TEST_DATA", "/nowhere")) / "csv_spectrum"
    found = [*folder.glob("csvs/*.csv"), *folder.glob("csvs_true_crlf/*.csv")]
    return sorted(path.relative_to(folder).as_posix() for path in found)


def test_each_file_of_csv_spectrum_is_what_its_json_says(tmp_path: Path) -> None:
    if not spectrum():
        pytest.skip("TILL_TEST_DATA names no folder with csv_spectrum")
    folder = Path(os.environ["TILL_TEST_DATA"]) / "csv_spectrum"
    for number, name in enumerate(spectrum()):
        file = folder / name
        expected = json.loads((folder / "json" / f"{file.stem}.json").read_text(encoding="utf-8"))
        if file.stem == "location_coordinates":  # its JSON is known to be wrong upstream
            text = file.read_text(encoding="utf-8")
            header, line = (each.split(",") for each in text.splitlines())
            expected = [dict(zip(header, line, strict=True))]
        shop = DialectShop(tmp_path / str(number)).of(*expected[0])
        shop.drop("a.csv", file.read_bytes())
        found = shop.prepare()
        rows = [tuple(value or None for value in each.values()) for each in expected]
        if name.startswith("csvs/newlines_crlf"):  # this copy has lost its CRs
            rows = [tuple((value or "").replace("\r\n", "\n") for value in row) for row in rows]
        assert found.rows == sorted(rows, key=repr), name
        assert found.input.dialect is None


# Content, declared columns, and a part of the sentence.
REFUSED: dict[str, tuple[str | bytes, tuple[str, ...], str]] = {
    "thousands or decimals": (
        'id,amount\na,"1,234"\nb,2\n',
        (),
        "the ',' in amount ('1,234') may group thousands or stand before decimals. "
        "Write how they are written at its table, such as dialect: {decimal: ',', thousands: '.'}",
    ),
    "thousands or decimals in a German file": (
        "id;amount\na;1.234\nb;2\n",
        ("id", "amount: decimal(18,4)"),
        "the '.' in amount ('1.234') may group",
    ),
    "points and commas before decimals": (
        "id;amount\na;1,50\nb;2.25\n",
        ("id", "amount: double"),
        "some numbers have a decimal point and others a decimal comma",
    ),
    "day or month first": (
        "id,amount,day\na,1,03/04/2024\nb,2,05/06/2024\n",
        ("id", "amount: integer", "day: date"),
        "the date in day ('03/04/2024') can be read in two ways: the day or the month may come first. "
        'Write at its table dialect: {date_format: "dd/mm/yyyy"} or dialect: {date_format: "mm/dd/yyyy"}.',
    ),
    "two digits of the year": (
        "id,amount,day\na,1,03.04.24\n",
        ("id", "amount: integer", "day: date"),
        "('03.04.24') can be read in two ways: it has no year of four digits",
    ),
    "a quote or an apostrophe": (
        "id,amount\n'a',1\n'b',2\n",
        (),
        "the single quotes around values may enclose them or belong to them",
    ),
    "a quote or an apostrophe in a file with a ragged row": (
        "id,amount\n'''t Hof',1\nb,2\n-- end --\n",
        (),
        "the single quotes around values may enclose them or belong to them",
    ),
    "a row above the header": (
        "a,1\nid,amount\nb,2\n",
        (),
        "the columns are named in line 2, but line 1 above it may be a row. "
        "Write dialect: {header_row: 2} at its table if it is none.",
    ),
    "a total or a row": (
        "id,amount\na,1\nTotal,1\n",
        (),
        "the last line may be a total or a row ('Total,1'). Write dialect: {footer_rows: 1}",
    ),
    "Windows-1252 or ISO-8859-15": (
        "id,amount\na ½,1\n".encode("cp1252"),
        (),
        "line 2 is not UTF-8 text, and the text may be Windows-1252 or ISO-8859-15",
    ),
    "a DOS encoding": ("id,amount\nLöwe,1\n".encode("cp850"), (), "its encoding cannot be told for sure"),
    "a DOS letter at the end of a word": (
        "id,amount\ncafé,1\n".encode("cp850"), (), "its encoding cannot be told for sure",
    ),
    "a DOS letter at the beginning of a word": (
        "id,amount\nÖl,1\n".encode("cp850"), (), "its encoding cannot be told for sure",
    ),
    "DOS letters side by side": (
        "id,amount\nGröße,1\n".encode("cp850"), (), "its encoding cannot be told for sure",
    ),
    "letters of Windows-1252 and of Windows-1250": (
        "id,amount\nšipka,1\nčerný,2\n".encode("cp1250"), (), "its encoding cannot be told for sure",
    ),
    "one or a thousand, both whole": (
        "id,amount\na,2\nb,1.000\n",
        ("id", "amount: integer"),
        "the '.' in amount ('1.000') may group thousands or stand before decimals",
    ),
    "Cyrillic": (b"id,amount\n\xcf\xf0\xe8\xe2\xe5\xf2,1\n", (), "its encoding cannot be told for sure"),
    "Polish": ("id,amount\nZłoty,1\n".encode("cp1250"), (), "its encoding cannot be told for sure"),
    "UTF-8 with a letter of Windows-1252": (
        "id,amount\nKäse,1\n".encode() + "é,2\n".encode("cp1252"),
        (),
        "line 3 is not UTF-8 text, and its encoding cannot be told for sure",
    ),
    "half a letter of UTF-16": ("id,amount\na,1\n".encode("utf-16")[:-1], (), "is not utf-16 text"),
    "an unclosed quote below a title": (
        "Sales\nid;amount\na;1\n\"b;2\nc;3\n",
        (),
        "a quote that opens in line 4 is never closed",
    ),
    "a last line that was cut off": ("id;amount\na;1\nb", (), "its last line has 1 of 2 values"),
    "twins": ("id;id\na;1\n", (), "the header names 'id' twice"),
    "no header": ("a;1\nb;2\n", (), "if the file has no header, write dialect: {header: false}"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_be_read_in_two_ways_is_refused(name: str, shop: DialectShop) -> None:
    content, columns, sentence = REFUSED[name]
    shop.of(*columns).drop("a.csv", content)
    with pytest.raises(PlainError) as caught:
        shop.prepare()
    error = str(caught.value)
    assert error.startswith("drops/a.csv: ")
    assert sentence in error
    assert "\n" not in error


# The inside of the block, content, declared columns, rows.
PINNED: dict[str, tuple[str, str | bytes, tuple[str, ...], list[tuple[Any, ...]]]] = {
    "thousands": ("thousands: ','", 'id,amount\na,"1,234"\n', (), [("a", 1234)]),
    "decimal": (
        "decimal: ','",
        'id,amount\na,"1,234"\n',
        ("id", "amount: decimal(18,4)"),
        [("a", Decimal("1.234"))],
    ),
    "day first": (
        "date_format: dd/mm/yyyy",
        "id,amount\na,03/04/2024\n",
        ("id", "amount: date"),
        [("a", date(2024, 4, 3))],
    ),
    "month first": (
        "date_format: '%m/%d/%y'",
        "id,amount\na,03/04/24\n",
        ("id", "amount: date"),
        [("a", date(2024, 3, 4))],
    ),
    "several times, one with a zone": (
        "timestamp_format: [dd.mm.yyyy hh:mm, '%Y-%m-%d %H:%M:%S%z']",
        "id,amount\na,09.03.2024 14:05\nb,2024-03-09 14:05:00+0200\n",
        ("id", "amount: timestamp"),
        [("a", datetime(2024, 3, 9, 14, 5)), ("b", datetime(2024, 3, 9, 12, 5))],  # noqa: DTZ001
    ),
    "quote": ("quote: \"'\"", "id,amount\n'a',1\n", (), [("a", 1)]),
    "double quote": ("quote: '\"'", "id,amount\n'a',1\n", (), [("'a'", 1)]),
    "no quote": ("quote: none", 'id,amount\n5" pipe,1\n', (), [('5" pipe', 1)]),
    "delimiter": ("delimiter: ','", "id,amount;x\na;b,1\n", ("id", "amount;x"), [("a;b", "1")]),
    "header row": ("header_row: 2", "a,1\nid,amount\nb,2\n", (), [("b", 2)]),
    "no header": ("header: false", "a;1\nb;2\n", (), PLAIN_ROWS),
    "no header, a line above": ("header: false, preamble_lines: 1", "x;y\na;1\nb;2\n", (), PLAIN_ROWS),
    "footer rows": ("footer_rows: 1", "id,amount\na,1\nTotal,1\n\n", (), [("a", 1)]),
    "no footer": ("footer_rows: 0", "id,amount\na,1\nTotal,1\n", (), [("Total", 1), ("a", 1)]),
    "footer": ("footer: 'End;'", "id;amount\na;1\nEnd;1\n(c) shop\n", (), [("a", 1)]),
    "a footer that is not there": ("footer: 'End;'", "id;amount\na;1\nb;2", (), PLAIN_ROWS),
    "encoding": ("encoding: iso-8859-15", "id,amount\n3 €,1\n".encode("iso-8859-15"), (), [("3 €", 1)]),
    "a DOS encoding": ("encoding: cp850", "id,amount\nLöwe,1\n".encode("cp850"), (), [("Löwe", 1)]),
    "escape": ("escape: '\\'", 'id,amount\n"C:\\dir\\",1",1\n', (), [('C:\\dir",1', 1)]),
}  # fmt: skip


@pytest.mark.parametrize("name", PINNED)
def test_what_is_pinned_wins(name: str, shop: DialectShop) -> None:
    block, content, columns, rows = PINNED[name]
    shop.of(*columns, dialect=block).drop("a.csv", content)
    found = shop.prepare()
    assert found.rejected == []
    assert found.rows == sorted(rows, key=repr)


def test_files_of_different_dialects_make_one_table(shop: DialectShop) -> None:
    shop.of("id", "amount: decimal(18,4)")
    shop.drop("a.csv", "id,amount\na,1.5\n")
    shop.drop("b.csv", "id;amount\nb;2,5\n")
    shop.drop("c.csv", "amount;id\r\n3,5;é\r\n".encode("cp1252"))
    shop.drop("d.csv", "id,amount\nd,4.5\r\n".encode("utf-16"))
    shop.ingest()
    values = ["1.5", "2.5", "4.5", "3.5"]
    assert shop.rows() == [(x, Decimal(y)) for x, y in zip("abdé", values, strict=True)]
    dialects = {each.path: each.dialect for each in shop.manifest().records[0].inputs}
    assert dialects == {
        "drops/a.csv": None,
        "drops/b.csv": {"delimiter": ";", "decimal": ","},
        "drops/c.csv": {"delimiter": ";", "encoding": "windows-1252", "decimal": ","},
        "drops/d.csv": {"line_ends": "mixed", "encoding": "utf-16"},
    }
    (file,) = shop.manifest().records[0].files
    query = "select distinct _file from read_parquet($1, hive_partitioning = false)"
    paths = duckdb.execute(query, [str(shop.lake / file.path)]).fetchall()
    assert {row[0] for row in paths} == set(dialects)
    assert shop.ingest().tables[0].inputs_skipped == 4


def test_compressed_files_have_dialects_too(shop: DialectShop) -> None:
    shop.of(*GERMAN_COLUMNS)
    shop.drop("a.csv.gz", gzip.compress(GERMAN.encode("cp1252")))
    shop.drop(
        "b.csv.gz", gzip.compress(b"Beleg;Datum;Artikel;Menge;Betrag\n1;01.02.2024;x;1;2,50\n")
    )
    shop.drop("c.csv", "Beleg,Datum,Artikel,Menge,Betrag\n1,2024-03-09,a,1,x\n")
    assert shop.ingest().failed == []
    assert len(shop.rows()) == 4
    paths = [each.path for each in shop.manifest().records[0].inputs if each.dialect]
    assert len(paths) == 2
    assert [(each.file, each.line) for each in shop.rejected()] == [("drops/c.csv", 2)]
    assert shop.ingest().tables[0].inputs_skipped == 3


def test_a_dry_run_shows_the_dialect_and_leaves_nothing_behind(shop: DialectShop) -> None:
    shop.of(*GERMAN_COLUMNS).drop("a.csv", GERMAN.encode("cp1252"))
    shop.drop("b.csv", "Beleg,Datum,Artikel,Menge,Betrag\n1,2024-03-09,a,1,1\n")
    sources = load_sources_file(shop.folder / "sources.yml", {})
    (found,) = plan(sources, shop.lake, shop.folder)
    assert [each.why for each in found.files] == [
        "not in the lake yet; read with delimiter ;, footer_rows 1, encoding windows-1252, header_row 4, "
        "decimal ,, thousands ., date_format %d.%m.%Y",
        "not in the lake yet",
    ]
    assert not shop.lake.exists()


def test_a_record_of_before_which_says_nothing_of_dialects_is_read(shop: DialectShop) -> None:
    shop.of().drop("a.csv", "id;amount\na;1\n")
    shop.ingest()
    (path,) = (shop.lake / "raw" / "_manifest").glob("*.json")
    records = json.loads(path.read_text(encoding="utf-8"))
    assert records[0]["inputs"][0].pop("dialect") == {"delimiter": ";"}
    path.write_text(json.dumps(records), encoding="utf-8")
    assert shop.manifest().records[0].inputs[0].dialect is None
    assert shop.ingest().tables[0].inputs_skipped == 1


def test_a_second_header_is_rejected_and_counted(tmp_path: Path) -> None:
    for number, columns in enumerate((("id", "amount"), ("id", "amount: integer"))):
        shop = DialectShop(tmp_path / str(number)).of(*columns)
        shop.drop("a.csv", 'id,amount\n"a\nb",1\nid,amount\nb,2\n\ufeffid,amount\n"id",3\n')
        found = shop.prepare()
        assert [row[0] for row in found.rows] == ["a\nb", "b", "id"]
        reason = "the header comes again"
        assert found.rejected == [
            Rejected("drops/a.csv", 4, None, reason, "id,amount"),
            Rejected("drops/a.csv", 6, None, reason, "\ufeffid,amount"),
        ]


def test_the_line_is_that_of_the_original_below_a_preamble_and_line_breaks(
    shop: DialectShop,
) -> None:
    shop.of("id", "amount: integer", dialect="footer: 'End'")
    lines = ["Sales of\tMarch", "", "id;amount", "a;1", '"b', '"";c";x', "d", "", "é;y"]
    lines += ["id;amount", "End"]
    shop.drop("a.csv", "\r\n".join(lines).encode("cp1252"))
    result = shop.ingest().tables[0]
    assert shop.rows() == [("a", 1)]
    assert [(each.line, each.original_text.replace("\r", "")) for each in shop.rejected()] == [
        (lines.index('"b') + 1, '"b\n"";c";x'),
        (lines.index("d") + 1, "d"),
        (lines.index("é;y") + 1, "é;y"),
        (10, "id;amount"),
    ]
    assert (result.rows_read, result.rows_rejected) == (5, 4)


def test_the_line_of_the_example_is_that_of_the_original(shop: DialectShop) -> None:
    shop.of("id", "amount: integer", max_rejected=0)
    for line, reason in (
        ("b;x", "column_1: 'x' is not a whole number"),
        ("b", "the line has 1 value, not 2"),
    ):
        shop.drop("a.csv", f"Sales\n\nid;amount\na;1\n{line}\n")
        with pytest.raises(PlainError) as caught:
            shop.prepare()
        assert f"for example drops/a.csv, line 5: {reason}" in str(caught.value)


def test_what_does_not_fit_the_form_is_rejected_with_its_text(shop: DialectShop) -> None:
    block = "decimal: ',', thousands: '.', date_format: dd.mm.yyyy"
    shop.of("id", "amount: decimal(18,4)", "day: date", dialect=block)
    texts = ["1.23", "12.34,5", "1.2345", "1,2.3", "1,2,3", "1 234", ".123", "1,23456", "x"]
    days = ["9.3.24", "31.02.2024", "2024-03-09", "09.03.2024 10:00", "03/09/2024"]
    rows = [*(f"a;{text};" for text in texts), *(f"a;;{day}" for day in days)]
    shop.drop("a.csv", "\n".join(["id;amount;day", *rows, "b;-1.234.567,5;9.3.2024", ""]))
    found = shop.prepare()
    assert found.rows == [("b", Decimal("-1234567.5"), date(2024, 3, 9))]
    assert [each.original_text for each in found.rejected] == rows
    assert found.rejected[0].reason == (
        "column_1: '1.23' is not a number with at most 14 digits before and 4 after the point, "
        "with ',' before the decimals and groups of three digits parted by '.'"
    )
    reason = "column_2: '9.3.24' is not a date in the form %d.%m.%Y"
    assert found.rejected[len(texts)].reason == reason


def test_a_quoted_value_longer_than_a_piece_keeps_its_line_ends(shop: DialectShop) -> None:
    value = "x" * 1_200_000 + "\r\ny"
    shop.of().drop("a.csv", f'id,amount\r\n"{value}",1\nb,2\r\n')
    assert shop.prepare().rows == [("b", 2), (value, 1)]


def test_text_keeps_what_looks_like_a_number(shop: DialectShop) -> None:
    shop.of("id", "amount: double").drop("a.csv", "id;amount\n1.234,56;1,5\n")
    assert shop.prepare().rows == [("1.234,56", 1.5)]


def test_a_last_number_with_fewer_decimals_than_all_others_was_cut_off(shop: DialectShop) -> None:
    rows = "".join(f"a;{number},50\n" for number in range(50))
    shop.of("id", "amount: decimal(18,4)")
    for last in ("12", "12,", "12,7"):
        shop.drop("a.csv", f"id;amount\n{rows}b;{last}")
        with pytest.raises(PlainError, match="has fewer decimals than all others"):
            shop.prepare()
    for last in ("12,75", "12,7\n"):
        shop.drop("a.csv", f"id;amount\n{rows}b;{last}")
        assert len(shop.prepare().rows) == 51


def test_a_footer_never_takes_the_header_nor_rows_far_above(shop: DialectShop) -> None:
    shop.of(dialect="footer: 'b;'").drop("a.csv", "id;amount\nb;1\n" + "a;1\n" * 20)
    assert len(shop.prepare().rows) == 21
    shop.of(dialect="footer_rows: 9").drop("a.csv", "id;amount\nb;1\n")
    with pytest.raises(PlainError, match="the file has a header but no rows"):
        shop.prepare()


def test_the_example_of_the_guide_loads_what_it_is_meant_for(shop: DialectShop) -> None:
    guide = (ROOT / "docs" / "reference" / "kinds-of-sources.md").read_text(encoding="utf-8")
    example = guide.split("## CSV\n")[1].split("```yaml\n")[1].split("```")[0]
    tables = example.split("    tables:\n")[1].replace("data/branch", "drops")
    shop.declare(tables)
    shop.drop("a.csv", GERMAN.encode("cp1252"))
    assert [row[-1] for row in shop.prepare().rows] == [
        Decimal(each) for each in ("1234.56", "4.9", "12")
    ]


WRONG_BLOCKS = {
    "delimiter: ';;'": "must be one character",
    "encoding: klingon": "is no encoding; try utf-8, utf-16, windows-1252",
    "date_format: dd/mm": "must name the day, the month and the year",
    "date_format: '%d.%m.%Y %H:%M'": "has a time; a date has none",
    "date_format: [dd/mm/yyyy, mm/dd/yyyy]": "read the same text as different days",
    "timestamp_format: '%d.%m.%Y %q'": "%q is not known",
    "header: false, header_row: 2": "header_row stands alone",
    "footer: End, footer_rows: 1": "say either footer or footer_rows",
    "decimal: ',', thousands: ','": "are the same",
    "delimitr: ';'": "delimiter",
}


@pytest.mark.parametrize("block", WRONG_BLOCKS)
def test_a_block_that_says_nonsense_is_refused(block: str, shop: DialectShop) -> None:
    shop.of(dialect=block)
    with pytest.raises(PlainError) as caught:
        load_sources_file(shop.folder / "sources.yml", {})
    assert WRONG_BLOCKS[block] in str(caught.value)


def test_a_stray_quote_in_a_file_without_a_header_is_no_text(shop: DialectShop) -> None:
    """No value begins with a single quote, so nothing says that those enclose and double ones are text."""
    shop.of("id", "amount: integer", dialect="header: false").drop("a.csv", '"a",1\n"b,2\nc,3\n')
    with pytest.raises(PlainError, match="cannot be told what separates the values"):
        shop.prepare()
