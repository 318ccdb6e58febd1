"""A dry run says what a load would do, and leaves the lake and every API alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ingest.declaration.sources_file import load_sources_file
from ingest.dry_run import plan
from ingest.plans import PlannedFile, TablePlan
from tests.conftest import ROOT, Till
from tests.pipeline.csv_shop import CsvShop
from tests.pipeline.rest_lake import RestLake, order, orders_table
from tests.pipeline.scripted_api import page, scripted_api
from till.lake_lock import lake_lock

HEAD = "id,amount\n"
SINCE = {"column": "updated_at", "param": "updated_since", "lookback": "2h"}


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Everything below `folder`: names, times, bytes."""
    return {
        path.relative_to(folder).as_posix(): (
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in (folder, *folder.rglob("*"))
    }


def plan_of(shop: CsvShop, *, reload: bool = False) -> TablePlan:
    """The plan of the only table; the lake must be as it was."""
    before = tree(shop.folder)
    sources = load_sources_file(shop.folder / "sources.yml", {})
    (found,) = plan(sources, shop.lake, shop.folder, reload=reload)
    assert tree(shop.folder) == before
    return found


def whats(found: TablePlan) -> dict[str, str]:
    return {file.path.removeprefix("drops/"): file.what for file in found.files}


@pytest.fixture(scope="module")
def loaded_shop(tmp_path_factory: pytest.TempPathFactory) -> CsvShop:
    """A file that is loaded and stays as it is, and one that has changed since. Look, do not change."""
    shop = CsvShop(tmp_path_factory.mktemp("loaded") / "shop")
    shop.drop("changed.csv", HEAD + "a,1\n")
    shop.drop("known.csv", HEAD + "b,2\nc,3\n")
    shop.ingest()
    shop.drop("changed.csv", HEAD + "a,100\n")
    return shop


@pytest.fixture
def shop(loaded_shop: CsvShop, tmp_path: Path) -> CsvShop:
    copy = CsvShop(tmp_path / "shop")
    shutil.copytree(loaded_shop.folder, copy.folder, dirs_exist_ok=True)
    return copy


# -- csv


def test_each_file_is_told_with_its_size_and_reason(shop: CsvShop) -> None:
    load_id = shop.manifest().records[0].load_id
    shop.drop("new.csv", HEAD + "n,9\n")
    shutil.copyfile(shop.folder / "drops" / "new.csv", shop.folder / "drops" / "twin.csv")
    shutil.copyfile(shop.folder / "drops" / "known.csv", shop.folder / "drops" / "renamed.csv")
    assert plan_of(shop).files == (
        PlannedFile("drops/changed.csv", "changed", 16, f"replaces the version of load {load_id}"),
        PlannedFile("drops/known.csv", "known", 18, f"in load {load_id}"),
        PlannedFile("drops/new.csv", "new", 14, "not in the lake yet"),
        PlannedFile("drops/renamed.csv", "known", 18, f"in load {load_id}"),
        PlannedFile("drops/twin.csv", "known", 14, "the same content as drops/new.csv"),
    )


def test_a_broken_file_is_refused_with_the_sentence_of_the_load(shop: CsvShop) -> None:
    shop.drop("header.csv", "id,price\na,1\n")
    shop.drop("quote.csv", HEAD + 'q,"1\n')
    found = plan_of(shop)
    assert found.is_refused
    refused = {file.path: file.why for file in found.files if file.what == "refused"}
    assert list(refused) == ["drops/header.csv", "drops/quote.csv"]
    assert "a quote that opens in line 2 is never closed" in refused["drops/quote.csv"]
    error = str(shop.ingest().failed[0].error)
    assert refused["drops/header.csv"] in error
    (shop.folder / "drops" / "header.csv").unlink()
    assert str(shop.ingest().failed[0].error) == refused["drops/quote.csv"]


def test_the_load_does_what_was_planned(shop: CsvShop) -> None:
    shop.drop("new.csv", HEAD + "n,9\n")
    found = plan_of(shop)
    assert whats(found) == {"changed.csv": "changed", "known.csv": "known", "new.csv": "new"}
    result = shop.ingest().tables[0]
    assert (result.inputs_loaded, result.inputs_skipped) == (2, 1)
    loaded = {each.path for each in shop.manifest().records[-1].inputs}
    assert loaded == {file.path for file in found.files if file.what != "known"}
    assert set(whats(plan_of(shop)).values()) == {"known"}


def test_a_reload_is_planned_too(shop: CsvShop) -> None:
    load_id = shop.manifest().records[0].load_id
    found = plan_of(shop, reload=True)
    assert whats(found) == {"changed.csv": "changed", "known.csv": "again"}
    assert {file.why for file in found.files} == {f"replaces the version of load {load_id}"}


def test_a_loaded_file_that_does_not_fit_any_more_is_known_but_refused_by_a_reload(
    shop: CsvShop,
) -> None:
    shop.drop("changed.csv", "id,price\na,100\n")
    columns = "      - {name: sales, path: drops, columns: [{name: id}, {name: price}]}\n"
    shop.declare(columns)
    assert whats(plan_of(shop)) == {"changed.csv": "changed", "known.csv": "known"}
    assert whats(plan_of(shop, reload=True)) == {"changed.csv": "changed", "known.csv": "refused"}


def test_a_table_without_files_has_a_problem(shop: CsvShop) -> None:
    shutil.rmtree(shop.folder / "drops")
    found = plan_of(shop)
    assert found.is_refused
    assert "the file does not exist" in str(found.problem)


# -- rest_api


def test_the_window_is_told_without_a_request(tmp_path: Path) -> None:
    lake = RestLake(tmp_path)
    with scripted_api(lambda asked: page([order(1, "2025-03-01T12:00:00Z")])) as api:
        lake.declare(api.url, orders_table(cursor=SINCE), orders_table(name="all", path="/all"))

        def requests(*, reload: bool = False) -> list[tuple[str | None, str | None, int]]:
            before = tree(lake.folder)
            plans = plan(lake.sources(), lake.lake, lake.folder, reload=reload)
            assert tree(lake.folder) == before
            found = [one.request for one in plans if one.request]
            assert [one.address for one in found] == [f"{api.url}/orders", f"{api.url}/all"]
            return [(one.since, one.reached, len(one.replaces)) for one in found]

        assert requests() == [(None, None, 0), (None, None, 0)]
        assert api.asked == []
        lake.ingest()
        asked = len(api.asked)
        # A table without a cursor is whole each time, and replaces the copy before it.
        incremental = ("2025-03-01T10:00:00Z", "2025-03-01T12:00:00Z", 0)
        assert requests() == [incremental, (None, None, 1)]
        assert requests(reload=True) == [(None, None, 1), (None, None, 1)]
        assert len(api.asked) == asked
        lake.ingest()
        assert api.asked_for("/orders")[-1]["updated_since"] == incremental[0]


# -- the command


def dry_run(shop: CsvShop, till: Till, *arguments: str) -> tuple[int, str, str]:
    (shop.folder / "dbt_project.yml").write_text("name: x\n")
    before = tree(shop.lake)
    words = ("ingest", "--sources", "sources.yml", "--dry-run", *arguments)
    done = till(shop.folder, *words, environ={"PYTHONPATH": str(ROOT)})
    assert tree(shop.lake) == before
    return done.returncode, done.stdout, done.stderr


def test_the_command_prints_a_line_per_file(shop: CsvShop, till: Till) -> None:
    with lake_lock(shop.lake, "till run"):  # a dry run waits for nobody
        code, printed, _ = dry_run(shop, till)
    assert code == 0
    lines = [line.split() for line in printed.splitlines()]
    assert ["shop.sales", "load", "(changed)", "drops/changed.csv", "16"] in [x[:5] for x in lines]
    assert ["shop.sales", "skip", "(known)", "drops/known.csv", "18"] in [x[:5] for x in lines]


def test_the_command_prints_json_and_fails_as_the_load_would(shop: CsvShop, till: Till) -> None:
    shop.drop("[b]ad.csv", "id,price\na,1\n")
    code, printed, said = dry_run(shop, till, "--json", "--reload", "shop")
    assert code == 1
    (table,) = json.loads(printed)
    assert [file["what"] for file in table["files"]] == ["refused", "changed", "again"]
    assert "drops/[b]ad.csv" in said


def test_an_empty_lake_is_not_even_made(tmp_path: Path, till: Till) -> None:
    shop = CsvShop(tmp_path / "shop")
    shop.drop("a.csv", HEAD + "a,1\n")
    (shop.folder / "dbt_project.yml").write_text("name: x\n")
    words = ("ingest", "--sources", "sources.yml", "--dry-run")
    done = till(shop.folder, *words, environ={"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    assert "load (new)" in done.stdout
    assert not shop.lake.exists()
