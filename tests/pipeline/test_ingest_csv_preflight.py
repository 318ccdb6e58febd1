"""Files as real programs write and break them: loaded, or rejected row by row, or refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline.csv_shop import CsvShop, Rejected, records_in

HEAD = "id,amount\n"

# Content, then the rows that it gives.
LOADED: dict[str, tuple[str | bytes, list[tuple[str | None, int | None]]]] = {
    "a byte order mark": (b"\xef\xbb\xbfid,amount\na,1\n", [("a", 1)]),
    "a byte order mark before a quote": (b'\xef\xbb\xbf"id",amount\na,1\n', [("a", 1)]),
    "CR LF": ("id,amount\r\na,1\r\nb,2\r\n", [("a", 1), ("b", 2)]),
    "no last line end": (HEAD + "a,1\nb,2", [("a", 1), ("b", 2)]),
    "columns in another order": ("amount,id\n1,a\n", [("a", 1)]),
    "line breaks in quotes": (HEAD + '"a\nb",1\n"c ""d"",\n",2\n', [("a\nb", 1), ('c "d",\n', 2)]),
    "LF in quotes of a CR LF file": ('id,amount\r\n"a\nb",1\r\n', [("a\nb", 1)]),
    "CR LF in quotes of an LF file": (HEAD + '"a\r\nb",1\n', [("a\r\nb", 1)]),
    "blank lines": (HEAD + "\na,1\n\n\nb,2\n\n", [("a", 1), ("b", 2)]),
    "empty values": (HEAD + ',\n"",""\nb,2\n', [("b", 2), (None, None), (None, None)]),
    "inches": (HEAD + '5" pipe 6",2\n', [('5" pipe 6"', 2)]),
    "letters of four bytes": (HEAD + "🧀,1\n", [("🧀", 1)]),
}

# Content, then the sentence; {} stands for the file.
REFUSED = {
    "nothing": ("", "{}: the file is empty. Export it again."),
    "line ends only": ("\n\n", "{}: the file is empty. Export it again."),
    "a header only": (
        HEAD,
        "{}: the file has a header but no rows. "
        "Export it again, or set allow_empty: true for this table.",
    ),
    "an unclosed quote": (
        HEAD + 'a,1\n"b,2\nc,3\n',
        "{}: a quote that opens in line 3 is never closed. "
        'Close it, or double it ("") where it belongs to the text.',
    ),
    "a lone quote": (HEAD + 'a,1\n5" pipe,2\n', "a quote that opens in line 3 is never closed"),
    "lone quotes that pair over lines": (
        HEAD + '5" pipe,1\n6" pipe,2\nb,3\n',
        "{}: the reader found 3 rows where the file has 2. Look for a stray \" in it",
    ),
    "a last line cut off": (
        HEAD + "a,1\nb",
        "{}: the file is cut off: its last line has 1 of 2 values. Export or download it again.",
    ),
    "a CR within a line": (HEAD + "a\rb,1\n", "a CR stands alone in line 2, where the other lines end in LF"),
    "zero bytes": (HEAD + "a,1\n" * 500 + "b\0,2\n", "{}: the file holds zero bytes"),
    "a header with twins": ("id,id\na,1\n", "{}: the header names 'id' twice. Give each column"),
    "a header with a nameless column": ("id,amount,\na,1,\n", "column 3 of 3 has no name in the header"),
    "a column that vanished": (
        "id\na\n",
        "{}: the column 'amount' is not there. "
        "Export it again with all columns, or remove them from the sources file.",
    ),
    "a column that is new": ("id,amount,shop\na,1,x\n", "{}: the column 'shop' is not declared. Add"),
    "a column with a new name": (
        "id,amounts\na,1\n",
        "{}: the column 'amount' is not there and the column 'amounts' is not declared. "
        "If 'amounts' is the new name of 'amount', write header: amounts at that column.",
    ),
    "a column with a stray space": ("id, amount\na,1\n", 'write header: " amount" at that column'),
}  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> CsvShop:
    return CsvShop(tmp_path / "shop")


def as_bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


@pytest.mark.parametrize(
    ("content", "expected"), [pytest.param(*each, id=name) for name, each in LOADED.items()]
)
def test_what_is_unusual_but_right_is_loaded_whole(
    content: str | bytes, expected: list[tuple[str | None, int | None]], shop: CsvShop
) -> None:
    shop.drop("a.csv", content)
    result = shop.ingest().tables[0]
    assert result.error is None
    assert shop.rows() == sorted(expected, key=repr)
    assert result.rows_read == len(expected) == records_in(as_bytes(content))


@pytest.mark.parametrize(
    ("content", "sentence"), [pytest.param(*each, id=name) for name, each in REFUSED.items()]
)
def test_what_is_broken_is_refused_in_one_sentence(
    content: str | bytes, sentence: str, shop: CsvShop
) -> None:
    shop.drop("a.csv", content)
    error = shop.error()
    assert sentence.replace("{}", "drops/a.csv") in error
    assert error.startswith("drops/a.csv: ")
    assert "\n" not in error
    assert shop.manifest().records == []


def test_a_broken_file_does_not_keep_the_others_from_being_loaded(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + "a,1\n")
    shop.drop("b.csv", HEAD + '"b,2\n')
    shop.drop("c.csv", HEAD + "c,3\n")
    result = shop.ingest().tables[0]
    assert str(result.error).startswith("drops/b.csv: a quote that opens in line 2")
    assert shop.rows() == [("a", 1), ("c", 3)]
    shop.drop("b.csv", HEAD + "b,2\n")
    assert shop.ingest().failed == []
    assert shop.rows() == [("a", 1), ("b", 2), ("c", 3)]


def test_two_files_with_different_faults_are_told_together(shop: CsvShop) -> None:
    shop.drop("a.csv", "")
    shop.drop("b.csv", HEAD + '"b,2\n')
    error = shop.error()
    assert error.startswith(
        "shop.sales: 2 files were refused; the first: drops/a.csv: the file is empty"
    )


def test_lines_with_too_few_or_too_many_values_are_rejected_as_they_stand(shop: CsvShop) -> None:
    content = HEAD + 'a,1\nb\nc,1,2\nd,x\n"m\nn",4,5\ne,y\n   \nf,6\n'
    shop.drop("a.csv", content)
    result = shop.ingest().tables[0]
    assert shop.rows() == [("a", 1), ("f", 6)]
    few, many = "the line has 1 value, not 2", "the line has 3 values, not 2"
    assert shop.rejected() == [
        Rejected("drops/a.csv", 3, "amount", few, "b"),
        Rejected("drops/a.csv", 4, None, many, "c,1,2"),
        Rejected("drops/a.csv", 5, "amount", "amount: 'x' is not a whole number", "d,x"),
        Rejected("drops/a.csv", 6, None, many, '"m\nn",4,5'),
        Rejected("drops/a.csv", 8, "amount", "amount: 'y' is not a whole number", "e,y"),
        Rejected("drops/a.csv", 9, "amount", few, "   "),
    ]
    assert result.rows_read == records_in(content.encode()) == 8


def test_the_line_is_that_of_the_file_with_blank_lines_and_line_breaks_in_values(
    shop: CsvShop,
) -> None:
    content = HEAD + '\n"a\nb",1\n"c\n\nd",x\n\n\ne\nf,y\n\n"g ""h""",z\n'
    shop.drop("a.csv", content.replace("\n", "\r\n"))
    shop.ingest()
    lines = {each.original_text.replace("\r", ""): each.line for each in shop.rejected()}
    numbered = content.split("\n")
    assert lines == {
        '"c\n\nd",x': numbered.index('"c') + 1,
        "e": numbered.index("e") + 1,
        "f,y": numbered.index("f,y") + 1,
        '"g ""h""",z': numbered.index('"g ""h""",z') + 1,
    }


