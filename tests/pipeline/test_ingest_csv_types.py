"""Text becomes a value of its declared type, or a rejected row: never a value that was bent on the way."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.csv_shop import CsvShop, records_in


def utc(*parts: int) -> datetime:
    """A time as the lake keeps it: UTC, without saying so."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 - see above


# Declared type: what each text becomes.
FITS: dict[str, dict[str, Any]] = {
    "integer": {
        "1": 1,
        " 2 ": 2,
        "-0": 0,
        "+5": 5,
        "12.0": 12,
        "1e3": 1000,
        "9223372036854775807": 9223372036854775807,
        "-9223372036854775808": -9223372036854775808,
        "": None,
    },
    "decimal(18,4)": {
        "1.2345": Decimal("1.2345"),
        "1.23450": Decimal("1.2345"),
        ".5": Decimal("0.5"),
        "-5.": Decimal(-5),
        "1e2": Decimal(100),
        "99999999999999.9999": Decimal("99999999999999.9999"),
        "-12345678901234.5678": Decimal("-12345678901234.5678"),
        "": None,
    },
    "decimal(38,0)": {"99999999999999999999999999999999999999": Decimal("9" * 38)},
    "double": {"1.5": 1.5, "1e308": 1e308, "-2": -2.0, "": None},
    "boolean": {"true": True, "T": True, "1": True, "yes": True, "FALSE": False, "0": False},
    "date": {
        "2024-02-29": date(2024, 2, 29),
        " 2024-03-09 ": date(2024, 3, 9),
        "2024-3-9": date(2024, 3, 9),
        "2024/03/09": date(2024, 3, 9),
        "0001-01-01": date(1, 1, 1),
    },
    "timestamp": {
        "2024-03-09 14:05:00": utc(2024, 3, 9, 14, 5),
        "2024-03-09T14:05:00Z": utc(2024, 3, 9, 14, 5),
        "2024-03-09T14:05:00+02:00": utc(2024, 3, 9, 12, 5),
        "2024-03-09T23:05:00.123-05": utc(2024, 3, 10, 4, 5, 0, 123000),
        "2024-03-09 14:05:00 Europe/Madrid": utc(2024, 3, 9, 13, 5),
        "2024-03-09 14:05": utc(2024, 3, 9, 14, 5),
        "2024-03-09": utc(2024, 3, 9),
        "2024-03-09 14:05:00.123456": utc(2024, 3, 9, 14, 5, 0, 123456),
        "2010-12-1 8:26": utc(2010, 12, 1, 8, 26),
    },
}
# What DuckDB's own cast would take, round, cut or guess, and what is nothing of the kind.
DOES_NOT_FIT = {
    "integer": ["12.5", "9007199254740993.5", "9223372036854775808", "0x10", "1,000", "two", "TRUE"],
    "decimal(18,4)": ["1.23456", "99999999999999.99991", "100000000000000", "1e-5", "1,5", "nan", "€5"],
    "double": ["inf", "-Infinity", "nan", "1e400", "abc"],
    "boolean": ["on", "2", "maybe"],
    "date": ["2024-02-30", "2024-03-09 14:05", "09/03/2024", "09-03-24", "20240309", "epoch", "infinity"],
    "timestamp": ["2024-03-09 25:00", "2024-03-09 14:05:60", "24-03-09 14:05:00", "now", "epoch", "infinity"],
}  # fmt: skip


def quoted(text: str) -> str:
    return f'"{text}"' if "," in text else text


@pytest.mark.parametrize("declared", FITS)
def test_text_that_fits_becomes_exactly_that_value(declared: str, tmp_path: Path) -> None:
    shop = CsvShop(tmp_path / "shop")
    shop.declare(amount=declared)
    values = FITS[declared]
    lines = [f"{number},{quoted(text)}" for number, text in enumerate(values)]
    shop.drop("a.csv", "\n".join(["id,amount", *lines, ""]))
    shop.ingest()
    assert shop.rejected() == []
    expected = [(str(number), value) for number, value in enumerate(values.values())]
    assert shop.rows() == sorted(expected, key=repr)


@pytest.mark.parametrize("declared", DOES_NOT_FIT)
def test_text_that_does_not_fit_is_rejected_with_its_line_and_reason(
    declared: str, tmp_path: Path
) -> None:
    shop = CsvShop(tmp_path / "shop")
    shop.declare(amount=declared)
    texts = DOES_NOT_FIT[declared]
    lines = [f"{number},{quoted(text)}" for number, text in enumerate(texts)]
    content = "\n".join(["id,amount", *lines, ""])
    shop.drop("a.csv", content)
    result = shop.ingest().tables[0]
    assert shop.rows() == []
    assert (result.rows_read, result.rows_rejected) == (records_in(content.encode()), len(texts))
    rejected = shop.rejected()
    assert [(each.file, each.line) for each in rejected] == [
        ("drops/a.csv", number) for number in range(2, len(texts) + 2)
    ]
    assert {each.column for each in rejected} == {"amount"}
    assert [each.original_text for each in rejected] == lines
    for each, text in zip(rejected, texts, strict=True):
        assert each.reason.startswith(f"amount: '{text}' is not ")


def test_a_column_that_may_not_be_empty_rejects_rows_without_it(tmp_path: Path) -> None:
    shop = CsvShop(tmp_path / "shop")
    shop.declare(
        "      - name: sales\n        path: drops\n        max_rejected: 1.0\n        columns:\n"
        "          - {name: id, nullable: false}\n          - {name: amount, type: integer}\n"
    )
    shop.drop("a.csv", 'id,amount\na,1\n,2\n"",3\n,x\n')
    shop.ingest()
    assert shop.rows() == [("a", 1)]
    assert [(each.line, each.column, each.reason) for each in shop.rejected()] == [
        (3, "id", "id is empty"),
        (4, "id", "id is empty"),
        (5, "id, amount", "id is empty; amount: 'x' is not a whole number"),
    ]
