"""Rows that were loaded but that no dbt source reads stop a run; they never go missing quietly."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline.lake_project import LakeProject

ROWS = "select 1::bigint as amount, 'sales.csv' as _file"


@pytest.fixture
def small(tmp_path: Path) -> LakeProject:
    project = LakeProject(tmp_path / "small")
    project.source("shop", {"sales": {"amount": "BIGINT"}})
    project.model(
        "totals", "select cast(sum(amount) as bigint) as amount from {{ source('shop', 'sales') }}"
    )
    project.load("shop", "sales", "1700000000.000001", ROWS)
    return project


def test_rows_of_a_table_without_a_source_stop_the_run(small: LakeProject) -> None:
    small.load("shop", "refunds", "1700000000.000002", ROWS)
    build = small.dbt("build")
    assert not build.succeeded
    assert "totals" not in build.nodes or build.nodes["totals"].status != "success"
    assert "The lake holds rows of shop.refunds, but dbt has no source of that name" in build.error
    assert "till generate" in build.error


def test_a_table_that_is_left_out_on_purpose_does_not(small: LakeProject) -> None:
    small.load("shop", "refunds", "1700000000.000002", ROWS)
    build = small.dbt("build", "--vars", "{tables_not_read: [shop.refunds]}")
    assert build.succeeded, build.error


def test_neither_do_other_sources_nor_loads_without_rows(small: LakeProject) -> None:
    small.load("market", "refunds", "1700000000.000002", ROWS)  # not an active source
    small.load("shop", "vouchers", "1700000000.000003", f"{ROWS} limit 0")
    build = small.dbt("build")
    assert build.succeeded, build.error
    assert small.query("select amount from marts.totals") == [(1,)]