def test_a_quote_that_closes_too_early_is_rejected(shop: CsvShop) -> None:
    shop.drop("a.csv", HEAD + '"a"b,1\nc,3\n')
    shop.ingest()
    assert shop.rows() == [("c", 3)]
    reason = "a quote does not close where its value ends"
    assert shop.rejected() == [Rejected("drops/a.csv", 2, "id", reason, '"a"b,1')]


def test_a_line_longer_than_the_reader_takes_is_rejected_not_cut(shop: CsvShop) -> None:
    long = "x" * 3_000_000
    shop.drop("a.csv", f"{HEAD}a,1\n{long},2\nb,3\n")
    shop.ingest()
    assert shop.rows() == [("a", 1), ("b", 3)]
    assert [each.reason for each in shop.rejected()] == ["the line is longer than 2 MB"]


def test_a_long_last_line_without_its_line_end_is_loaded(shop: CsvShop) -> None:
    long = "x" * 500_000
    shop.drop("a.csv", f"{HEAD}a,1\n{long},2")
    shop.ingest()
    assert shop.rows() == [("a", 1), (long, 2)]


def test_in_a_table_of_one_column_a_blank_line_is_an_empty_value(shop: CsvShop) -> None:
    shop.declare("      - name: sales\n        path: drops\n        columns: [{name: id}]\n")
    shop.drop("a.csv", "id\na\n\nb\n")
    shop.ingest()
    assert shop.rows() == [("a",), ("b",), (None,)]


