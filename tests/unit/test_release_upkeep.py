"""What keeps releases sound and few: views for BI tools, hashes, pruning beside readers, room on the disk."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from configuration.errors import PlainError
from tests.unit.made_releases import figure, ids, publish, publish_days, write_mart
from till.disk_space import check_space, space_needed
from till.project import Project
from till.release_database import write_databases
from till.release_upkeep import prune, reading, verify
from till.releases import current_release_id, list_releases, switch_to
from till.working_copy import restore_if_broken


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(root=tmp_path, lake=tmp_path / "lake")


@pytest.fixture
def reader() -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Starts a Python program that holds something open; gives it once it has said so."""
    started: list[subprocess.Popen[str]] = []

    def start(program: str) -> subprocess.Popen[str]:
        waits = f"{program}\nprint('open', flush=True)\ninput()"
        process = subprocess.Popen(
            [sys.executable, "-c", waits],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_the_database_of_a_release_reads_from_any_folder_with_its_descriptions(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = project.root / "models"
    models.mkdir()
    (models / "marts.yml").write_text(
        'models:\n  - name: sales\n    description: It\'s the "till"; what it took.\n'
        "    columns:\n      - {name: net_revenue, description: In euros.}\n"
        "      - {name: no_such_column, description: Nothing.}\n"
    )
    write_mart(project, "sales", "select 1 as net_revenue")
    release = publish(project, "20260101T000000Z-a")
    write_mart(project, "sales", "select 2 as net_revenue")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    path = project.releases / release.release_id / "marts.duckdb"
    with duckdb.connect(str(path), read_only=True) as database:
        assert database.execute("from sales").fetchall() == [(1,)]
        comments = database.execute("select comment from duckdb_views() where not internal")
        assert comments.fetchall() == [('It\'s the "till"; what it took.',)]
        columns = database.execute(
            "select column_name, comment from duckdb_columns() where not internal"
        )
        assert columns.fetchall() == [("net_revenue", "In euros.")]


def test_a_lake_that_moved_gets_views_on_its_new_place(project: Project, tmp_path: Path) -> None:
    publish_days(project, 2)
    moved = Project(root=tmp_path, lake=project.lake.rename(tmp_path / "it's moved"))
    assert len(write_databases(moved)) == 2
    for release in list_releases(moved):
        path = moved.releases / release.release_id / "marts.duckdb"
        with duckdb.connect(str(path), read_only=True) as database:
            assert database.execute("from sales").fetchall() == [(int(release.release_id[7]),)]


def test_verify_finds_a_changed_a_cut_and_a_missing_file(project: Project) -> None:
    [release] = publish_days(project, 1)
    assert verify(project, release) == []
    folder = project.releases / release.release_id
    mart, page = folder / "marts" / "sales.parquet", folder / "site" / "index.html"
    content = bytearray(mart.read_bytes())
    content[len(content) // 2] ^= 1
    mart.write_bytes(content)
    page.write_text("pag")
    assert {(each.path, each.what) for each in verify(project, release)} == {
        (mart, "its content was changed"),
        (page, "3 bytes, was 4"),
    }
    mart.unlink()
    assert (mart, "missing") in {(each.path, each.what) for each in verify(project, release)}


def test_prune_keeps_the_newest_and_the_current(project: Project) -> None:
    releases = publish_days(project, 5)
    switch_to(project, releases[1])
    pruned = prune(project, keep=2)
    assert ids(project) == ["5", "4", "2"]
    assert pruned.removed == (releases[2].release_id, releases[0].release_id)
    assert pruned.bytes_freed > 0
    assert verify(project, releases[1]) == []
    assert sorted(path.name for path in project.releases.iterdir()) == [
        release.release_id for release in (releases[1], releases[3], releases[4])
    ]


@pytest.mark.parametrize(
    "program",
    [
        "import duckdb; held = duckdb.connect({database!r}, read_only=True)",
        "held = open({file!r}, 'rb')",
        "from till.release_upkeep import reading; from till.project import Project\n"
        "from pathlib import Path\n"
        "hold = reading(Project(Path({root!r}), Path({lake!r})), {release!r}); hold.__enter__()",
    ],
    ids=["its database is open", "a file of it is open", "it is held"],
)
def test_prune_leaves_a_release_that_is_read_until_its_reader_has_gone(
    project: Project, reader: Callable[[str], subprocess.Popen[str]], program: str
) -> None:
    oldest, *_ = publish_days(project, 3)
    folder = project.releases / oldest.release_id
    process = reader(
        program.format(
            database=str(folder / "marts.duckdb"),
            file=str(folder / "marts" / "sales.parquet"),
            root=str(project.root),
            lake=str(project.lake),
            release=oldest.release_id,
        )
    )
    assert prune(project, keep=1).in_use == (oldest.release_id,)
    assert ids(project) == ["3", "1"]
    process.kill()
    process.wait()
    assert prune(project, keep=1).removed == (oldest.release_id,)


def test_a_reader_of_a_release_reads_on_when_a_newer_one_replaces_it(project: Project) -> None:
    oldest, *_ = publish_days(project, 1)
    with reading(project, oldest.release_id) as held:
        write_mart(project, "sales", "select 2 as net_revenue")
        publish(project, "20260102T000000Z-b")
        [file] = held.marts["sales"].files
        assert current_release_id(project) != held.release_id
        assert figure(project.releases / held.release_id / file.path) == 1


def test_a_prune_that_died_leaves_no_half_release(project: Project) -> None:
    oldest, *_ = publish_days(project, 2)
    folder = project.releases / oldest.release_id
    folder.rename(project.releases / f".pruned-{oldest.release_id}")
    assert ids(project) == ["2"]
    restore_if_broken(project)
    assert [path.name[:8] for path in project.releases.iterdir()] == ["20260102"]


def test_a_release_that_died_before_its_record_is_swept_and_others_folders_stay(
    project: Project,
) -> None:
    publish_days(project, 1)
    (project.releases / "20260102T000000Z-b" / "marts").mkdir(parents=True)
    (project.releases / "notes").mkdir()
    assert ids(project) == ["1"]
    restore_if_broken(project)
    assert sorted(path.name for path in project.releases.iterdir()) == [
        "20260101T000000Z-a",
        "notes",
    ]


def test_a_build_that_the_disk_cannot_hold_is_refused_before_it_begins(project: Project) -> None:
    raw = project.lake / "raw" / "shop" / "sales" / "data.parquet"
    raw.parent.mkdir(parents=True)
    with raw.open("wb") as file:
        file.truncate(1 << 40)  # a sparse file: it takes no room itself
    with pytest.raises(PlainError, match=r"needs about 4,398\.1 GB of disk"):
        check_space(project, whole=True)
    write_mart(project, "sales", "select 1 as net_revenue")
    assert space_needed(project, whole=False) < 200_000_000
    check_space(project, whole=False)
