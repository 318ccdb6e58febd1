"""The generic tests of tests/generic pass on good rows and fail on bad ones: rendered here, run by DuckDB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest

GENERIC = Path(__file__).resolve().parents[1] / "generic"
DEDUPLICATE = GENERIC.parents[1] / "macros" / "deduplicate.sql"
ACCOUNTS = GENERIC.parents[1] / "macros" / "data_tests" / "accounted_loads.sql"
SINCE = "{%- macro accounts_since_last_time("


class Exceptions:
    """What dbt gives macros to stop with."""

    def raise_compiler_error(self, message: str) -> None:
        raise ValueError(message)


def failures(test: str, rows: str, raw: str | None = None, **arguments: Any) -> list[Any]:
    """The rows that the generic test returns for a model of `rows`, as dbt would see them."""
    text = (GENERIC / f"{test}.sql").read_text()
    text = text.replace("{% test ", "{% macro ").replace("{% endtest %}", "{% endmacro %}")
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])  # noqa: S701 - SQL, not HTML
    environment.globals["exceptions"] = Exceptions()
    deduplicate: Any = environment.from_string(DEDUPLICATE.read_text()).module
    environment.globals["repeated_hashes"] = deduplicate.repeated_hashes
    # Of a relation that is no mart with partitions all rows are asked (tests/pipeline/test_laws_by_file.py).
    accounts: Any = environment.from_string(ACCOUNTS.read_text().split(SINCE)[0]).module
    environment.globals["accounts_since_last_time"] = accounts.accounts_of_rows
    environment.globals["rows_of_failing_files"] = lambda relation, *_: relation
    environment.globals["partition_column"] = lambda _: None
    macro = getattr(environment.from_string(text).module, test)
    with duckdb.connect() as con:
        con.execute(f"create table model as {rows}")
        if raw is not None:
            con.execute(f"create table raw as {raw}")
            arguments["raw"] = "raw"
        return con.execute(macro("model", **arguments)).fetchall()


def values(columns: str, *rows: str) -> str:
    return f"select * from (values {', '.join(rows)}) as given ({columns})"


@pytest.mark.parametrize(
    ("bounds", "bad"),
    [
        ({"minimum": 1, "maximum": 3}, [0, 4]),
        ({"minimum": 1}, [0]),
        ({"maximum": 3}, [4]),
        ({"minimum": "date '2024-01-01' - date '2023-12-31'"}, [0]),
    ],
)
def test_in_range_takes_its_bounds_and_nulls(bounds: dict[str, Any], bad: list[int]) -> None:
    rows = values("score", "(0)", "(1)", "(3)", "(4)", "(null)")
    assert (
        sorted(row[0] for row in failures("in_range", rows, column_name="score", **bounds)) == bad
    )


@pytest.mark.parametrize("test", ["in_range", "row_count_in_range"])
def test_a_range_without_bounds_is_a_mistake(test: str) -> None:
    arguments = {"column_name": "score"} if test == "in_range" else {}
    with pytest.raises(ValueError, match="needs a minimum or a maximum"):
        failures(test, values("score", "(0)"), **arguments)


@pytest.mark.parametrize(("count", "fails"), [(1, True), (2, False), (3, False), (4, True)])
def test_row_count_in_range_takes_its_bounds(count: int, fails: bool) -> None:
    rows = f"select * from range({count})"
    assert bool(failures("row_count_in_range", rows, minimum=2, maximum=3)) is fails


def test_a_model_without_rows_has_none() -> None:
    assert failures("row_count_in_range", "select 1 where false", minimum=1) == [(0,)]


def test_unique_combination_counts_nulls_as_equal() -> None:
    rows = values("a, b", "(1, 1)", "(1, 2)", "(1, null)", "(1, null)", "(2, 1)")
    assert failures("unique_combination", rows, columns=["a", "b"]) == [(1, None, 2)]


@pytest.mark.parametrize(
    ("shares", "fails"),
    [
        (["(0.25)", "(0.75)"], False),
        (["(0.25)", "(0.75 + 5e-10)"], False),
        (["(0.25)", "(0.75 + 5e-9)"], True),
        (["(0.25)", "(0.7)"], True),
        (["(cast(null as double))"], False),
    ],
)
def test_shares_sum_to_one_within_a_billionth(shares: list[str], fails: bool) -> None:
    rows = values("share", *shares)
    assert bool(failures("shares_sum_to_one", rows, column_name="share")) is fails


def test_shares_sum_to_one_in_each_group() -> None:
    rows = values("shop, share", "('a', 0.5)", "('a', 0.5)", "('b', 0.5)", "('b', 0.6)")
    found = failures("shares_sum_to_one", rows, column_name="share", group_by=["shop"])
    assert [row[0] for row in found] == ["b"]


@pytest.mark.parametrize(
    ("step", "days", "fails"),
    [
        ("day", ["2024-02-28", "2024-02-29", "2024-03-01"], False),
        ("day", ["2024-02-28", "2024-03-01"], True),
        ("week", ["2024-12-23", "2024-12-30", "2025-01-06"], False),
        ("week", ["2024-12-23", "2025-01-06"], True),
        ("month", ["2024-12-01", "2025-01-01", "2025-02-01"], False),
        ("month", ["2024-12-01", "2025-02-01"], True),
    ],
)
def test_calendar_without_holes_finds_what_is_missing(
    step: str, days: list[str], fails: bool
) -> None:
    rows = values("day", *(f"(date '{day}')" for day in days))
    found = failures("calendar_without_holes", rows, column_name="day", step=step)
    assert bool(found) is fails


RAW = values("sku, pieces", "('a', 1)", "('a', 1)", "('a', 2)", "(null, 1)", "(null, 1)")


@pytest.mark.parametrize(
    ("staging", "fails"),
    [
        ("select distinct * from raw", False),
        ("select * from raw", True),
        ("select distinct * from raw where sku is not null", True),
        ("select distinct on (sku) * from raw", True),
    ],
    ids=["duplicates dropped", "nothing dropped", "nulls dropped", "by a key that is none"],
)
def test_exact_duplicates_are_all_that_goes_without_a_key(staging: str, fails: bool) -> None:
    staging = f"with raw as ({RAW}) {staging}"
    found = failures("accounts_for_every_raw_row", staging, RAW, distinct_columns=["sku", "pieces"])
    assert bool(found) is fails


VERSIONS = values("id, edition", "(1, 1)", "(1, 2)", "(2, 1)", "(null, 1)", "(null, 2)")


@pytest.mark.parametrize(
    ("staging", "fails"),
    [
        ("select * from raw where id is null or edition = 2 or id = 2", False),
        ("select * from raw", True),
        ("select * from raw where edition = 2", True),
        ("select * from raw where id is not null and (edition = 2 or id = 2)", True),
    ],
    ids=["older versions dropped", "nothing dropped", "newest load only", "nulls dropped"],
)
def test_older_versions_are_all_that_goes_with_a_key(staging: str, fails: bool) -> None:
    staging = f"with raw as ({VERSIONS}) {staging}"
    assert bool(failures("accounts_for_every_raw_row", staging, VERSIONS, key=["id"])) is fails


# Order 1 in two versions (line b is gone), order 2 loaded twice, order 3 with one line told twice.
CHILDREN = values(
    "order_id, line, edition, _load_id",
    "(1, 'a', 1, 'x')",
    "(1, 'b', 1, 'x')",
    "(1, 'a', 2, 'x')",
    "(2, 'a', 1, 'x')",
    "(2, 'a', 1, 'y')",
    "(3, 'a', 1, 'x')",
    "(3, 'a', 1, 'x')",
)


@pytest.mark.parametrize(("rows", "fails"), [(3, False), (2, True), (4, True)])
def test_children_go_with_the_older_version_of_their_parent(rows: int, fails: bool) -> None:
    found = failures(
        "accounts_for_every_raw_row",
        f"select * from range({rows})",
        CHILDREN,
        key=["order_id", "line"],
        parent="order_id",
        version="edition",
    )
    assert bool(found) is fails
