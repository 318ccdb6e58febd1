"""The rows that the benchmarks read: order lines with eight columns, the same on every machine."""

from __future__ import annotations

from pathlib import Path

import duckdb

# In the order of the file: text of few and of many values, a time, a whole number, money, empty values.
COLUMNS = {
    "order_id": "VARCHAR",
    "ordered_at": "TIMESTAMP",
    "customer_id": "VARCHAR",
    "product_id": "VARCHAR",
    "quantity": "BIGINT",
    "unit_price": "DECIMAL(18,4)",
    "country": "VARCHAR",
    "note": "VARCHAR",
}

ORDER_LINES = """
select
    'A' || (i // 3) as order_id,
    timestamp '2024-01-01' + interval (i * 6) second as ordered_at,
    'C' || (hash(i // 3) % 50000) as customer_id,
    'P' || (hash(i) % 4000) as product_id,
    1 + (hash(i, 1) % 9)::bigint as quantity,
    ((hash(i, 2) % 9999) / 100)::decimal(18, 2) as unit_price,
    ['Spain', 'France', 'Poland', 'Germany'][1 + (hash(i // 3) % 4)::int] as country,
    case when hash(i, 3) % 20 = 0 then 'wrapped, with a card' end as note
from range({rows}) as lines (i)
"""


def write_order_lines(path: Path, rows: int) -> None:
    """Write `rows` order lines to `path`: CSV or Parquet, by its ending."""
    options = "format csv, header" if path.suffix == ".csv" else "format parquet, compression zstd"
    with duckdb.connect() as connection:
        connection.execute("set memory_limit = '2GB'")
        connection.execute(f"copy ({ORDER_LINES.format(rows=rows)}) to '{path}' ({options})")
