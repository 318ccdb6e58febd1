"""Hold the floor's figures against the house's marts: a floor that computes something else is none.

python docs/benchmarks/check_floor.py --marts LAKE/marts --floor FOLDER
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

RELATIVE_TOLERANCE = 1e-9  # of figures that are no exact numbers


@dataclass
class Comparison:
    """`differences` in words; `compared` columns of each mart, and those that only one side has."""

    differences: list[str] = field(default_factory=list)
    compared: dict[str, list[str]] = field(default_factory=dict)
    only_house: dict[str, list[str]] = field(default_factory=dict)


def compare(marts: Path, floor: Path, *, memory: str = "3GB") -> Comparison:
    """Compare every mart that both have, over the columns that both have.

    Rows are compared by a sum over a hash of all exact columns of each row, so a figure that stands
    beside the wrong key is seen; figures of type double by their sums.
    """
    found = Comparison()
    with duckdb.connect() as connection:
        connection.execute(f"set memory_limit = '{memory}'; set TimeZone = 'UTC'")
        for path in sorted(marts.iterdir()):
            name = path.name.removesuffix(".parquet")
            other = floor / path.name
            if not other.exists() or name.startswith("_"):
                continue
            _compare_mart(connection, name, path, other, found)
    return found


def _compare_mart(
    connection: duckdb.DuckDBPyConnection, name: str, house: Path, floor: Path, found: Comparison
) -> None:
    ours, others = _columns(connection, house), _columns(connection, floor)
    common = [column for column in ours if column in others]
    exact = [column for column in common if ours[column] != "DOUBLE"]
    found.compared[name] = common
    found.only_house[name] = [column for column in ours if column not in others]

    def figures(path: Path, columns: list[str]) -> tuple[object, ...]:
        hashed = ", ".join(f'cast("{column}" as {ours[column]})' for column in columns)
        sums = "".join(
            f', coalesce(sum(cast("{column}" as double)), 0)'
            for column in common
            if ours[column] == "DOUBLE"
        )
        row = connection.execute(
            f"select count(*), sum(cast(hash({hashed}) as hugeint)){sums} from {_read(path)}"
        ).fetchone()
        assert row is not None  # noqa: S101 - an aggregate has a row
        return row

    mine, theirs = figures(house, exact), figures(floor, exact)
    if mine[0] != theirs[0]:
        found.differences.append(f"{name}: {mine[0]} rows, the floor has {theirs[0]}")
    elif mine[1] != theirs[1]:
        wrong = [c for c in exact if figures(house, [c])[1] != figures(floor, [c])[1]]
        found.differences.append(f"{name}: other values in {', '.join(wrong) or 'other rows'}")
    doubles = [column for column in common if ours[column] == "DOUBLE"]
    for column, one, other in zip(doubles, mine[2:], theirs[2:], strict=True):
        if not math.isclose(float(str(one)), float(str(other)), rel_tol=RELATIVE_TOLERANCE):
            found.differences.append(f"{name}.{column}: sums to {one}, in the floor to {other}")


def _columns(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    described = connection.execute(f"describe from {_read(path)}").fetchall()
    return {row[0]: row[1] for row in described}


def _read(path: Path) -> str:
    files = f"{path}/**/*.parquet" if path.is_dir() else str(path)
    return f"read_parquet('{files}', hive_partitioning = false)"


def main() -> int:
    """Compare, say what is equal and what is not; 1 where anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--marts", type=Path, required=True)
    parser.add_argument("--floor", type=Path, required=True)
    arguments = parser.parse_args()
    found = compare(arguments.marts, arguments.floor)
    for name, columns in found.compared.items():
        missing = ", ".join(found.only_house[name])
        sys.stdout.write(
            f"{name}: {len(columns)} columns{f'; only the house: {missing}' if missing else ''}\n"
        )
    for difference in found.differences:
        sys.stdout.write(f"DIFFERENT {difference}\n")
    return 1 if found.differences or not found.compared else 0


if __name__ == "__main__":
    raise SystemExit(main())
