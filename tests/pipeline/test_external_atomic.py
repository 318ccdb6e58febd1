"""A build that is killed at any moment: the former rows are read until the next build makes it good."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.pipeline.lake_project import LakeProject
from tests.pipeline.order_history import OrderHistory

# Where a build of `numbers` can die: half a file; whole files not yet moved; moved, not yet recorded;
# recorded, but the view still names the files of before.
MOMENTS = [
    ("during", "make_folder", "_building/numbers"),
    ("before", "move_files", "numbers"),
    ("after", "move_files", "numbers"),
    ("after", "write_text", "_state/numbers.json"),
]


def rows(factor: int) -> str:
    return f"select id, id * {factor} as value, id % 2 as half from range(10) as rows (id)"


def many(factor: int) -> str:
    """Long enough to write that a half-written file is seen: incompressible text."""
    return (
        f"select id, id * {factor} as value, id % 2 as half, md5(id::varchar) as noise"
        " from range(3000000) as rows (id)"
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> LakeProject:
    project = LakeProject(tmp_path_factory.mktemp("atomic") / "project")
    project.model("numbers", rows(1), partition_by="half")
    project.succeed("run")
    return project


@pytest.mark.parametrize(("moment", "action", "needle"), MOMENTS)
def test_a_killed_build_leaves_the_former_rows_and_the_next_one_is_good(
    built: LakeProject, tmp_path: Path, moment: str, action: str, needle: str
) -> None:
    project = built.copy_to(tmp_path / "project")
    sql = many(2) if moment == "during" else rows(2)
    project.model("numbers", sql, partition_by="half")
    project.kill_dbt(moment, action, needle, "run")
    assert project.query("select count(*), sum(value) from marts.numbers") == [(10, 45)]
    project.model("numbers", rows(3), partition_by="half")
    project.succeed("run")
    assert project.query("select count(*), sum(value) from marts.numbers") == [(10, 135)]
    assert len(project.files("marts/numbers/**/*")) == 2
    assert project.files("marts/_building/**/*") == []
    assert not project.lake_path("marts/numbers.parquet").exists()


@pytest.mark.parametrize(
    ("moment", "action", "needle"),
    [
        ("after", "move_files", "order_lines"),
        ("after", "write_text", "_state/order_lines.json"),
        ("before", "write_text", "_state/orders.json"),
        ("before", "delete_files", "order_lines/month=2026-03-01"),
    ],
)
def test_a_killed_incremental_build_is_made_good_by_the_next(
    shop: OrderHistory, moment: str, action: str, needle: str
) -> None:
    rows_before = shop.project.query("from marts.order_lines order by all")
    shop.load("lines", {"fix.csv": ["'A', 1, date '2026-03-05', 'ann', 'EUR', 10"]})
    shop.project.kill_dbt(moment, action, needle, "build")
    if action != "delete_files" and "orders" not in needle:
        assert shop.project.query("from marts.order_lines order by all") == rows_before
    shop.build()
    assert shop.differences() == 0
    assert sorted(shop.files()) == sorted(shop.files("orders")) == ["2026-02", "2026-03"]


def test_a_reader_keeps_the_file_that_it_has_open(built: LakeProject, tmp_path: Path) -> None:
    project = built.copy_to(tmp_path / "project")
    project.model("numbers", many(1))
    project.succeed("run")
    with duckdb.connect() as connection:
        path = project.lake_path("marts/numbers.parquet")
        found = connection.execute(f"select id, noise from '{path}'")
        first = found.fetchmany(10)
        project.model("numbers", rows(2))
        project.succeed("run")
        read = len(first)
        while batch := found.fetchmany(100_000):
            read += len(batch)
    assert read == 3_000_000
    assert project.query("select count(*) from marts.numbers") == [(10,)]


def test_a_table_of_the_same_name_gives_way_to_the_mart(built: LakeProject, tmp_path: Path) -> None:
    project = built.copy_to(tmp_path / "project")
    project.model("numbers", rows(5), materialized="table")
    project.succeed("run")
    project.model("numbers", rows(6), partition_by="half")
    project.succeed("run")
    assert project.query("select sum(value) from marts.numbers") == [(270,)]


def test_a_new_warehouse_finds_the_incremental_marts_as_they_are(shop: OrderHistory) -> None:
    before = shop.files()
    shop.project.warehouse.unlink()
    build = shop.build()
    assert build.message("order_lines").startswith("nothing new")
    assert shop.files() == before
    assert shop.differences() == 0
