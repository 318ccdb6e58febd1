"""`make bench-scale`: the whole house at 1, 10 and 80 million lines in 8 GB. See README.md here."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from house import House, Limits
from limited import Cost
from synthetic_shop import write_shop

BUILD = ("build", "--exclude-resource-type", "unit_test")


def main() -> int:
    """Ingest and build each size that was asked for."""
    arguments = _arguments()
    limits = Limits(arguments.limit_mb, arguments.duckdb_memory, arguments.threads)
    for lines in arguments.lines:
        house = House(arguments.work.resolve() / str(lines), limits)
        if not house.drop.is_dir():
            made = house.work / "made"
            write_shop(made, lines)
            (made / "base").rename(house.drop)
        house.prepare()
        _tell("ingest", house.ingest("ingest"))
        house.forget_builds()
        _tell("dbt build", house.dbt("build", *BUILD))
        sys.stdout.write(f"{house.sizes_mb()}\n")
    return 0


def _tell(step: str, cost: Cost) -> None:
    sys.stdout.write(
        f"{step}: {cost.seconds:.1f} s, peak {cost.peak_mb:.0f} MB,"
        f" spilled {cost.spilled_mb:.0f} MB, status {cost.status}, {cost.log}\n"
    )
    sys.stdout.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--lines",
        type=lambda text: [int(one) for one in text.split(",")],
        default=[1_000_000, 10_000_000, 80_000_000],
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--limit-mb", type=int, default=Limits.process_mb)
    parser.add_argument("--duckdb-memory", default=Limits.duckdb)
    parser.add_argument("--threads", type=int, default=Limits.threads)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
