"""Staging views keep repeated keys in a table: whatever was loaded since, they show what plain views would."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.pipeline.lake_project import LakeProject

COLUMNS = {"id": "varchar", "line": "integer", "version": "integer", "note": "varchar"}
MODELS = {
    "distinct_rows": "without_exact_duplicates(source('shop', 'lines'),"
    " ['id', 'line', 'version', 'note'], [\"trim(id)\", 'line'])",
    "distinct_spelled_rows": "without_exact_duplicates(source('shop', 'lines'),"
    " ['id', 'line', 'version', 'note'], [\"trim(id)\", 'line'], ['id', 'line'])",
    "newest_rows": "newest_versions(source('shop', 'lines'), ['id', 'line'],"
    " ['version desc', '_load_id desc'])",
    "children": "children_of_newest_versions(source('shop', 'lines'), 'id', ['id', 'line'], 'version')",
}


@pytest.fixture(scope="module")
def parsed_project(tmp_path_factory: pytest.TempPathFactory) -> LakeProject:
    project = LakeProject(tmp_path_factory.mktemp("dedup") / "project")
    project.source("shop", {"lines": COLUMNS})
    for name, call in MODELS.items():
        sql = "with rows as ({{ " + call + " }}) select * from rows"
        project.model(name, sql, materialized="deduplicated_view", schema="staging")
        project.model(f"{name}_plain", sql, materialized="view", schema="staging")
    project.model("other", "select 1 as id", materialized="view")
    project.succeed("run")
    return project


@pytest.fixture
def project(parsed_project: LakeProject, tmp_path: Path) -> LakeProject:
    return parsed_project.copy_to(tmp_path / "project")


def load(project: LakeProject, number: int, rows: list[str], replaces: int | None = None) -> None:
    values = ", ".join(f"({row}, '{number}.csv')" for row in rows)
    project.load(
        "shop",
        "lines",
        load_id(number),
        f"select * from (values {values}) as rows (id, line, version, note, _file)",
        inputs=[f"{number}.csv"],
        supersedes=[] if replaces is None else [(load_id(replaces), f"{replaces}.csv")],
    )


def load_id(number: int) -> str:
    return f"{1_790_000_000 + number}.000000"


def differences(project: LakeProject) -> list[tuple[object, ...]]:
    found = []
    for name in MODELS:
        one, two = f"staging.{name}", f"staging.{name}_plain"
        found += project.query(f"from {one} except all from {two}")
        found += project.query(f"from {two} except all from {one}")
    found += project.query(
        "(from staging.distinct_spelled_rows except all from staging.distinct_rows) union all"
        " (from staging.distinct_rows except all from staging.distinct_spelled_rows)"
    )
    columns = "id, line, version, note"
    found += project.query(
        f"(select distinct {columns} from raw_shop.lines"
        f" except all select {columns} from staging.distinct_rows) union all"
        f" (select {columns} from staging.distinct_rows"
        f" except all select distinct {columns} from raw_shop.lines)"
    )
    found += project.query(
        "select trim(id), line, _twin from staging.distinct_rows group by all having count(*) > 1"
    )
    return found


@pytest.mark.parametrize("seed", range(2))
def test_any_history_of_loads_gives_the_rows_of_the_plain_views(
    project: LakeProject, seed: int
) -> None:
    """No run selects the views: the keys are brought up to date wherever a run begins."""
    chance = random.Random(seed)
    for number in range(1, 8):
        rows = [
            f"'{chance.choice(['a', 'b', ' b', 'c', ''])}', {chance.randint(1, 2)},"
            f" {chance.randint(1, 3)}, '{chance.choice('xy')}'"
            for _ in range(chance.randint(1, 6))
        ]
        replaces = chance.randint(1, number - 1) if number > 1 and chance.random() < 0.4 else None
        load(project, number, rows, replaces)
        project.succeed("run", "--select", "other")
        assert differences(project) == [], f"load {number} of seed {seed}"
    assert project.query("select count(*) > 3 from staging.newest_rows_plain") == [(True,)]


def test_the_keys_of_earlier_loads_are_not_looked_for_again(project: LakeProject) -> None:
    """Earlier rows change under the feet of the table, which shows that only new keys are compared."""
    load(project, 1, ["'a', 1, 1, 'x'", "'a', 1, 2, 'x'", "'b', 1, 1, 'x'"])
    project.succeed("run")
    keys = "select * from staging.newest_rows__repeated_keys_1"
    assert project.query(keys) == [("a", 1)]
    first = project.lake_path(f"raw/shop/lines/load_id={load_id(1)}/data.parquet")
    load(project, 2, ["'c', 1, 1, 'x'", "'c', 1, 1, 'x'", "'c', 1, 1, 'y'", "'b', 1, 1, 'x'"])
    second = project.lake_path(f"raw/shop/lines/load_id={load_id(2)}/data.parquet")
    first.write_bytes(second.read_bytes())
    project.succeed("run", "--select", "other")
    assert sorted(project.query(keys)) == [("a", 1), ("b", 1), ("c", 1)]
    project.succeed("run", "--select", "newest_rows", "--full-refresh")
    assert sorted(project.query(keys)) == [("b", 1), ("c", 1)]
