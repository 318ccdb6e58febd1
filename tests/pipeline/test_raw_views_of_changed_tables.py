"""What `source()` shows when loads have other columns or types than the table declares today."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.pipeline.lake_project import LakeProject

FIRST, SECOND, THIRD = "1790000001.000001", "1790000002.500000", "1790000010.000000"


@pytest.fixture(scope="module")
def parsed_project(tmp_path_factory: pytest.TempPathFactory) -> LakeProject:
    project = LakeProject(tmp_path_factory.mktemp("raw") / "project")
    project.source("shop", {"lines": {"id": "VARCHAR", "amount": "BIGINT"}})
    project.model("lines", "select * from {{ source('shop', 'lines') }}", materialized="view")
    project.succeed("run")
    return project


@pytest.fixture
def project(parsed_project: LakeProject, tmp_path: Path) -> LakeProject:
    """A source with one table, and no load yet."""
    return parsed_project.copy_to(tmp_path / "project")


def load(project: LakeProject, load_id: str, select: str, **options: Any) -> None:
    query = f"select *, 'a.csv' as _file from ({select})"
    project.load("shop", "lines", load_id, query, inputs=["a.csv"], **options)


def seen(project: LakeProject, columns: str) -> list[tuple[Any, ...]]:
    return project.query(f"select {columns} from raw_shop.lines order by _load_id, id")


def test_an_added_column_is_there_and_empty_in_other_loads(project: LakeProject) -> None:
    load(project, FIRST, "select 'a' as id, 1::bigint as amount")
    load(
        project,
        SECOND,
        "select 'b' as id, 2::bigint as amount, 'blue' as colour",
        added=["colour"],
    )
    load(project, THIRD, "select 'c' as id, 3::bigint as amount, 'n' as note", added=["note"])
    project.succeed("run")
    assert seen(project, "id, amount, colour, note") == [
        ("a", 1, None, None),
        ("b", 2, "blue", None),
        ("c", 3, None, "n"),
    ]
    columns = [row[:2] for row in project.query("describe raw_shop.lines")]
    assert columns[:4] == [
        ("id", "VARCHAR"),
        ("amount", "BIGINT"),
        ("colour", "VARCHAR"),
        ("note", "VARCHAR"),
    ]


def test_a_column_declared_after_it_was_added_has_its_type_everywhere(project: LakeProject) -> None:
    load(project, FIRST, "select 'a' as id, 1::bigint as amount")
    text = "select 'b' as id, 2::bigint as amount, ' 7.50 ' as price"
    load(project, SECOND, text, added=["price"])
    load(project, THIRD, "select 'c' as id, 3::bigint as amount, 8.25::decimal(9,2) as price")
    declare(project, price="DECIMAL(9,2)")
    project.succeed("run")
    assert seen(project, "id, price::varchar, typeof(price)") == [
        ("a", None, "DECIMAL(9,2)"),
        ("b", "7.50", "DECIMAL(9,2)"),
        ("c", "8.25", "DECIMAL(9,2)"),
    ]


def declare(project: LakeProject, **columns: str) -> None:
    project.source("shop", {"lines": {"id": "VARCHAR", "amount": "BIGINT", **columns}})


@pytest.mark.parametrize(
    ("stored", "declared", "shown"),
    [
        ("'12'", "BIGINT", "12"),
        ("' 12.0'", "BIGINT", "12"),
        ("''", "BIGINT", None),
        ("12.00::decimal(9,2)", "BIGINT", "12"),
        ("12::bigint", "DECIMAL(9,2)", "12.00"),
        ("1.5::double", "DECIMAL(9,2)", "1.50"),
        ("timestamp '2024-03-09 00:00:00'", "DATE", "2024-03-09"),
        ("'2024-03-09T01:00:00+02:00'", "TIMESTAMP", "2024-03-08 23:00:00"),
        ("'2024-03-09 01:00'", "TIMESTAMP", "2024-03-09 01:00:00"),
        ("'yes'", "BOOLEAN", "true"),
        ("date '2024-03-09'", "VARCHAR", "2024-03-09"),
    ],
)
def test_rows_of_a_former_type_have_the_declared_one(
    project: LakeProject, stored: str, declared: str, shown: str | None
) -> None:
    load(project, FIRST, f"select 'a' as id, 1::bigint as amount, {stored} as price")
    declare(project, price=declared)
    project.succeed("run")
    assert seen(project, "price::varchar, typeof(price)") == [(shown, declared)]


@pytest.mark.parametrize(
    ("stored", "declared"),
    [
        ("'12.5'", "BIGINT"),
        ("12.5::double", "BIGINT"),
        ("1.234::decimal(9,3)", "DECIMAL(9,2)"),
        ("'1.234'", "DECIMAL(9,2)"),
        ("timestamp '2024-03-09 14:05:00'", "DATE"),
        ("'09/03/2024'", "DATE"),
        ("'twelve'", "DOUBLE"),
    ],
)
def test_a_row_that_would_be_bent_stops_the_query_and_says_what_to_do(
    project: LakeProject, stored: str, declared: str
) -> None:
    load(project, FIRST, f"select 'a' as id, 1::bigint as amount, {stored} as price")
    declare(project, price=declared)
    project.succeed("run")
    with pytest.raises(duckdb.InvalidInputException, match=r"till ingest --reload shop\.lines"):
        seen(project, "price")


REJECTED = (
    "select 'shop' as source_name, 'lines' as table_name, '{load}' as load_id, file, line, "
    "'amount' as column_name, 'no number' as reason, text as original_text, "
    "null::timestamp as replayed_at from (values {rows}) rows(file, line, text)"
)


def test_rejected_rows_of_mended_files_are_out_and_replayed_ones_say_when(
    project: LakeProject,
) -> None:
    rows = "('a.csv', 2, 'x'), ('b.csv', 2, 'y'), ('b.csv', 3, 'z')"
    none = "select 'a' as id, 1::bigint as amount, 'a.csv' as _file where false"
    project.load(
        "shop",
        "lines",
        FIRST,
        none,
        inputs=["a.csv", "b.csv"],
        rejected=REJECTED.format(load=FIRST, rows=rows),
    )
    one = "select 'a' as id, 1::bigint as amount, 'a.csv' as _file"
    project.load("shop", "lines", SECOND, one, inputs=["a.csv"], supersedes=[(FIRST, "a.csv")])
    replayed = (
        f"select '{FIRST}' as load_id, 2::bigint as place, 'b.csv' as file, 3::bigint as line, "
        "timestamp '2026-11-21 10:00:00' as replayed_at"
    )
    again = "select 'z' as id, 3::bigint as amount, 'b.csv' as _file"
    project.load("shop", "lines", THIRD, again, inputs=["b.csv"], replayed=replayed)
    project.succeed("run")
    assert project.query(
        "select original_text, replayed_at::varchar from till.rejected_rows order by all"
    ) == [("y", None), ("z", "2026-11-21 10:00:00")]
