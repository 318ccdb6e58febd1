"""Write a made-up shop of any size as monthly CSV files, in bounded memory.

synthetic_shop.sql says what is in it.

    python docs/benchmarks/synthetic_shop.py --lines 1000000 --out FOLDER

writes FOLDER/base (five years, one file a month) and FOLDER/increment (what came after them).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb

SHOP = Path(__file__).with_name("synthetic_shop.sql")
INCREMENT_LINES = 100_000


def write_shop(
    out: Path, lines: int, *, increment_lines: int = INCREMENT_LINES, threads: int = 2
) -> None:
    """Write about `lines` lines of five years to out/base, and the increment to out/increment."""
    base, increment = out / "base", out / "increment"
    base.mkdir(parents=True)
    increment.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute(f"set memory_limit = '1GB'; set threads = {threads}")
        connection.execute(f"set variable lines = {lines}")
        connection.execute(f"set variable increment_lines = {increment_lines}")
        connection.execute(SHOP.read_text(encoding="utf-8"))
        files = connection.execute("select distinct file from days order by file").fetchall()
        for (file,) in files:
            target = (increment if file == "increment" else base) / f"{file}.csv"
            connection.execute(f"copy (from lines_of('{file}')) to '{target}' (format csv, header)")


def main() -> int:
    """Write the shop that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, required=True)
    parser.add_argument("--increment-lines", type=int, default=INCREMENT_LINES)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    write_shop(arguments.out, arguments.lines, increment_lines=arguments.increment_lines)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
