"""A build that fails its tests: the working copy goes back to the release, and the next build is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline.lake_project import Build
from tests.pipeline.order_history import OrderHistory
from till import release_build
from till.project import Project
from till.releases import Release
from till.working_copy import clear_mark, mark_build, restore_if_broken

MARTS = ("order_lines", "orders")
NO_BIG_AMOUNT = "select * from {{ ref('order_lines') }} where amount > 1000"


class Shop:
    """What `till run` does around dbt, with marts alone: mark, build, release."""

    def __init__(self, history: OrderHistory) -> None:
        self.history = history
        lake = history.project.lake_path()
        self.project = Project(root=history.project.folder, lake=lake)
        self.releases = 0

    def run(self) -> Build:
        restore_if_broken(self.project)
        self.releases += 1
        release_id = f"2026112{self.releases}T000000Z-abcdef"
        mark_build(self.project, release_id)
        build = self.history.project.dbt("build")
        if build.succeeded:
            self.release(release_id)
        return build

    def release(self, release_id: str) -> None:
        folder = release_build.clean_folder(self.project, release_id)
        marts = release_build.collect_marts(self.project, folder, MARTS)
        release = Release(
            release_id=release_id,
            created_at="2026-11-21T00:00:00+00:00",
            till_version="1",
            commit=None,
            sources=("shop",),
            vars={},
            as_of_date=None,
            loads=(),
            rows={},
            marts=marts,
            models=2,
            tests={},
        )
        release_build.publish(self.project, folder, release, lambda: clear_mark(self.project))

    def working_copy(self) -> dict[str, bytes]:
        return {
            path: self.project.lake.joinpath(path).read_bytes()
            for path in self.history.project.files("marts/**/*")
        }


@pytest.fixture
def released(shop: OrderHistory) -> Shop:
    """A release of the shop's three months, and a test that finds an amount too big."""
    shop.project.write("tests/no_big_amount.sql", NO_BIG_AMOUNT)
    released = Shop(shop)
    assert released.run().succeeded
    return released


def load_a_mistake(shop: OrderHistory) -> None:
    """A moves to March and costs far too much; January loses its only order."""
    shop.load("lines", {"fix.csv": ["'A', 1, date '2026-03-05', 'ann', 'EUR', 9000"]})
    shop.load("customers", {"c2.csv": ["'bob', 'IT', 'old'"]})


def test_after_a_failed_test_everything_is_as_released(released: Shop) -> None:
    before = released.working_copy()
    load_a_mistake(released.history)
    build = released.run()
    assert build.nodes["no_big_amount"].status == "fail"
    assert released.working_copy() != before
    assert restore_if_broken(released.project)
    assert released.working_copy() == before
    assert not restore_if_broken(released.project)


def test_after_the_mend_the_marts_are_those_of_a_whole_build(released: Shop) -> None:
    load_a_mistake(released.history)
    assert not released.run().succeeded
    released.history.load(
        "lines",
        {"fix.csv": ["'A', 1, date '2026-03-05', 'ann', 'EUR', 9"]},
        replaces=["fix.csv"],
    )
    build = released.run()
    assert build.succeeded
    assert "touched partitions" in build.message("order_lines")
    assert released.history.differences() == 0
    assert sorted(released.history.files()) == ["2026-02", "2026-03"]


def test_a_mend_that_takes_the_mistake_back_restores_the_month_that_was_gone(
    released: Shop,
) -> None:
    load_a_mistake(released.history)
    assert not released.run().succeeded
    (record,) = released.project.manifest.glob(f"{released.history.known['lines/fix.csv']}.*")
    record.unlink()
    assert released.run().succeeded
    assert sorted(released.history.files()) == ["2026-01", "2026-02", "2026-03"]
    assert released.history.differences() == 0


def test_a_release_keeps_its_files_while_the_working_copy_goes_on(released: Shop) -> None:
    folder = released.project.releases / "20261121T000000Z-abcdef"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert any("_state/order_lines/rates_" in path.as_posix() for path in before)
    load_a_mistake(released.history)
    released.history.load(
        "lines", {"ok.csv": ["'A', 1, date '2026-03-05', 'ann', 'EUR', 9"]}, replaces=["fix.csv"]
    )
    assert released.run().succeeded
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_first_build_that_breaks_leaves_nothing_to_go_on_from(
    built_shop: OrderHistory, tmp_path: Path
) -> None:
    shop = Shop(built_shop.copy_to(tmp_path / "project"))
    mark_build(shop.project, "20261121T000000Z-abcdef")
    assert restore_if_broken(shop.project)
    assert shop.working_copy() == {}
    assert "no record of a build" in shop.run().message("order_lines")
    assert shop.history.differences() == 0
