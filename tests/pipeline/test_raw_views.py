"""What `source()` shows: exactly the rows of committed loads that no later load replaced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.lake_project import LakeProject

COLUMNS = {"id": "integer", "name": "varchar"}
FIRST, SECOND, THIRD = "1790000001.000001", "1790000002.500000", "1790000010.000000"


@pytest.fixture(scope="module")
def parsed_project(tmp_path_factory: pytest.TempPathFactory) -> LakeProject:
    project = LakeProject(tmp_path_factory.mktemp("raw") / "project")
    project.source("shop", {"lines": COLUMNS})
    project.model("lines", "select * from {{ source('shop', 'lines') }}", materialized="view")
    project.succeed("run")
    return project


@pytest.fixture
def project(parsed_project: LakeProject, tmp_path: Path) -> LakeProject:
    """A source with one table, and no load yet."""
    return parsed_project.copy_to(tmp_path / "project")


def load(project: LakeProject, load_id: str, *rows: str, **options: Any) -> dict[str, Any]:
    """Commit rows written as `1, 'a', 'file.csv'`."""
    values = ", ".join(f"({row})" for row in rows)
    query = f"select * from (values {values}) as rows (id, name, _file)"
    return project.load("shop", "lines", load_id, query, **options)


def seen(project: LakeProject, columns: str = "id, name") -> list[tuple[Any, ...]]:
    project.succeed("run")
    return project.query(f"select {columns} from raw_shop.lines order by all")


def test_without_a_load_the_view_is_empty_and_typed(project: LakeProject) -> None:
    assert seen(project) == []
    assert [row[:2] for row in project.query("describe raw_shop.lines")] == [
        ("id", "INTEGER"),
        ("name", "VARCHAR"),
        ("_file", "VARCHAR"),
        ("_load_id", "VARCHAR"),
        ("_loaded_at", "TIMESTAMP"),
    ]
    assert project.query("select count(*) from till.load_manifest") == [(0,)]


def test_rows_know_their_file_and_their_load(project: LakeProject) -> None:
    load(project, FIRST, "1, 'a', 'x.csv'")
    load(project, SECOND, "2, 'b', 'y.csv'")
    assert seen(project, "id, _file, _load_id, cast(_loaded_at as varchar)") == [
        (1, "x.csv", FIRST, "2026-09-21 14:13:21.000001"),
        (2, "y.csv", SECOND, "2026-09-21 14:13:22.5"),
    ]


def test_a_load_that_died_is_not_read(project: LakeProject) -> None:
    """Neither its whole file, nor an empty and a half one beside it."""
    load(project, FIRST, "1, 'a', 'x.csv'")
    load(project, SECOND, "2, 'b', 'y.csv'", committed=False)
    folder = project.lake_path(f"raw/shop/lines/load_id={FIRST}")
    (folder / "zero.parquet").write_bytes(b"")
    (folder / "half.parquet").write_bytes((folder / "data.parquet").read_bytes()[:50])
    assert seen(project) == [(1, "a")]


def test_replaced_inputs_are_out_and_the_rest_of_their_load_stays(project: LakeProject) -> None:
    load(project, FIRST, "1, 'a', 'x.csv'", "2, 'b', 'y.csv'", inputs=["x.csv", "y.csv"])
    load(project, SECOND, "1, 'new', 'x.csv'", inputs=["x.csv"], supersedes=[(FIRST, "x.csv")])
    assert seen(project) == [(1, "new"), (2, "b")]
    load(project, THIRD, "1, 'newest', 'x.csv'", inputs=["x.csv"], supersedes=[(SECOND, "x.csv")])
    assert seen(project) == [(1, "newest"), (2, "b")]


def test_an_input_replaced_by_two_loads_counts_once(project: LakeProject) -> None:
    load(project, FIRST, "1, 'a', 'x.csv'", "2, 'b', 'y.csv'", inputs=["x.csv", "y.csv"])
    for load_id in (SECOND, THIRD):
        load(
            project,
            load_id,
            f"3, '{load_id}', 'x.csv'",
            inputs=["x.csv"],
            supersedes=[(FIRST, "x.csv")],
        )
    assert seen(project) == [(2, "b"), (3, SECOND), (3, THIRD)]


def test_another_table_may_replace_a_file_of_the_same_name(project: LakeProject) -> None:
    project.source("shop", {"lines": COLUMNS, "others": COLUMNS})
    load(project, FIRST, "1, 'a', 'x.csv'", inputs=["x.csv"])
    query = "select 9 as id, 'z' as name, 'x.csv' as _file"
    project.load("shop", "others", SECOND, query, inputs=["x.csv"], supersedes=[(FIRST, "x.csv")])
    assert seen(project) == [(1, "a")]


def test_a_loaded_table_that_no_source_declares_stops_the_run(project: LakeProject) -> None:
    query = "select 9 as id, 'z' as name, 'x.csv' as _file"
    project.load("shop", "others", FIRST, query)
    assert "holds rows of shop.others, but dbt has no source of that name" in refusal(project)


def test_a_column_that_came_later_is_null_in_earlier_loads_and_one_that_went_is_left_out(
    project: LakeProject,
) -> None:
    project.load("shop", "lines", FIRST, "select 1 as id, 'x.csv' as _file, 'old' as dropped")
    load(project, SECOND, "2, 'b', 'y.csv'")
    assert seen(project) == [(1, None), (2, "b")]


def test_a_type_that_widened_between_loads_is_the_declared_one(project: LakeProject) -> None:
    load(project, FIRST, "cast(1 as tinyint), 'a', 'x.csv'")
    load(project, SECOND, "cast(2 as bigint), 'b', 'y.csv'")
    assert seen(project, "id, typeof(id)") == [(1, "INTEGER"), (2, "INTEGER")]


def test_column_names_are_matched_without_regard_to_case(project: LakeProject) -> None:
    query = "select 1 as ID, 'a' as Name, 'x.csv' as _file"
    project.load("shop", "lines", FIRST, query)
    assert seen(project) == [(1, "a")]


def test_odd_names_of_files_folders_and_sources_are_quoted(tmp_path: Path) -> None:
    project = LakeProject(tmp_path / "it's a [project]", lake="lake of d'Or %20")
    project.source("o'dd", {"li nes": COLUMNS})
    project.write(
        "dbt_project.yml",
        (project.folder / "dbt_project.yml").read_text().replace("[shop]", '["o\'dd"]'),
    )
    sources = project.folder / "models/_o'dd__sources.yml"
    document = json.loads(sources.read_text())
    document["sources"][0]["config"] = {"enabled": True}
    sources.write_text(json.dumps(document))
    query = "select 1 as id, 'a' as name, 'it''s.csv' as _file"
    project.load(
        "o'dd",
        "li nes",
        FIRST,
        f"{query} union all select 2, 'b', 'y.csv'",
        inputs=["it's.csv", "y.csv"],
    )
    project.load(
        "o'dd", "li nes", SECOND, query, inputs=["it's.csv"], supersedes=[(FIRST, "it's.csv")]
    )
    project.model("lines", "select * from {{ source(\"o'dd\", 'li nes') }}")
    project.succeed("run")
    assert project.query("select id, _file, _load_id from marts.lines order by all") == [
        (1, "it's.csv", SECOND),
        (2, "y.csv", FIRST),
    ]


def test_rejected_rows_of_committed_loads_can_be_read(project: LakeProject) -> None:
    rejected = (
        "select 'shop' as source_name, 'lines' as table_name, 'l' as load_id, 'x.csv' as file,"
        " 2 as line, 'id' as column_name, 'no number' as reason, 'x' as original_text,"
        " cast(null as timestamp) as replayed_at"
    )
    load(project, FIRST, "1, 'a', 'x.csv'", rejected=rejected)
    load(project, SECOND, "2, 'b', 'y.csv'", rejected=rejected, committed=False)
    assert seen(project) == [(1, "a")]
    assert project.query("select line, reason from till.rejected_rows") == [(2, "no number")]
    assert project.query(
        "select rows_read, rows_loaded, rows_rejected, cast(started_at as varchar)"
        " from till.load_manifest"
    ) == [(2, 1, 1, "2026-11-20 22:00:00.123456")]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"version": 2}, "is of version 2; this Tillhouse reads version 1: upgrade it"),
        ({"version": None}, "is of version 0; this Tillhouse reads version 1"),
        ({"started_at": "yesterday"}, "has a load_id that is no number, or a time that is none"),
        ({"table_name": None}, "lacks its load_id, source_name or table_name"),
        (
            {"files": [{"path": "raw/shop/lines/x.parquet", "rows": 1}]},
            "names a file outside its own",
        ),
        (
            {"files": [{"path": f"raw/load_id={FIRST}/../../x.parquet", "rows": 1}]},
            "names a file outside its own load_id folder (load 1790000001.000001 of shop.lines)",
        ),
    ],
)
def test_a_record_that_cannot_be_read_rightly_stops_the_run_with_a_sentence(
    project: LakeProject, change: dict[str, Any], sentence: str
) -> None:
    record = load(project, FIRST, "1, 'a', 'x.csv'", committed=False)
    project.commit({**record, **change, "load_id": FIRST})
    told = refusal(project)
    assert sentence in told
    assert "A record in lake/raw/_manifest" in told


@pytest.mark.parametrize("text", ["", "[]", "{}", "nonsense", '[{"version": 1, "load_'])
def test_a_record_file_that_was_damaged_stops_the_run_and_is_named(
    project: LakeProject, text: str
) -> None:
    load(project, FIRST, "1, 'a', 'x.csv'")
    (path,) = project.lake_path("raw/_manifest").glob("*.json")
    path.write_text(text)
    told = refusal(project)
    assert f"The load record lake/raw/_manifest/{path.name} cannot be read" in told
    assert "restore it from a backup" in told


def refusal(project: LakeProject) -> str:
    build = project.dbt("run")
    assert not build.succeeded
    return " ".join([build.error, *(node.message for node in build.nodes.values())])
