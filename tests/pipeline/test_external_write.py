"""What a mart's files are: empty ones typed, partitions of any value, contracts kept, bad rows refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.pipeline.lake_project import LakeProject

ROWS = "select * from (values (1, 'a'), (2, 'b')) as rows (id, name)"


@pytest.fixture(scope="module")
def parsed_project(tmp_path_factory: pytest.TempPathFactory) -> LakeProject:
    project = LakeProject(tmp_path_factory.mktemp("marts") / "project")
    project.model("numbers", ROWS)
    project.succeed("run")
    return project


@pytest.fixture
def project(parsed_project: LakeProject, tmp_path: Path) -> LakeProject:
    """One mart, `numbers`, built with two rows."""
    return parsed_project.copy_to(tmp_path / "project")


def contract(constraints: list[dict[str, Any]], **types: str) -> dict[str, Any]:
    """A properties file for `numbers` with an enforced contract."""
    return {
        "models": [
            {
                "name": "numbers",
                "config": {"contract": {"enforced": True}},
                "constraints": constraints,
                "columns": [{"name": name, "data_type": kind} for name, kind in types.items()],
            }
        ]
    }


def parquet(project: LakeProject, pattern: str) -> list[tuple[Any, ...]]:
    """Rows of these files as any Parquet reader sees them."""
    files = str(project.lake_path(f"marts/{pattern}"))
    return duckdb.execute(
        f"select * from read_parquet('{files}', hive_partitioning = false) order by all"
    ).fetchall()


def test_a_mart_without_rows_is_an_empty_file_with_its_columns(project: LakeProject) -> None:
    project.model("numbers", f"{ROWS} where false")
    project.succeed("run")
    assert parquet(project, "numbers.parquet") == []
    assert project.query("describe marts.numbers") == [
        ("id", "INTEGER", "YES", None, None, None),
        ("name", "VARCHAR", "YES", None, None, None),
    ]


def test_a_partitioned_mart_without_rows_is_one_empty_file_until_rows_come(
    project: LakeProject,
) -> None:
    project.model("numbers", f"{ROWS} where false", partition_by="name")
    project.succeed("run")
    (path,) = project.files("marts/numbers/**/*")
    assert parquet(project, "numbers/*.parquet") == []
    project.model("numbers", ROWS, partition_by="name")
    project.succeed("run")
    assert path not in project.files("marts/numbers/**/*")
    assert parquet(project, "numbers/*/*.parquet") == [(1, "a"), (2, "b")]
    assert "marts/numbers.parquet" not in project.files()


def test_partitions_of_any_value_are_written_and_vanish_with_their_rows(
    project: LakeProject,
) -> None:
    values = [
        "a/b c",
        "",
        "null",
        "NULL",
        "..",
        "é %20=",
        "it's",
        'a"b',
        "2026-01-01",
        "1.50",
        "true",
    ]
    rows = ", ".join(f"('{value.replace(chr(39), chr(39) * 2)}')" for value in values)
    sql = f"select * from (values {rows}, (null)) as rows (name)"
    project.model("numbers", sql, partition_by="name")
    project.succeed("run")
    expected = sorted([(value,) for value in values], key=lambda row: row[0])
    found = parquet(project, "numbers/*/*.parquet")
    assert found[-1] == (None,)
    assert sorted(found[:-1]) == expected
    state = json.loads(project.lake_path("marts/_state/numbers.json").read_text())
    assert {file["partition"] for file in state["files"]} == {*values, None}
    project.model("numbers", f"{sql} where name = '..'", partition_by="name")
    project.succeed("run")
    assert len(project.files("marts/numbers/**/*")) == 1
    assert project.query("from marts.numbers") == [("..",)]


def test_a_follower_tells_apart_partitions_that_differ_in_case_or_are_null(
    project: LakeProject,
) -> None:
    rows = "select * from (values ('a', {0}), ('A', {0}), (null, {0})) as rows (name, id)"
    project.model("numbers", rows.format(1), partition_by="name")
    sql = "select * from {{ ref('numbers') }} where {{ touched_only('name') }}"
    project.model("follower", sql, partition_by="name", incremental={"follows": "numbers"})
    project.succeed("run")
    project.model("numbers", rows.format(2), partition_by="name")
    build = project.succeed("run")
    assert build.message("follower") == "3 rows in 3 touched partitions, 0 files kept"
    assert parquet(project, "follower/*/*.parquet") == [("A", 2), ("a", 2), (None, 2)]


def test_a_value_that_is_parquets_word_for_null_is_refused_rather_than_lost(
    project: LakeProject,
) -> None:
    sql = "select * from (values ('__HIVE_DEFAULT_PARTITION__'), (null)) as rows (name)"
    project.model("numbers", sql, partition_by="name")
    build = project.dbt("run")
    assert "two partitions would share a folder" in build.message("numbers")
    assert project.query("select count(*) from marts.numbers") == [(2,)]


@pytest.mark.parametrize(
    ("sql", "types", "sentence"),
    [
        (ROWS, {"id": "varchar", "name": "varchar"}, "data type mismatch"),
        (ROWS, {"id": "integer", "name": "varchar", "more": "date"}, "missing in definition"),
        (ROWS, {"id": "integer"}, "missing in contract"),
    ],
)
def test_a_broken_contract_replaces_nothing(
    project: LakeProject, sql: str, types: dict[str, str], sentence: str
) -> None:
    before = project.lake_path("marts/numbers.parquet").stat().st_mtime_ns
    project.properties("numbers", contract([], **types))
    build = project.dbt("run")
    assert not build.succeeded
    assert sentence in build.message("numbers").lower()
    assert project.lake_path("marts/numbers.parquet").stat().st_mtime_ns == before
    assert project.query("select sum(id) from marts.numbers") == [(3,)]


@pytest.mark.parametrize(
    ("bad_row", "constraint", "sentence"),
    [
        ("(null, 'c')", {"type": "not_null", "columns": ["id"]}, "column 'id' must not be null"),
        ("(1, 'c')", {"type": "unique", "columns": ["id"]}, "the key (id) must be unique"),
        ("(1, 'c')", {"type": "primary_key", "columns": ["id"]}, "1 of its values occur more"),
        ("(null, 'c')", {"type": "primary_key", "columns": ["id"]}, "is in 1 rows"),
        ("(1, 'a')", {"type": "primary_key", "columns": ["id", "name"]}, "for example: 1, a"),
        ("(-1, 'c')", {"type": "check", "expression": "id > 0"}, "the check (id > 0) fails for 1"),
    ],
)
@pytest.mark.parametrize("partition_by", [None, "name"])
def test_a_constraint_blocks_bad_rows_and_the_former_file_stays(
    project: LakeProject,
    bad_row: str,
    constraint: dict[str, Any],
    sentence: str,
    partition_by: str | None,
) -> None:
    before = project.files("marts/numbers*")
    project.properties("numbers", contract([constraint], id="integer", name="varchar"))
    bad = ROWS.replace("(2, 'b')", f"(2, 'b'), {bad_row}")
    project.model("numbers", bad, **({"partition_by": partition_by} if partition_by else {}))
    build = project.dbt("run")
    assert not build.succeeded
    assert sentence in build.message("numbers")
    assert "its former rows are still there" in build.message("numbers")
    assert project.files("marts/numbers*") == before
    assert project.files("marts/_building/**/*") == []
    assert project.query("select count(*), sum(id) from marts.numbers") == [(2, 3)]


def test_good_rows_pass_every_constraint(project: LakeProject) -> None:
    constraints: list[dict[str, Any]] = [
        {"type": "primary_key", "columns": ["id"]},
        {"type": "check", "expression": "id > 0"},
    ]
    project.properties("numbers", contract(constraints, id="integer", name="varchar"))
    project.succeed("run")


def test_a_type_that_parquet_lacks_is_refused(project: LakeProject) -> None:
    project.model("numbers", "select cast(1 as hugeint) as id")
    build = project.dbt("run")
    assert "column 'id' is HUGEINT, which Parquet would keep as DOUBLE" in build.message("numbers")
    assert project.query("select count(*) from marts.numbers") == [(2,)]


def test_a_model_whose_name_is_no_file_name_is_refused(project: LakeProject) -> None:
    project.model("odd", ROWS, alias="../odd")
    build = project.dbt("run", "--select", "odd")
    assert "cannot name a mart" in build.message("odd")


def test_a_place_of_its_own_is_refused(project: LakeProject) -> None:
    project.model("numbers", ROWS, location="elsewhere.parquet")
    assert "has no 'location' here" in project.dbt("run").message("numbers")


def test_another_target_has_marts_of_its_own(project: LakeProject) -> None:
    project.model("numbers", f"{ROWS} where id = 1")
    project.succeed("run", "--target", "ci")
    assert parquet(project, "numbers.parquet") == [(1, "a"), (2, "b")]
    ci = project.lake_path("marts_ci/numbers.parquet")
    assert duckdb.execute(f"select id from '{ci}'").fetchall() == [(1,)]
    assert project.query("select count(*) from marts_ci.numbers") == [(1,)]


def test_a_python_model_becomes_a_mart_like_any_other(project: LakeProject) -> None:
    project.write(
        "models/doubled.py",
        "def model(dbt, session):\n"
        "    dbt.config(materialized='external')\n"
        "    return dbt.ref('numbers').project('id * 2 as id, name')\n",
    )
    project.succeed("run")
    assert parquet(project, "doubled.parquet") == [(2, "a"), (4, "b")]
    assert project.query("select table_name from duckdb_tables() where schema_name = 'marts'") == []


ARROW_MODEL = """
import pyarrow as pa


