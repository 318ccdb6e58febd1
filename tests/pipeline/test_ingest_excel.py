"""Spreadsheets of every kind: the table found in them, each value exact, nothing lost without a word."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from configuration.errors import PlainError
from ingest.declaration.sources_file import load_sources_file
from ingest.excel import sheet
from ingest.excel.declaration import ExcelTable
from ingest.excel.sheet import read_sheet
from ingest.excel.workbook import open_excel, open_workbook
from ingest.run import ingest
from tests.conftest import ROOT
from tests.pipeline.csv_shop import Rejected
from tests.pipeline.file_drops import COLUMNS, FileDrops
from tests.pipeline.workbooks import (
    Error,
    Formula,
    Sheet,
    compound,
    ods,
    without_references,
    xls,
    xlsb,
    xlsx,
)

HEAD = ("id", "amount")
TABLE = ExcelTable.model_validate({"name": "sales", "path": "drops", "columns": COLUMNS})
DAY, MOMENT = date(2024, 3, 9), datetime(2024, 3, 9, 14, 5, 7)  # noqa: DTZ001 - Excel has no zones
TYPED = [
    {"name": "id"},
    {"name": "price", "type": "decimal(18,4)"},
    {"name": "pieces", "type": "integer"},
    {"name": "sold_on", "type": "date"},
    {"name": "is_gift", "type": "boolean"},
]
TYPED_ROWS = [
    [each["name"] for each in TYPED],
    ["a", 19.99, 3, DAY, True],
    [12708, 0.1 + 0.2, -1, None, False],
    [Formula("B2&C2", "text"), 1234567.8901, None, DAY, None],
]
TYPED_LOADED = [
    ("12708", Decimal("0.3000"), -1, None, False),
    ("a", Decimal("19.9900"), 3, DAY, True),
    ("text", Decimal("1234567.8901"), None, DAY, None),
]


@pytest.fixture
def shop(tmp_path: Path) -> FileDrops:
    shop = FileDrops(tmp_path / "shop", kind="excel")
    shop.declare_table()
    return shop


@pytest.mark.parametrize("write", [xlsx, xls, xlsb, ods])
@pytest.mark.parametrize("first", [1, 4])
def test_each_format_gives_the_same_exact_values(
    shop: FileDrops, write: Callable[[Sheet], bytes], first: int
) -> None:
    rows = TYPED_ROWS
    if write is ods:
        rows = [[getattr(value, "result", value) for value in row] for row in rows]
    shop.declare_table(TYPED)
    shop.drop(f"a.{write.__name__}", write(Sheet("Sales", rows, first=first)))
    result = shop.ingest().tables[0]
    assert (result.rows_read, result.rows_loaded, result.error) == (3, 3, None)
    assert shop.rows() == TYPED_LOADED


@pytest.mark.parametrize("write", [xlsx, xls, xlsb, ods])
def test_an_error_cell_is_never_an_empty_value(
    shop: FileDrops, write: Callable[[Sheet], bytes]
) -> None:
    rows = [HEAD, ("a", 1), ("b", Error("#N/A")), (Error("#DIV/0!"), None), ("c", None)]
    shop.drop(f"a.{write.__name__}", write(Sheet("S", rows)))
    result = shop.ingest().tables[0]
    assert (result.rows_read, result.rows_loaded, result.rows_rejected) == (4, 2, 2)
    assert shop.rows() == [("a", 1), ("c", None)]
    path = f"drops/a.{write.__name__}"
    assert shop.rejected() == [
        Rejected(
            path, 3, "amount", "amount: '#N/A' is an error of the workbook, no value", "b,#N/A"
        ),
        Rejected(path, 4, "id", "id: '#DIV/0!' is an error of the workbook, no value", "#DIV/0!,"),
    ]


def test_titles_empty_rows_and_formulas_without_a_result_are_no_rows(shop: FileDrops) -> None:
    rows = [
        ("Sales of May",),
        (),
        ("printed", DAY),
        HEAD,
        ("a", 1),
        (),
        ("b", Formula("SUM(A1)", 2)),
        (Formula('IF(A1="","",A1)', ""), Formula('""', "")),
        ("", None),
        (None, None),
    ]
    shop.drop("a.xlsx", xlsx(Sheet("S", rows, merged=["A1:D1"])))
    result = shop.ingest().tables[0]
    assert (result.rows_read, result.rows_loaded) == (2, 2)
    assert shop.rows() == [("a", 1), ("b", 2)]


def test_a_file_as_exporting_programs_write_it(shop: FileDrops) -> None:
    """Texts in the cells, no references: rows and cells follow each other."""
    rows = [HEAD, ("a", 1), ("b", Error("#N/A")), ("c", 3)]
    shop.drop("a.xlsx", without_references(xlsx(Sheet("S", rows), shares_texts=False)))
    shop.ingest()
    assert shop.rows() == [("a", 1), ("c", 3)]
    assert [each.line for each in shop.rejected()] == [3]


def test_rows_that_do_not_fit_are_told_with_their_row_and_text(shop: FileDrops) -> None:
    rows = [
        ("id", "amount", None),
        ("a", 1.5, None),
        ('say "x", y', "two", None),
        ("n", 4, "a note"),
        HEAD,
        ("b", 2, None),
        ("Total", None, None),
    ]
    shop.declare_table([{"name": "id"}, {"name": "amount", "type": "integer", "nullable": False}])
    shop.drop("a.xlsx", xlsx(Sheet("S", [("title",), *rows])))
    result = shop.ingest().tables[0]
    assert (result.rows_read, result.rows_loaded, result.rows_rejected) == (6, 1, 5)
    assert [(each.line, each.reason, each.original_text) for each in shop.rejected()] == [
        (3, "amount: '1.5' is not a whole number", "a,1.5,"),
        (4, "amount: 'two' is not a whole number", '"say ""x"", y",two,'),
        (5, "there is a value in column C, which has no header", "n,4,a note"),
        (6, "the row is the header again", "id,amount,"),
        (8, "amount is empty", "Total,,"),
    ]
    shop.declare_table(footer_rows=1)
    shop.ingest(reload=True)
    assert shop.manifest().records[-1].rows_read == 5


def test_a_merged_cell_stands_in_each_of_its_rows(shop: FileDrops) -> None:
    rows = [HEAD, ("a", 1), (None, 2), (None, 3), (None, None), ("b", 4)]
    shop.drop("a.xlsx", xlsx(Sheet("S", rows, merged=["A2:A5"])))
    assert shop.ingest().tables[0].rows_read == 4
    assert shop.rows() == [("a", 1), ("a", 2), ("a", 3), ("b", 4)]


@pytest.mark.parametrize("is_1904", [False, True])
def test_dates_count_from_1900_or_1904(shop: FileDrops, is_1904: bool) -> None:
    shop.declare_table(
        [
            {"name": "day", "type": "date"},
            {"name": "moment", "type": "timestamp"},
            {"name": "day_text"},
            {"name": "moment_text"},
            {"name": "clock"},
            {"name": "span"},
        ]
    )
    head = ("day", "moment", "day_text", "moment_text", "clock", "span")
    row = (DAY, MOMENT, DAY, MOMENT, time(8, 30), timedelta(hours=26, minutes=15))
    shop.drop("a.xlsx", xlsx(Sheet("S", [head, row]), is_1904=is_1904))
    shop.ingest()
    texts = ("2024-03-09", "2024-03-09 14:05:07", "08:30:00", "26:15:00")
    assert shop.rows() == [(DAY, MOMENT, *texts)]


def test_numbers_are_what_excel_shows_and_for_a_double_all_of_it(shop: FileDrops) -> None:
    names = ("text", "money", "whole", "exact")
    types = ("text", "decimal(18,2)", "integer", "double")
    shop.declare_table(
        [{"name": name, "type": kind} for name, kind in zip(names, types, strict=True)]
    )
    noise = 0.1 + 0.2
    values: list[float] = [noise, 19.99, 3.0, 4503599627370497.0, 1e20, -0.005]
    rows: list[Any] = [names, *((v, None, None, v) for v in values)]
    rows += [(None, 19.99, 12708, None), (None, 3 * 6.663, 2.9999999999999996, None)]
    rows += [(None, 0.005, None, None), (None, None, 2.5, None)]
    shop.drop("a.xlsx", xlsx(Sheet("S", rows)))
    shop.ingest()
    texts = ["0.3", "19.99", "3", "4503599627370497", "1e+20", "-0.005"]
    loaded = {(row[0], row[3]) for row in shop.rows() if row[0] is not None}
    assert loaded == set(zip(texts, values, strict=True))
    money = {row[1:3] for row in shop.rows() if row[0] is None}
    assert money == {(Decimal("19.99"), 12708)}
    assert [each.reason for each in shop.rejected()] == [
        "money: '19.989' is not a number with at most 16 digits before and 2 after the point",
        "money: '0.005' is not a number with at most 16 digits before and 2 after the point",
        "whole: '2.5' is not a whole number",
    ]


# -- which sheet, which header


def test_the_only_sheet_with_the_columns_is_taken(shop: FileDrops) -> None:
    cover = Sheet("Cover", [("Sales",)])
    old = Sheet("Old", [HEAD, ("z", 9)], is_hidden=True)
    shop.drop("a.xlsx", xlsx(cover, old, Sheet("Data", [HEAD, ("a", 1)])))
    shop.ingest()
    assert shop.rows() == [("a", 1)]


def test_two_sheets_with_the_columns_are_not_chosen_between(shop: FileDrops) -> None:
    may, june = Sheet("May", [HEAD, ("a", 1)]), Sheet("June", [HEAD, ("b", 2)])
    shop.drop("a.xlsx", xlsx(may, june))
    assert "2 sheets have these columns: 'May', 'June'" in shop.error()
    shop.declare_table(sheet="June")
    shop.ingest()
    shop.declare_table(sheet=1)
    shop.ingest(reload=True)
    assert shop.rows() == [("a", 1)]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"sheet": "Mai"}, "there is no sheet 'Mai'. Did you mean 'May'?"),
        ({"sheet": 3}, "there is no sheet 3. It has 'Cover', 'May'."),
        ({"sheet": 1}, "sheet 'Cover': no row has the declared columns 'id', 'amount'"),
        ({"header_row": 2}, "row 2 does not have the declared columns"),
        ({"header_row": 1, "sheet": 2}, None),
    ],
)
def test_a_pinned_place_is_held_to(
    shop: FileDrops, more: dict[str, Any], sentence: str | None
) -> None:
    shop.drop("a.xlsx", xlsx(Sheet("Cover", [("x",)]), Sheet("May", [HEAD, ("a", 1)])))
    shop.declare_table(**more)
    if sentence is None:
        assert shop.ingest().failed == []
        assert shop.rows() == [("a", 1)]
    else:
        assert sentence in shop.error()


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        (("id", "amounts"), "If 'amounts' is the new name of 'amount'"),
        (("id", "amount", "extra"), "the column 'extra' is not declared"),
        (("id", "amount", "id"), "row 1 has the column 'id' twice"),
        (("id", None), "the column 'amount' is not there"),
    ],
)
def test_another_header_refuses_the_file(
    shop: FileDrops, header: tuple[str, ...], sentence: str
) -> None:
    shop.drop("a.xlsx", xlsx(Sheet("S", [header, ("a", 1, 2)])))
    assert sentence in (error := shop.error())
    assert error.startswith("drops/a.xlsx, sheet 'S': ")


def test_a_header_with_line_breaks_and_numbers_is_a_name(shop: FileDrops) -> None:
    shop.declare_table([{"name": "net", "header": "Net amount"}, {"name": "y", "header": "2024"}])
    shop.drop("a.xlsx", xlsx(Sheet("S", [("Net\namount ", 2024), ("a", "b")])))
    shop.ingest()
    assert shop.rows() == [("a", "b")]


# -- files that are something else


WHOLE = xlsx(Sheet("S", [HEAD, ("a", 1)]))
XML_2003 = b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">'


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file is empty"),
        (b"<html><table><tr><td>id</td></tr></table>", "the file is a web page (HTML)"),
        (b"id,amount\na,1\n", "the file is plain text (CSV?)"),
        ("id\tamount\n".encode("utf-16"), "the file is plain text (CSV?)"),
        (XML_2003, "the file is a spreadsheet in the XML of 2003"),
        (b"\x89PNG\0\0\0", "the file is no spreadsheet"),
        (WHOLE[:-40], "was cut off, or is broken within"),
        (WHOLE[: len(WHOLE) // 2], "was cut off, or is broken within"),
        (xls(Sheet("S", [HEAD]))[:700], "was cut off, or is broken within"),
        (compound({"EncryptedPackage": b"x"}), "is locked with a password"),
        (compound({"WordDocument": b"x"}), "is of Microsoft Office, but no workbook"),
        (xlsx(Sheet("S", [HEAD])), "there are no rows below the header"),
        (xlsx(Sheet("S", [])), "no row has the declared columns"),
    ],
)
def test_what_is_no_workbook_is_refused_by_what_it_is(
    shop: FileDrops, content: bytes, sentence: str
) -> None:
    shop.drop("bad.xls", content)
    shop.drop("good.xlsx", WHOLE)
    (failed,) = shop.ingest().failed
    assert sentence in str(failed.error)
    assert str(failed.error).startswith("drops/bad.xls")
    assert shop.rows() == [("a", 1)]


def test_a_workbook_that_is_broken_anywhere_is_refused_and_never_stops_the_run(
    shop: FileDrops,
) -> None:
    """Also where the reader itself gives up in its own way, as at some binary workbooks."""
    rows = [HEAD, ("a", 1), ("b", Error("#N/A")), ("c", True)]
    for write in (xlsx, xls, xlsb, ods):
        whole = write(Sheet("S", rows))
        for seed in range(40):
            chance = random.Random(seed)
            content = bytearray(whole)
            for _ in range(chance.randint(1, 8)):
                content[chance.randrange(8, len(content))] = chance.randrange(256)
            path = shop.drop(f"{seed}.{write.__name__}", bytes(content))
            with suppress(PlainError):
                read_sheet(open_workbook(open_excel(path.name, path)), TABLE)


def test_a_value_typed_far_out_is_refused_before_it_fills_the_memory(shop: FileDrops) -> None:
    rows = [HEAD, ("a", 1), *[()] * 40_000, (*[None] * 900, "oops")]
    shop.drop("a.xlsx", xlsx(Sheet("S", rows)))
    assert "the sheet 'S' reaches over 40,003 rows by 901 columns" in shop.error()


def test_a_workbook_is_known_by_its_content_and_replaced_when_it_changed(shop: FileDrops) -> None:
    path = shop.drop("a.xlsx", WHOLE)
    assert shop.ingest().tables[0].rows_loaded == 1
    path.rename(path.with_name("b.xlsx"))
    assert shop.ingest().tables[0].load_id is None
    shop.drop("b.xlsx", xlsx(Sheet("S", [HEAD, ("a", 5)])))
    shop.drop("~$b.xlsx", b"what Excel leaves while it is open")
    shop.ingest()
    assert (5 in [row[1] for row in shop.rows()]) is True


def test_a_count_that_differs_refuses_the_file(
    shop: FileDrops, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were the reader to lose a row, the second reading would tell."""
    looked = sheet._look

    def forgetful(*arguments: Any) -> Any:
        found = looked(*arguments)
        found.grid.pop()
        return found

    monkeypatch.setattr(sheet, "_look", forgetful)
    shop.drop("a.xlsx", xlsx(Sheet("S", [HEAD, ("a", 1), ("b", 2)])))
    assert "the reader found 1 rows where the file has 2" in shop.error()


def test_the_example_of_the_guide_works(tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "reference" / "kinds-of-sources.md").read_text()
    example = guide.split("## Excel\n")[1].split("```yaml\n")[1].split("```")[0]
    shop = FileDrops(tmp_path / "shop", kind="excel")
    (shop.folder / "sources.yml").write_text(f"version: 1\nsources:\n{example}")
    rows = [("May",), ("Ticket", "Date", "Price"), (1001, DAY, 6.5), ("Total", None, 6.5)]
    workbook = xlsx(Sheet("Cover", [("x",)]), Sheet("Sales", rows, merged=["A1:C1"]))
    path = shop.folder / "data" / "market" / "2024-05.xlsx"
    path.parent.mkdir(parents=True)
    path.write_bytes(workbook)
    (result,) = ingest(
        load_sources_file(shop.folder / "sources.yml", {}), shop.lake, shop.folder
    ).tables
    assert (result.rows_loaded, result.rows_rejected, result.error) == (1, 0, None)
