"""A loaded lake, cut into loads that arrive one after the other: in any order, on any day.

The rows of each raw table are dealt out to three parts, always in the same way. A load brings the rows of
some parts; all parts together are the same raw data, whenever and in however many loads they came.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

PARTS = 3

# What decides the part of a row. The version of an order comes with its lines, and of a client's card, which
# has no version, the newest load counts: so these stay together. A receipt is torn apart, and so are repeats.
DEALT_BY = {
    "shop.purchases": "receipt_no, sku, file_row_number",
    "shop.clients": "client_id",
    "webshop.orders": "order_id, updated_at",
    "webshop.orders__lines": "order_id, updated_at",
}

# Rows whose order could decide: a receipt of two clients, one article with two names and groups at the same
# moment, two that sold for the same, rates twice on a day, and currencies written or known badly.
TIES = {
    "shop.purchases": """
        select * from (values
            ('TIE-1', '2025-05-05 10:00:00', 'C9', 'TIE-A', 'One', 'X', 1, 10.01, 0, 'EUR'),
            ('TIE-1', '2025-05-05 10:00:00', 'C8', 'TIE-A', 'Two', 'Y', 2, 10.01, 0, ' eur '),
            ('TIE-1', '2025-05-05 10:00:00', 'C8', 'TIE-B', 'Two', 'Y', 3, 10.01, 0, 'usd'),
            ('TIE-2', '2025-05-05 10:00:00', null, 'TIE-B', 'Two', 'Y', 1, 10.01, 0, 'EUR'),
            ('TIE-3', '2025-05-05 10:00:00', 'C8', 'TIE-C', 'Two', 'Y', 1, 10.01, 0, 'XTS'),
            ('TIE-3', '2025-05-05 10:00:00', 'C8', 'TIE-C', 'Two', 'Y', 1, 10.01, 0, null),
            ('TIE-3', '2025-05-05 10:00:00', 'C8', 'TIE-D', 'Two', 'Y', 1, 0.01, 0, 'EUR'),
            ('TIE-3', '2025-05-05 10:00:00', 'C8', 'TIE-D', 'Two', 'Y', 1, 0.02, 0, 'EUR')
        ) as ties (receipt_no, purchase_date, client_id, sku, product, category,
            quantity, unit_price, discount, currency)""",
    "webshop.exchange_rates": """
        select * from (values
            ('TIE-1', date '2025-05-05', 'USD', 'EUR', 0.91, timestamp '2025-05-05 14:00:00'),
            ('TIE-2', date '2025-05-05', ' usd', 'eur', 0.92, timestamp '2025-05-05 14:00:00'),
            ('TIE-3', date '2025-05-05', 'USD', 'EUR', 0.93, timestamp '2025-05-05 14:00:00')
        ) as ties (rate_id, rate_date, currency, reporting_currency, rate, updated_at)""",
}


@dataclass(frozen=True)
class Arrival:
    """Some parts of every table, loaded at a time."""

    parts: Collection[int]
    at: datetime
    # Where a row stands in its file must not matter either.
    is_shuffled: bool = False


def arrive(original: Path, lake: Path, arrival: Arrival) -> None:
    """Write what arrives into `lake`: of every table of the lake `original` one load."""
    for number, path in enumerate(sorted((original / "raw/_manifest").glob("*.json"))):
        load_id = f"{arrival.at.timestamp():.0f}.{number:06d}"
        records = [
            _load(original, lake, arrival, load_id, record)
            for record in json.loads(path.read_text())
        ]
        name = "{load_id}.{source_name}.{table_name}.json".format(**records[0])
        (lake / "raw/_manifest").mkdir(parents=True, exist_ok=True)
        (lake / "raw/_manifest" / name).write_text(json.dumps(records))


def _load(
    original: Path, lake: Path, arrival: Arrival, load_id: str, record: dict[str, Any]
) -> dict[str, Any]:
    table = f"{record['source_name']}.{record['table_name']}"
    folder = f"raw/{record['source_name']}/{record['table_name']}/load_id={load_id}"
    files = [
        _written(original, lake, arrival, table, file["path"], folder) for file in record["files"]
    ]
    rows = sum(file["rows"] for file in files)
    moment = arrival.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return record | {
        "load_id": load_id,
        "started_at": moment,
        "finished_at": moment,
        "rows_read": rows,
        "rows_loaded": rows,
        "rows_rejected": 0,
        "files": files,
        "rejected_files": [],
    }


def _written(
    original: Path, lake: Path, arrival: Arrival, table: str, path: str, folder: str
) -> dict[str, Any]:
    read = f"read_parquet('{original / path}', hive_partitioning = false, file_row_number = true)"
    ties = TIES.get(table, "select null where false").replace("\n", " ")
    dealt_by = DEALT_BY.get(table, "every_row")
    target = lake / folder / Path(path).name
    target.parent.mkdir(parents=True)
    order = "hash(file_row_number)" if arrival.is_shuffled else "file_row_number"
    with duckdb.connect() as connection:
        connection.execute(f"create table raw_rows as from {read}")
        number = "(select count(*) from raw_rows) + row_number() over ()"
        file = "(select any_value(_file) from raw_rows)"
        connection.execute(
            "insert into raw_rows by name "
            f"select *, {number} as file_row_number, {file} as _file from ({ties})"
            if table in TIES
            else "select 1"
        )
        count = connection.execute(
            "copy (select * exclude (file_row_number) from raw_rows as every_row "
            f"where hash({dealt_by}) % {PARTS} in ({', '.join(map(str, arrival.parts))}) "
            f"order by {order}) to '{target}' (format parquet, compression zstd)"
        ).fetchall()[0][0]
    content = target.read_bytes()
    return {
        "path": f"{folder}/{target.name}",
        "rows": count,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
