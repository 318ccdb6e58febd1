"""Make the demo shop's files: two CSV exports, what the mock API serves, and the truth about both.

Everything is computed set-wise by DuckDB from `sql/*.sql` and `story/*.csv`. Each draw is a hash of
the seed, the row's own number and a purpose, so the same seed and scale give the same bytes.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb

from configuration.errors import ConfigurationError

FIRST_DAY = dt.date(2024, 1, 1)
LAST_DAY = dt.date(2025, 12, 31)
STORY_ENDS_AT = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - UTC, naive like every moment in the files
PROMOTION_FROM = dt.date(2025, 11, 24)
PROMOTION_UNTIL = dt.date(2025, 11, 30)
LARGEST_SCALE = 2000

HERE = Path(__file__).parent
SCRIPTS = ("randomness", "calendar", "shoppers", "baskets", "shop", "webshop")

CSV_FILES = {
    "shop/clients.csv": (
        "select client_id, name, email, country, signup_date from client_lines "
        "order by shopper_number, copy"
    ),
    "shop/purchases.csv": (
        "select receipt_no, purchase_date, client_id, sku, product, category, quantity, unit_price,"
        " discount, currency from purchase_lines"
    ),
}
API_FILES = {
    "webshop/customers.parquet": "from web_customer_documents",
    "webshop/products.parquet": "from web_product_documents",
    "webshop/orders.parquet": "from web_order_documents",
    "webshop/exchange_rates.parquet": "from exchange_rate_documents",
    "webshop/events.parquet": "from event_documents",
}
# Small row groups keep a page of the API quick; at a large scale they would only cost time.
ROW_GROUP_SIZE = 20_480


@dataclass(frozen=True)
class DemoFiles:
    """What was made: the folder, and the generator's own count of rows (`expected.json`)."""

    folder: Path
    expected: dict[str, object]


def generate(
    folder: Path,
    scale: float = 1,
    seed: int = 7,
    *,
    threads: int | None = None,
    memory_limit: str = "4GB",
    on_file: Callable[[str], None] = lambda name: None,
) -> DemoFiles:
    """Write the demo's files into `folder`, replacing those of an earlier run.

    `scale` 1 is about 1,500 customers and 25,000 orders over the two years 2024 and 2025; the
    number of customers grows with it, up to 2,000 (about 140 million lines). The files appear one
    by one when all are complete, `expected.json` last; `on_file` hears of each while it is made.
    Raises ConfigurationError when the scale is out of range.
    """
    if not 0 < scale <= LARGEST_SCALE:
        raise ConfigurationError(
            f"the scale of the demo must be above 0 and at most {LARGEST_SCALE}, not {scale:g}",
            remedy="1 is 25,000 orders, 1100 about 80 million lines.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".making-", dir=folder) as making_name:
        making = Path(making_name)
        for subfolder in ("shop", "webshop", "spill"):
            (making / subfolder).mkdir()
        with closing(_connect(making, threads, memory_limit)) as connection:
            _tell_story(connection, scale, seed)
            for name, query in CSV_FILES.items():
                on_file(name)
                _copy(connection, query, making / name, "format csv, header true")
            for name, query in API_FILES.items():
                on_file(name)
                options = f"format parquet, compression zstd, row_group_size {ROW_GROUP_SIZE}"
                _copy(connection, query, making / name, options)
            expected = _expected(connection)
        text = json.dumps(expected, indent=2) + "\n"
        (making / "expected.json").write_text(text, encoding="utf-8", newline="\n")
        for name in (*CSV_FILES, *API_FILES, "expected.json"):
            (folder / name).parent.mkdir(exist_ok=True)
            (making / name).replace(folder / name)
    return DemoFiles(folder=folder, expected=expected)


def make_if_missing(folder: Path) -> bool:
    """Make the demo at its usual size unless `folder` holds one, of any size; says whether it did."""
    if (folder / "expected.json").is_file():  # written last
        return False
    generate(folder)
    return True


def _connect(making: Path, threads: int | None, memory_limit: str) -> duckdb.DuckDBPyConnection:
    """Open a database file that spills beside itself, so that memory stays bounded."""
    connection = duckdb.connect(making / "spill" / "demo.duckdb")
    connection.execute("set temp_directory = ?", [str(making / "spill")])
    connection.execute("set memory_limit = ?", [memory_limit])
    connection.execute("set preserve_insertion_order = true")
    # with a single thread DuckDB cuts Parquet row groups elsewhere, and the bytes differ
    connection.execute("set threads = ?", [max(threads or os.cpu_count() or 1, 2)])
    return connection


def _tell_story(connection: duckdb.DuckDBPyConnection, scale: float, seed: int) -> None:
    variables: dict[str, object] = {
        "seed": seed,
        "scale": float(scale),
        "story": (HERE / "story").as_posix(),
        "first_day": FIRST_DAY,
        "last_day": LAST_DAY,
        "promotion_from": PROMOTION_FROM,
        "promotion_until": PROMOTION_UNTIL,
        "story_ends_at": STORY_ENDS_AT,
    }
    for name, value in variables.items():
        connection.execute(f"set variable {name} = ?", [value])
    for script in SCRIPTS:
        connection.execute((HERE / "sql" / f"{script}.sql").read_text(encoding="utf-8"))


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path, options: str) -> None:
    target = str(path).replace("'", "''")
    connection.execute(f"copy ({query}) to '{target}' ({options})")


def _expected(connection: duckdb.DuckDBPyConnection) -> dict[str, object]:
    statement = (HERE / "sql" / "expected.sql").read_text(encoding="utf-8")
    row = connection.execute(statement).fetchone()
    assert row is not None  # noqa: S101 - a select without from has one row
    document: dict[str, object] = json.loads(row[0])
    return document