def test_counts_and_lines_hold_in_a_file_read_by_several_threads(shop: CsvShop) -> None:
    """40 MB with dirt every 50,000 lines: more than one piece of the reader and of the preflight."""
    bad, pad = {50_000 * n: ("ragged" if n % 2 else f"k{n},bad{n}") for n in range(1, 9)}, "p" * 88
    lines = [bad.get(line, f"{pad},{line}") for line in range(2, 420_002)]
    shop.drop("a.csv", HEAD + "\n".join(lines) + "\n")
    result = shop.ingest().tables[0]
    assert (result.rows_read, result.rows_rejected) == (420_000, 8)
    assert {each.line: each.original_text for each in shop.rejected()} == bad


def test_too_many_rejected_rows_refuse_the_load_with_an_example(shop: CsvShop) -> None:
    shop.declare(max_rejected=0.25)
    shop.drop("a.csv", HEAD + "a,1\nb,two\nc,three\nd,4\n")
    assert shop.error() == (
        "shop.sales: 2 of 4 rows do not fit the declared columns, more than max_rejected "
        "(0.25 of the rows) allows, so none is loaded; for example drops/a.csv, line 3: "
        "amount: 'two' is not a whole number. "
        "Mend the export, or correct the types in the sources file."
    )
    assert shop.manifest().records == []
    shop.drop("a.csv", HEAD + "a,1\nb\nc,3\nd\n")
    assert "drops/a.csv, line 3: the line has 1 value, not 2" in shop.error()


def test_as_many_rejected_rows_as_allowed_do_not(shop: CsvShop) -> None:
    shop.declare(max_rejected=0.25)
    shop.drop("a.csv", HEAD + "a,1\nb,two\nc,3\nd,4\n")
    result = shop.ingest().tables[0]
    assert (result.rows_read, result.rows_loaded, result.rows_rejected) == (4, 3, 1)


def test_a_file_without_rows_is_fine_where_the_table_says_so(shop: CsvShop) -> None:
    shop.declare(
        "      - name: sales\n        path: drops\n        allow_empty: true\n"
        "        columns: [{name: id}, {name: amount, type: integer}]\n"
    )
    shop.drop("a.csv", HEAD)
    assert shop.ingest().failed == []
    assert shop.rows() == []


def test_a_stray_quote_after_which_the_reader_loses_its_way_refuses_the_file(shop: CsvShop) -> None:
    """The reader refuses k4's text in place of k5's, though it loads k4, and goes on within the line of k6."""
    shop.declare(
        "      - name: sales\n        path: drops\n        max_rejected: 1.0\n"
        "        dialect: {delimiter: ';', quote: '\"'}\n        columns:\n"
        + "".join(f"          - {{name: c{number}}}\n" for number in range(7))
    )
    shop.drop(
        "a.csv",
        "c0;c1;c2;c3;c4;c5;c6\n"
        '"false";k4;gwxgnivnl;"""";-12,50;11/19/2000 20:13:00;1000,0\n'
        'false;k5;"fbshfoyf;y;0,05;04/25/2006 01:56:00;1,25\n'
        'false;"k6";"\\\\\\"";grrfo;6493,28;05/12/2025 12:32:00;"1000,0"\n'
        'true;k7;a;"sep=;";;;1234,5\n',
    )
    assert "a quote does not close where its value ends, near line 3" in shop.error()
    assert not shop.rows()


def test_a_quoted_header_with_a_mark_in_the_middle_is_no_row(shop: CsvShop) -> None:
    """Two files of a program that writes a mark and quotes, put together as they were."""
    shop.declare(
        "      - name: sales\n        path: drops\n        max_rejected: 1.0\n"
        "        columns: [{name: id}, {name: note}]\n"
    )
    one = '\ufeff"id","note"\n"{}","x"\n'
    shop.drop("a.csv", one.format(1) + one.format(2))
    shop.ingest()
    assert shop.rows() == [("1", "x"), ("2", "x")]
    assert [each.reason for each in shop.rejected()] == ["the header comes again"]


def test_rows_that_do_not_fit_are_not_hidden_by_stray_quotes(shop: CsvShop) -> None:
    """By its quotes this is one record, and one row fits; two others must not be lost for that."""
    shop.drop("a.csv", '"id","amount"\n"k0",0"\n"k1","12x"\nk2","7"\n')
    assert "the reader found 3 rows where the file has 1" in shop.error()
    assert not shop.rows()
