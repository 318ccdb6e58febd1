"""Releases: put together unseen, switched to in one step, listed, gone back to."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from configuration.errors import PlainError
from tests.unit.made_releases import figure, publish, write_mart
from till import release_build
from till.project import Project
from till.releases import (
    Release,
    current_release_id,
    find_release,
    list_releases,
    new_release_id,
    switch_to,
)
from till.working_copy import mark_build, restore_if_broken


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(root=tmp_path, lake=tmp_path / "lake")


def test_ids_sort_by_time_and_differ_within_a_second() -> None:
    first, second = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    assert new_release_id(first) < new_release_id(second)
    assert len({new_release_id(first) for _ in range(20)}) == 20


def test_readers_see_the_newest_release(project: Project) -> None:
    write_mart(project, "sales", "select 1 as net_revenue")
    publish(project, "20260101T000000Z-a", page="old")
    write_mart(project, "sales", "select 2 as net_revenue")
    publish(project, "20260102T000000Z-b", page="new")
    assert [one.release_id[:8] for one in list_releases(project)] == ["20260102", "20260101"]
    assert current_release_id(project) == "20260102T000000Z-b"
    assert (project.site / "index.html").read_text() == "new"


def test_a_later_build_does_not_change_a_release(project: Project) -> None:
    write_mart(project, "sales", "select 1 as net_revenue")
    release = publish(project, "20260101T000000Z-a")
    write_mart(project, "sales", "select 2 as net_revenue")
    [file] = release.marts["sales"].files
    assert figure(project.releases / release.release_id / file.path) == 1


def test_going_back_moves_readers_and_pages(project: Project) -> None:
    write_mart(project, "sales", "select 1 as net_revenue")
    old = publish(project, "20260101T000000Z-a", page="old")
    publish(project, "20260102T000000Z-b", page="new")
    switch_to(project, old)
    assert current_release_id(project) == old.release_id
    assert (project.site / "index.html").read_text() == "old"


def test_a_release_with_a_changed_file_is_not_gone_back_to(project: Project) -> None:
    write_mart(project, "sales", "select 1 as net_revenue")
    old = publish(project, "20260101T000000Z-a")
    publish(project, "20260102T000000Z-b")
    (project.releases / old.release_id / "site" / "index.html").write_text("somebody was here")
    with pytest.raises(PlainError, match="missing or was changed"):
        switch_to(project, old)
    assert current_release_id(project) == "20260102T000000Z-b"


def test_a_release_is_found_by_its_beginning_if_only_one_begins_so(project: Project) -> None:
    write_mart(project, "sales", "select 1 as net_revenue")
    publish(project, "20260101T000000Z-a")
    publish(project, "20260102T000000Z-b")
    assert find_release(project, "20260102").release_id == "20260102T000000Z-b"
    with pytest.raises(PlainError, match="several releases"):
        find_release(project, "2026")
    with pytest.raises(PlainError, match="no such release"):
        find_release(project, "2025")


def test_release_json_says_what_is_there(project: Project) -> None:
    path = write_mart(project, "sales", "select range as n from range(3)")
    release = publish(project, "20260101T000000Z-a")
    folder = project.releases / release.release_id
    record = json.loads((folder / "release.json").read_text())
    [file] = record["marts"]["sales"]["files"]
    assert record["marts"]["sales"]["rows"] == file["rows"] == 3
    assert file["bytes"] == path.stat().st_size
    assert Release.from_json((folder / "release.json").read_text()) == release


def test_partitions_and_build_state_are_part_of_a_release(project: Project) -> None:
    for month in (1, 2):
        partition = project.marts / "fct_orders" / f"order_month=2026-0{month}-01"
        partition.mkdir(parents=True)
        duckdb.execute(f"copy (select {month} as n) to '{partition}/data.parquet' (format parquet)")
    (project.marts / "_state").mkdir()
    (project.marts / "_state" / "fct_orders.json").write_text("{}")
    release = publish(project, "20260101T000000Z-a")
    assert release.marts["fct_orders"].rows == 2
    assert len(release.marts["fct_orders"].files) == 2
    assert (project.releases / release.release_id / "marts/_state/fct_orders.json").is_file()


def test_marts_are_put_back_after_a_build_that_broke(project: Project) -> None:
    write_mart(project, "sales", "select 1 as net_revenue")
    write_mart(project, "countries", "select 10 as net_revenue")
    publish(project, "20260101T000000Z-a")
    mark_build(project, "20260102T000000Z-b")
    write_mart(project, "sales", "select 2 as net_revenue")
    write_mart(project, "new_mart", "select 3 as net_revenue")
    assert restore_if_broken(project)
    assert figure(project.marts / "sales.parquet") == 1
    assert sorted(path.name for path in project.marts.glob("*.parquet")) == [
        "countries.parquet",
        "sales.parquet",
    ]
    assert not restore_if_broken(project)


def test_without_a_release_a_broken_build_leaves_nothing(project: Project) -> None:
    mark_build(project, "20260102T000000Z-b")
    write_mart(project, "sales", "select 2 as net_revenue")
    assert restore_if_broken(project)
    assert not project.marts.exists()


def test_a_release_that_was_never_finished_is_swept_and_never_listed(project: Project) -> None:
    folder = release_build.clean_folder(project, "20260102T000000Z-b")
    (folder / "release.json").write_text("{}")
    assert list_releases(project) == []
    restore_if_broken(project)
    assert not folder.exists()


def test_a_broken_current_json_says_how_to_mend_it(project: Project) -> None:
    project.lake.mkdir()
    project.current.write_text("{")
    with pytest.raises(PlainError) as broken:
        current_release_id(project)
    assert "till release rollback" in str(broken.value)


def test_a_folder_in_the_place_of_the_link_is_not_deleted(project: Project) -> None:
    write_mart(project, "sales", "select 1 as net_revenue")
    project.site.mkdir()
    (project.site / "mine.txt").write_text("keep")
    with pytest.raises(PlainError, match="should stand there"):
        publish(project, "20260101T000000Z-a")
    assert (project.site / "mine.txt").read_text() == "keep"


def test_where_links_cannot_be_made_a_page_leads_to_the_report(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no right to make links")

    write_mart(project, "sales", "select 1 as net_revenue")
    monkeypatch.setattr(Path, "symlink_to", refuse)
    release = publish(project, "20260101T000000Z-a")
    page = (project.root / "site.html").read_text()
    assert f"lake/releases/{release.release_id}/site/index.html" in page
