"""Data tests ask a file of a mart once, and still find what is wrong in it, in any month and later."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.pipeline.lake_project import REPOSITORY, LakeProject

COLUMNS = {"line": "integer", "day": "date", "product": "varchar", "kind": "varchar"}
LAW = """
with counted as (
    select coalesce(sum(lines), 0) as lines
    from {{ figures_by_file(ref('lines'), {'lines': 'count(*)'}) }}
)

select *
from counted
where lines != (select count(*) from {{ ref('sales') }})
"""
ALL_ROWS = ("--vars", "{check_all_rows: true}")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> LakeProject:
    project = LakeProject(tmp_path_factory.mktemp("laws") / "project")
    generic = REPOSITORY / "tests" / "generic"
    for name in ("in_range", "unique_combination", "accounts_for_every_raw_row"):
        project.write(f"tests/generic/{name}.sql", (generic / f"{name}.sql").read_text())
    project.write("tests/every_line_is_there.sql", LAW)
    project.source("shop", {"sales": COLUMNS})
    names = list(COLUMNS)
    project.model(
        "sales",
        "with rows as ({{ without_exact_duplicates(source('shop', 'sales'), "
        f"{names}, ['line'], ['line']) }}}}) select {', '.join(names)} from rows",
        materialized="deduplicated_view",
        schema="staging",
    )
    project.model(
        "products", "select 'p' || i as product from range({{ var('products', 3) }}) t(i)"
    )
    project.model(
        "lines",
        "select *, date_trunc('month', day)::date as month from {{ ref('sales') }}",
        partition_by="month",
        incremental={"unit": "line", "rows": {"shop": {"sales": "line"}}},
    )
    project.properties("lines", _properties(names))
    _load(project, 1, "(1, date '2026-01-05', 'p0', 'a')", "(2, date '2026-01-06', 'p1', 'b')")
    _load(project, 2, "(3, date '2026-02-05', 'p2', 'a')", "(3, date '2026-02-05', 'p2', 'a')")
    project.succeed("build")
    return project


@pytest.fixture
def project(built: LakeProject, tmp_path: Path) -> Iterator[LakeProject]:
    # In place, because figures are kept under the address of a file; put back afterwards.
    shutil.copytree(built.lake_path(), tmp_path / "lake")
    yield built
    shutil.rmtree(built.lake_path())
    shutil.copytree(tmp_path / "lake", built.lake_path())


def _properties(names: list[str]) -> dict[str, object]:
    columns: dict[str, list[object]] = {
        "day": ["not_null"],
        "line": [{"in_range": {"arguments": {"minimum": 1}}}],
        "kind": [{"accepted_values": {"arguments": {"values": ["a", "b"]}}}],
        "product": [
            {"relationships": {"arguments": {"to": "ref('products')", "field": "product"}}}
        ],
    }
    accounts = {"raw": "source('shop', 'sales')", "distinct_columns": names}
    return {
        "models": [
            {
                "name": "lines",
                "data_tests": [
                    {"unique_combination": {"arguments": {"columns": ["month", "line"]}}}
                ],
                "columns": [{"name": name, "data_tests": each} for name, each in columns.items()],
            },
            {
                "name": "sales",
                "data_tests": [{"accounts_for_every_raw_row": {"arguments": accounts}}],
            },
        ]
    }


def _load(project: LakeProject, number: int, *rows: str) -> None:
    query = f"select *, '{number}.csv' as _file from (values {', '.join(rows)}) as t({', '.join(COLUMNS)})"
    project.load(
        "shop", "sales", f"{1_790_000_000 + number}.000000", query, inputs=[f"{number}.csv"]
    )


def _january(project: LakeProject) -> Path:
    return next(project.lake_path("marts/lines/month=2026-01-01").glob("*.parquet"))


def _change(file: Path, query: str) -> None:
    """Write the rows of a query over `file` in its place."""
    changed = file.with_suffix(".changed")
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (with january as (from read_parquet('{file}', hive_partitioning = false)) {query})"
            f" to '{changed}' (format parquet, compression uncompressed)"
        )
    changed.replace(file)


def _failed(project: LakeProject, *arguments: str) -> set[str]:
    """The tests that fail, by the beginning of their names."""
    build = project.dbt("test", *arguments)
    failed = [name for name, node in build.nodes.items() if node.status in ("fail", "error")]
    return {name.split("_lines")[0] for name in failed}


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (
            "select * replace (if(line = 1, null, day) as day, -line as line, 'c' as kind,"
            " 'p9' as product) from january",
            {"not_null", "in_range", "accepted_values", "relationships"},
        ),
        ("select * replace (1 as line) from january", {"unique_combination"}),
        ("from january where line = 1", {"every_line_is_there"}),
    ],
)
def test_a_file_of_an_untouched_month_that_somebody_changed_is_found(
    project: LakeProject, damage: str, found: set[str]
) -> None:
    _load(project, 3, "(4, date '2026-03-05', 'p0', 'a')")
    project.succeed("build")
    good = _january(project).read_bytes()
    _change(_january(project), damage)
    assert _failed(project) == found
    assert _failed(project) == found, "asked again, it fails again"
    _january(project).write_bytes(good)
    assert _failed(project) == set()


def test_a_file_that_passed_is_not_read_again_unless_all_rows_are_asked(
    project: LakeProject,
) -> None:
    file = _january(project)
    _change(file, "from january")
    assert _failed(project) == set()
    times = file.stat()
    # Of the same size, and with the time put back: no command but one that asks every row can know.
    file.write_bytes(file.read_bytes().replace(b"\x01\x00\x00\x00a", b"\x01\x00\x00\x00c"))
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert _failed(project) == set()
    assert _failed(project, *ALL_ROWS) == {"accepted_values"}
    assert _failed(project) == {"accepted_values"}, "and is found from then on"


def test_a_full_refresh_asks_every_row(project: LakeProject) -> None:
    project.succeed("build", "--full-refresh")
    assert project.query("select count(distinct file_path) from till.file_figures") == [(2,)]


def test_a_parent_that_lost_a_key_is_found_in_an_untouched_month(project: LakeProject) -> None:
    fewer = project.dbt("build", "--vars", "{products: 1}")
    failed = {name for name, node in fewer.nodes.items() if node.status == "fail"}
    assert {name.split("_lines")[0] for name in failed} == {"relationships"}
    assert _failed(project) == {"relationships"}
    project.succeed("build")


def test_only_new_files_are_looked_for_in_a_parent(project: LakeProject) -> None:
    _load(project, 3, "(4, date '2026-03-05', 'p4', 'a')")
    build = project.dbt("build")
    assert [n.split("_lines")[0] for n, node in build.nodes.items() if node.status == "fail"] == [
        "relationships"
    ]
    project.succeed("build", "--vars", "{products: 5}")


def test_copies_of_earlier_rows_are_accounted_for(project: LakeProject) -> None:
    _load(project, 3, "(1, date '2026-01-05', 'p0', 'a')", "(5, date '2026-02-07', 'p0', 'b')")
    project.succeed("build")
    assert project.query("select rows_dropped from till.accounted_loads") == [(2,)]
    assert project.query("select count(*) from staging.sales") == [(4,)]


@pytest.mark.parametrize(
    "rows",
    [["(1, date '2026-01-05', 'p0', 'a')"], ["(7, date '2026-02-07', 'p0', 'b')"] * 2],
    ids=["a copy of an earlier row", "two copies in one load"],
)
def test_a_copy_that_staging_keeps_is_found_when_it_is_loaded(
    project: LakeProject, rows: list[str]
) -> None:
    _load(project, 3, *rows)
    project.succeed("run", "--select", "sales")
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute("delete from staging.sales__repeated_keys_1 where key_1 in (1, 7)")
    assert any(name.startswith("accounts_for") for name in _failed(project, "--select", "sales"))
    assert any(name.startswith("accounts_for") for name in _failed(project, "--select", "sales"))
