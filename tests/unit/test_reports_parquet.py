"""The Parquet file of an item: its rows with their types, the same bytes each time."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from reports.frames import Field, Frame
from reports.parquet_files import ParquetWriter
from tests.unit.reports_folder import PAGE, render

FRAME = Frame(
    (
        Field("day", "Day", "date", "DATE"),
        Field("name", "Name", "text", "VARCHAR"),
        Field("amount", "Amount", "currency2", "DECIMAL(18,4)"),
        Field('od"d', "Odd", "num2", "DOUBLE"),
        Field("Amount", "Twice", "int", "BIGINT"),
        Field("trend", "Trend", "int", "INTEGER[]"),
    ),
    (
        (date(2026, 1, 1), "b", Decimal("1.5000"), 0.1, 3, [1, None]),
        (None, None, None, None, None, None),
        (date(2026, 1, 2), "a'\"", Decimal("-2.0001"), -1e300, 2**60, []),
    ),
)


def test_rows_keep_their_order_types_and_names(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    with ParquetWriter() as parquet:
        path.write_bytes(parquet.content(FRAME))
    found = duckdb.sql(f"from '{path}'")
    assert found.columns == ["day", "name", "amount", 'od"d', "Amount_2", "trend"]
    assert [str(kind) for kind in found.types] == [field.sql_type for field in FRAME.fields]
    assert found.fetchall() == list(FRAME.rows)


def test_the_same_rows_give_the_same_bytes() -> None:
    with ParquetWriter() as one, ParquetWriter() as other:
        other.content(Frame(FRAME.fields[:1], FRAME.rows[:0]))
        assert one.content(FRAME) == other.content(FRAME)


def test_every_item_has_its_file_and_the_page_leads_to_it(tmp_path: Path) -> None:
    site = render(tmp_path, {"sales": PAGE})
    html = (site / "sales.html").read_text(encoding="utf-8")
    for item in ("figures", "bars"):
        assert f'href="data/sales.{item}.parquet" download' in html
    total = duckdb.sql(f"select sum(net_revenue) from '{site}/data/sales.bars.parquet'").fetchone()
    assert total == (Decimal("370.00"),)
    assert (
        '<a href="docs/index.html#!/model/model.tillhouse.sales_monthly">sales_monthly</a>' in html
    )
