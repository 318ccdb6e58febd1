"""A file of which nothing is declared: its dialect and header are proposed, with every doubt."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from configuration.errors import PlainError
from ingest.csv.dialect_guess import DialectGuess, guess_dialect
from tests.pipeline.test_ingest_csv_dialect import GERMAN


def guess(folder: Path, content: str | bytes) -> DialectGuess:
    path = folder / "a.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return guess_dialect(path, "a.csv")


def test_a_german_export_is_guessed_whole(tmp_path: Path) -> None:
    found = guess(tmp_path, GERMAN.encode("cp1252"))
    assert found.is_sure
    assert found.header == ("Beleg", "Datum", "Artikel", "Menge", "Betrag")
    assert found.sample[0] == ("1001", "09.03.2024", "Käse, jung", "3", "1.234,56")
    assert len(found.sample) == 3
    assert found.dialect.recorded() == {
        "delimiter": ";",
        "footer_rows": 1,
        "encoding": "windows-1252",
        "header_row": 4,
        "decimal": ",",
        "thousands": ".",
        "date_format": ["%d.%m.%Y"],
    }


# Content, and a part of the doubt.
DOUBTS = {
    "id,day\n1,03/04/2024\n": "the day or the month may come first",
    'id,amount\n1,"1,234"\n': "may group thousands or stand before decimals",
    "1,2\n3,4\n": "seems to have no header",
    "a,b\nc,d\n": "Line 1 is taken for the header; only text stands below it",
    "id,id\n1,2\n": "names a column twice",
    "id,amount\n1,2\n3\n": "Not all rows have as many values",
    "id,amount\n'a',1\n'b',2\n": "the single quotes around values may enclose them",
    "a;b,c\n1;2,3\n": "may be separated by ',' or ';'",
}


@pytest.mark.parametrize("content", DOUBTS)
def test_a_doubt_is_told(content: str, tmp_path: Path) -> None:
    found = guess(tmp_path, content)
    assert not found.is_sure
    assert any(DOUBTS[content] in doubt for doubt in found.doubts), found.doubts


def test_a_file_that_is_empty_or_no_text_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"\x00\x01\x02\x00\x00PNG"):
        with pytest.raises(PlainError):
            guess(tmp_path, content)


def test_each_file_of_csv_spectrum_has_its_header_and_is_plain() -> None:
    folder = Path(os.environ.get("TILL_TEST_DATA", "/nowhere")) / "csv_spectrum"
    files = sorted(folder.glob("csvs*/*.csv"))
    if not files:
        pytest.skip("TILL_TEST_DATA names no folder with csv_spectrum")
    for path in files:
        found = guess_dialect(path, path.name)
        header = tuple(path.read_text(encoding="utf-8").splitlines()[0].split(","))
        assert (found.header, found.dialect.recorded()) == (header, None), path.name
