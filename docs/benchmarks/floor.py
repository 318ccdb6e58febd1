"""The floor: the same figures from the same raw Parquet files, written by hand for this one shop.

No tests, no contracts, no atomic swap, no increment, no second source. The SQL of floor/ knows that the
shop has one currency, which is the reporting one, and that its clock is that of the business; it goes
month by month where that is faster, and lays narrow files of whole numbers on the way. What it writes
has the columns of the marts of the same names; check_floor.py compares them.

python docs/benchmarks/floor.py --raw 'LAKE/raw/online_retail/invoice_lines/**/*.parquet' --out FOLDER
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from string import Template

import duckdb

SQL = Path(__file__).with_name("floor")
SEEDS = Path(__file__).resolve().parents[2] / "seeds"


def run_floor(raw: str, out: Path, *, memory: str = "5GB", threads: int = 2) -> dict[str, float]:
    """Write every mart of the floor into `out`; gives the seconds of each file of floor/."""
    for folder in ("fct_orders", "narrow_orders", "narrow_lines"):
        (out / folder).mkdir(parents=True)
    paths = {"raw": raw, "out": str(out), "seeds": str(SEEDS)}
    seconds: dict[str, float] = {}
    with duckdb.connect() as connection:
        connection.execute(f"set memory_limit = '{memory}'; set threads = {threads}")
        connection.execute(f"set temp_directory = '{out / 'tmp'}'")
        connection.execute("set preserve_insertion_order = false; set TimeZone = 'UTC'")

        def run(name: str, **values: object) -> None:
            sql = Template((SQL / f"{name}.sql").read_text(encoding="utf-8"))
            started = time.perf_counter()
            connection.execute(sql.safe_substitute(paths, **values))
            seconds[name] = seconds.get(name, 0) + time.perf_counter() - started

        run("01_exact_duplicates")
        run("02_customers_and_products")
        run("03_order_lines")
        months = sorted(path.name.partition("=")[2] for path in (out / "fct_order_lines").iterdir())
        for month in months:
            run("04_each_month_orders", month=month, month_glob=month, filter="anti")
        if connection.execute("from orders_across_months limit 1").fetchone():
            run("04_each_month_orders", month="across", month_glob="*", filter="semi")
            months.append("across")
        run("05_sales_and_countries")
        run("06_customers_and_cohorts")
        run("07_products_begin")
        for eighth in range(8):
            run("08_each_eighth_customers_of_products", eighth=eighth)
        run("09_products_end")
        for month in months:
            run("10_each_month_pairs", month=month)
        run("11_pairs")
        run("12_distributions")
    return seconds


def main() -> int:
    """Run the floor for the files that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--memory", default="5GB")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    seconds = run_floor(
        arguments.raw, arguments.out, memory=arguments.memory, threads=arguments.threads
    )
    for section, taken in seconds.items():
        sys.stdout.write(f"{taken:8.1f} s  {section}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
