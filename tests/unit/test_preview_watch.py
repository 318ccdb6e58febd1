"""What the preview's watcher decides: when a save is over, and what it touches."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reports.preview.server import Changes
from reports.preview.watch import Effect, Watched, Watcher, effect_of

A, B = Path("a.yml"), Path("b.yml")


def watched(folder: Path) -> Watched:
    (folder / "pages").mkdir()
    (folder / "templates").mkdir()
    return Watched(folder / "pages", (folder / "templates",), folder / "current.json")


def test_a_save_is_told_once_it_rests_and_only_once() -> None:
    watcher = Watcher({A: (1, 10, 1)})
    assert watcher.look({A: (2, 0, 1)}) == frozenset()  # the editor has emptied the file
    assert watcher.look({A: (3, 12, 1)}) == frozenset()  # and fills it
    assert watcher.look({A: (3, 12, 1)}) == {A}
    assert watcher.look({A: (3, 12, 1)}) == frozenset()


def test_files_that_come_and_go_are_told() -> None:
    watcher = Watcher({A: (1, 10, 1)})
    watcher.look({B: (1, 10, 2)})
    assert watcher.look({B: (1, 10, 2)}) == {A, B}


def test_a_file_that_is_gone_for_a_moment_and_back_as_it_was_is_not_told() -> None:
    watcher = Watcher({A: (1, 10, 1)})
    watcher.look({})
    watcher.look({A: (1, 10, 1)})
    assert watcher.look({A: (1, 10, 1)}) == frozenset()


def test_a_file_put_in_place_of_another_with_its_time_and_size_is_seen(tmp_path: Path) -> None:
    watched_files = watched(tmp_path)
    page = watched_files.pages / "sales.yml"
    page.write_text("title: One\n")
    before = watched_files.snapshot()
    new = tmp_path / "new"
    new.write_text("title: Two\n")
    os.utime(new, ns=(page.stat().st_atime_ns, page.stat().st_mtime_ns))
    new.replace(page)
    assert watched_files.snapshot()[page] != before[page]


def test_only_what_pages_are_made_of_is_watched(tmp_path: Path) -> None:
    files = watched(tmp_path)
    for name in (
        "pages/sales.yml",
        "pages/sales.yml~",
        "pages/.sales.yml.swp",
        "site.yml",
        "notes.txt",
    ):
        (tmp_path / name).write_text("x")
    (tmp_path / "templates" / "page.html").write_text("x")
    (tmp_path / "templates" / ".page.html.swp").write_text("x")
    names = {path.relative_to(tmp_path).as_posix() for path in files.snapshot()}
    assert names == {"pages/sales.yml", "site.yml", "templates/page.html"}


@pytest.mark.parametrize(
    ("name", "effect"),
    [
        ("pages/sales.yml", Effect(pages=frozenset({"sales"}))),
        ("site.yml", Effect(site=True)),
        ("templates/page.html", Effect(look=True)),
        ("current.json", Effect(release=True)),
    ],
)
def test_a_save_touches_no_more_than_it_must(tmp_path: Path, name: str, effect: Effect) -> None:
    assert effect_of([tmp_path / name], watched(tmp_path)) == effect


def test_a_page_hears_of_its_own_changes_and_of_those_of_all() -> None:
    changes = Changes()
    changes.tell(frozenset({"sales"}))
    assert changes.wait("sales", 0, 0)
    assert not changes.wait("sales", 1, 0)
    assert not changes.wait("overview", 0, 0)
    changes.tell(None)
    assert changes.wait("overview", 1, 0)
    assert not changes.wait("overview", changes.number, 0)
