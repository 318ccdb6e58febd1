"""Enough lines that the threads of a query share its work: the figures are the same with 1, 2 and 4 of them.

DuckDB deals out row groups of 122,880 rows: in a smaller shop one thread has them all.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

import pytest

from tests.conftest import ROOT, Till, copy_project
from tests.parsed_projects import ParsedProjects
from tests.pipeline.conftest import ONLINE_RETAIL_SOURCES
from tests.pipeline.lake_project import LakeProject, query_threads

# The benchmarks are scripts that import each other from their own folder.
sys.path.append(str(ROOT / "docs" / "benchmarks"))
from synthetic_shop import write_shop

LINES = 400_000
LATER_LINES = 20_000
ROW_GROUP = 122_880
VARIABLES = {
    "active_sources": ["online_retail"],
    "reporting_currency": "GBP",
    "business_timezone": "Europe/London",
}
BUILD = ("build", "--exclude-resource-type", "test", "unit_test", "--vars", json.dumps(VARIABLES))

ONE = "a full refresh, with 1 thread"
FOUR = "a full refresh, with 4 threads"
IN_TWO_LOADS = "an increment, with 2 threads"
# Per mart its rows, and per column the sum of its values' hashes; "" stands for whole rows.
Hashes = Mapping[str, Mapping[str, int]]


def hashes(project: LakeProject) -> Hashes:
    """Hashes take every digit of a double; their sum does not ask for the order of the rows."""
    about_runs = {path.stem for path in (ROOT / "models/marts/operations").glob("*")}
    columns: dict[str, list[str]] = {}
    for mart, column in project.query(
        "select table_name, column_name from duckdb_columns() where schema_name = 'marts'"
    ):
        if mart not in about_runs:
            columns.setdefault(mart, []).append(column)
    found = {}
    for mart, names in columns.items():
        sums = "".join(f', sum(hash("{name}"))' for name in names)
        ((rows, of_rows, *of_columns),) = project.query(
            f"select count(*), sum(hash(every_row)){sums} from marts.{mart} as every_row"
        )
        found[mart] = {"rows": rows, "": of_rows, **dict(zip(names, of_columns, strict=True))}
    return found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, parsed: ParsedProjects) -> LakeProject:
    folder = copy_project(tmp_path_factory.mktemp("threads") / "project")
    parsed.lend("online_retail", folder)
    return LakeProject(folder)


@pytest.fixture(scope="module")
def builds(shop: LakeProject, till: Till) -> Mapping[str, Hashes]:
    write_shop(shop.folder / "made", LINES, increment_lines=LATER_LINES)
    drop = shop.folder / "made" / "base"
    made: dict[str, Hashes] = {}

    def load() -> None:
        sources = ("--sources", ONLINE_RETAIL_SOURCES)
        done = till(shop.folder, "ingest", *sources, environ={"ONLINE_RETAIL_DIR": str(drop)})
        assert done.returncode == 0, done.stdout + done.stderr

    load()
    with query_threads(2):
        shop.succeed(*BUILD, "--exclude", "int_sales_forecasted+")
    later = shop.folder / "made" / "increment" / "increment.csv"
    later.rename(drop / later.name)
    load()
    with query_threads(2):
        shop.succeed(*BUILD)
    made[IN_TWO_LOADS] = hashes(shop)
    for name, threads in ((ONE, 1), (FOUR, 4)):
        with query_threads(threads):
            shop.succeed(*BUILD, "--full-refresh", "--threads", str(threads))
        made[name] = hashes(shop)
    return made


@pytest.mark.parametrize("build", [FOUR, IN_TWO_LOADS])
def test_every_mart_has_the_same_figures(builds: Mapping[str, Hashes], build: str) -> None:
    expected, found = builds[ONE], builds[build]
    assert set(found) == set(expected)
    differing = {
        mart: [name for name, value in sums.items() if found[mart].get(name) != value]
        for mart, sums in expected.items()
        if found[mart] != sums
    }
    assert differing == {}


def test_there_is_work_for_several_threads(shop: LakeProject, builds: Mapping[str, Hashes]) -> None:
    """Else the comparison would hold of nothing."""
    rows = {mart: sums["rows"] for mart, sums in builds[ONE].items()}
    models = [*(ROOT / "models/marts").glob("*/*.sql"), *(ROOT / "models/marts").glob("*/*.py")]
    assert set(rows) == {path.stem for path in models if path.parent.name != "operations"}
    assert rows["fct_order_lines"] > 3 * ROW_GROUP
    assert rows["fct_orders"] > ROW_GROUP
    empty = {mart for mart, count in rows.items() if count == 0}
    assert empty == {"fct_events"}, "the shop has no events"