def model(dbt, session):
    dbt.config(materialized='external'{options})
    names = dbt.ref('numbers').order('id').to_arrow_table()['name']
    return pa.table({{'id': pa.array({values}, pa.int64()), 'name': names}})
"""


def test_a_python_model_may_give_arrow_and_is_built_anew(project: LakeProject) -> None:
    """Arrow is written through another cursor than a DuckDB relation is."""
    project.write("models/doubled.py", ARROW_MODEL.format(values="[4, 2]", options=""))
    project.succeed("run")
    assert parquet(project, "doubled.parquet") == [(2, "b"), (4, "a")]
    sorted_by = ", sort_by='id', row_group_size=2048"
    project.write("models/doubled.py", ARROW_MODEL.format(values="[6, None]", options=sorted_by))
    project.succeed("run")
    file = project.lake_path("marts/doubled.parquet")
    assert duckdb.execute(f"select id, name from '{file}'").fetchall() == [(6, "a"), (None, "b")]
    assert project.query("select id, name from marts.doubled") == [(6, "a"), (None, "b")]
    assert project.query("select table_name from duckdb_tables() where schema_name = 'marts'") == []


def test_a_python_model_that_fails_replaces_nothing_and_leaves_nothing(
    project: LakeProject,
) -> None:
    project.write("models/doubled.py", ARROW_MODEL.format(values="[4, 2]", options=""))
    project.succeed("run")
    project.write("models/doubled.py", ARROW_MODEL.format(values="[4, 2, 1]", options=""))
    assert "Python model failed" in project.dbt("run").message("doubled")
    assert parquet(project, "doubled.parquet") == [(2, "b"), (4, "a")]
    project.write("models/doubled.py", ARROW_MODEL.format(values="[8, 6]", options=""))
    project.succeed("run")
    assert parquet(project, "doubled.parquet") == [(6, "b"), (8, "a")]


def test_a_contract_on_a_python_model_is_refused_by_dbt_before_anything_is_built(
    project: LakeProject,
) -> None:
    """dbt enforces contracts on SQL only. A mart is then SQL over a table that Python makes."""
    project.write("models/doubled.py", ARROW_MODEL.format(values="[4, 2]", options=""))
    properties = contract([], id="bigint", name="varchar")
    properties["models"][0]["name"] = "doubled"
    project.properties("doubled", properties)
    build = project.dbt("run")
    assert not build.succeeded
    assert "Language Error: Expected 'sql' but found 'python'" in build.error
    project.write(
        "models/made.py",
        ARROW_MODEL.format(values="[4, 2]", options="").replace("external", "table"),
    )
    (project.folder / "models/doubled.py").unlink()
    project.model("doubled", "select id, name from {{ ref('made') }}")
    project.succeed("run")
    assert parquet(project, "doubled.parquet") == [(2, "b"), (4, "a")]
    properties["models"][0]["columns"][0]["data_type"] = "integer"
    project.properties("doubled", properties)
    assert "data type mismatch" in project.dbt("run").message("doubled").lower()


def test_sorted_marts_are_sorted_in_their_file(project: LakeProject) -> None:
    project.model("numbers", ROWS, sort_by=["name desc"])
    assert not project.dbt("run").succeeded, "a column name is asked for, not an expression"
    project.model("numbers", "select * from range(9, 0, -1) as rows (id)", sort_by="id")
    project.succeed("run")
    path = project.lake_path("marts/numbers.parquet")
    assert duckdb.execute(f"select id from '{path}'").fetchall() == [(n,) for n in range(1, 10)]


def test_the_docs_know_the_columns_and_comments_of_a_mart(project: LakeProject) -> None:
    project.properties(
        "numbers",
        {
            "models": [
                {
                    "name": "numbers",
                    "description": "One row per number; 'quoted'.",
                    "config": {"persist_docs": {"relation": True, "columns": True}},
                    "columns": [{"name": "id", "description": "The number; it's one."}],
                }
            ]
        },
    )
    project.succeed("run")
    project.succeed("docs", "generate")
    catalog = json.loads((project.folder / "target/catalog.json").read_text())
    node = catalog["nodes"]["model.small.numbers"]
    assert {name: column["type"] for name, column in node["columns"].items()} == {
        "id": "INTEGER",
        "name": "VARCHAR",
    }
    assert node["columns"]["id"]["comment"] == "The number; it's one."
    assert node["metadata"]["comment"] == "One row per number; 'quoted'."
