"""How much a benchmark does: the sizes that the goals are about, or small ones that only show it works."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """Sizes in rows; `demo_scale` 1 is the demo as `till run` makes it."""

    runs: int = 3
    csv_rows: tuple[int, ...] = (1_000_000, 10_000_000)
    small_files: int = 300
    rows_of_a_file: int = 2_000
    parquet_rows: int = 10_000_000
    api_records: tuple[int, ...] = (200_000,)
    postgres_rows: int = 1_000_000
    mart_rows: int = 10_000_000
    table_rows: int = 5_000
    demo_scale: float = 1
    later_runs: bool = True


# Its figures mean nothing: a test runs it, so that the benchmarks still work when they are wanted.
QUICK = Plan(
    runs=1,
    csv_rows=(20_000,),
    small_files=12,
    rows_of_a_file=200,
    parquet_rows=20_000,
    api_records=(3_000,),
    postgres_rows=20_000,
    mart_rows=20_000,
    table_rows=200,
    demo_scale=0.05,
    later_runs=False,
)
