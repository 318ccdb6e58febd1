"""Reading the demo's files in a test, without any code that made them."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

Row = dict[str, str]
Document = dict[str, Any]
ADJUSTMENTS = {"FEE", "VOUCHER", "CORRECTION"}


def read_csv(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_parquet(demo: Path, name: str) -> list[Document]:
    rows: list[Document] = pq.read_table(demo / "webshop" / f"{name}.parquet").to_pylist()
    return rows


def read_date(text: str) -> dt.date:
    for pattern in ("%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M", "%b %d %Y %I:%M%p"):
        try:
            return dt.datetime.strptime(text, pattern).date()  # noqa: DTZ007 - only the day
        except ValueError:
            continue
    raise ValueError(text)
