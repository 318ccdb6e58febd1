"""The same raw data gives the same figures: with any number of threads, in any order of arrival, on any day.

Every mart is compared, whichever there are; those about the runs themselves (operations) tell of times.
That threads share the work of a query takes more lines than these: test_figures_threads.py.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import ROOT, Till, copy_project
from tests.parsed_projects import ParsedProjects
from tests.pipeline.arrivals import TIES, Arrival, arrive
from tests.pipeline.lake_project import LakeProject, query_threads
from till.demo.generate import generate

WITHOUT_TESTS = ("--exclude-resource-type", "test", "unit_test")
MONDAY = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
NEXT_WEEK = MONDAY + timedelta(days=7)

AT_ONCE = "at once, with 1 thread"
BUILT_AGAIN = "a full refresh, with 4 threads"
PIECEMEAL = "in three loads, in another order, a week later, in another zone, with 2 threads"


@dataclass(frozen=True)
class Figures:
    """What a build made: per mart its columns and its rows as text, and per mart with an order its file."""

    rows: Mapping[str, tuple[str, Counter[str]]]
    files: Mapping[str, bytes]


def figures(project: LakeProject) -> Figures:
    """Doubles are written with all the digits that tell them from their neighbours."""
    about_runs = {path.stem for path in (ROOT / "models/marts/operations").glob("*")}
    marts = [
        name
        for (name,) in project.query(
            "select view_name from duckdb_views() where schema_name = 'marts'"
        )
        if name not in about_runs
    ]
    rows = {}
    for mart in marts:
        columns = str(project.query(f"describe marts.{mart}"))
        listed = project.query(f"select cast(every_row as varchar) from marts.{mart} as every_row")
        rows[mart] = (columns, Counter(text for (text,) in listed))
    return Figures(
        rows,
        {
            path.stem: path.read_bytes()
            for path in sorted(project.lake_path("marts").glob("*.parquet"))
            if path.stem in rows and is_in_order(path.stem)
        },
    )


def is_in_order(mart: str) -> bool:
    """Whether the mart's SQL ends with an order of its rows, or has put them in order in a step before."""
    return any(
        re.search(r"^order by\b|^    order by .+\n\)", path.read_text(), re.MULTILINE)
        for path in (ROOT / "models/marts").glob(f"*/{mart}.sql")
    )


@pytest.fixture(scope="module")
def builds(
    tmp_path_factory: pytest.TempPathFactory, till: Till, dbt: Till, parsed: ParsedProjects
) -> dict[str, Figures]:
    folder = copy_project(tmp_path_factory.mktemp("determinism") / "project")
    parsed.lend("demo", folder)
    generate(folder / "demo", scale=0.04)
    done = till(folder, "ingest")
    assert done.returncode == 0, done.stdout + done.stderr
    original = (folder / "lake").rename(folder / "original")
    project = LakeProject(folder)
    made: dict[str, Figures] = {}

    def start() -> None:
        """A new lake under the same name: with another dbt would read all of its files again."""
        if project.lake_path().exists():
            project.lake_path().rename(folder / f"former_lake_{len(made)}")

    start()
    arrive(original, project.lake_path(), Arrival(parts={0, 1, 2}, at=MONDAY))
    with query_threads(1):
        project.succeed("build", *WITHOUT_TESTS, "--threads", "1")
    made[AT_ONCE] = figures(project)
    with query_threads(4):
        project.succeed("run", "--full-refresh", "--threads", "4")
    made[BUILT_AGAIN] = figures(project)

    start()
    for day, part in enumerate((2, 0, 1)):
        at = NEXT_WEEK + timedelta(days=day)
        arrive(original, project.lake_path(), Arrival({part}, at, is_shuffled=True))
        if day < 2:
            project.succeed("build", *WITHOUT_TESTS, "--select", "+fct_orders")
    elsewhere = dbt(
        folder,
        "build",
        *WITHOUT_TESTS,
        "--threads",
        "2",
        environ={"TZ": "Pacific/Auckland", "TILL_LAKE": "lake", "OPENBLAS_NUM_THREADS": "4"},
    )
    assert elsewhere.returncode == 0, elsewhere.stdout + elsewhere.stderr
    assert "touched partitions" in elsewhere.stdout, "the last load was not an increment"
    made[PIECEMEAL] = figures(project)
    return made


@pytest.mark.parametrize("build", [BUILT_AGAIN, PIECEMEAL])
def test_every_mart_has_the_same_rows(builds: dict[str, Figures], build: str) -> None:
    expected, found = builds[AT_ONCE].rows, builds[build].rows
    assert set(found) == set(expected)
    for mart, (columns, rows) in expected.items():
        assert found[mart][0] == columns
        assert sorted((rows - found[mart][1]).elements()) == [], f"{mart} lacks these rows"
        assert sorted((found[mart][1] - rows).elements()) == [], f"{mart} has others"


@pytest.mark.parametrize("build", [BUILT_AGAIN, PIECEMEAL])
def test_every_mart_in_order_has_the_same_bytes(builds: dict[str, Figures], build: str) -> None:
    expected, found = builds[AT_ONCE].files, builds[build].files
    assert {mart for mart in expected if found.get(mart) != expected[mart]} == set()


def test_the_builds_are_of_all_marts_with_rows(builds: dict[str, Figures]) -> None:
    """Else the comparison would hold of nothing."""
    rows = builds[AT_ONCE].rows
    models = [*(ROOT / "models/marts").glob("*/*.sql"), *(ROOT / "models/marts").glob("*/*.py")]
    assert set(rows) == {path.stem for path in models if path.parent.name != "operations"}
    lines = rows["fct_order_lines"][1]
    assert sum(lines.values()) > 2000
    receipts = {text for text in lines if "'order_id': TIE-" in text}
    assert len(receipts) == TIES["shop.purchases"].count("('TIE-")
    assert {"sales_daily", "customer_kpis"} <= set(builds[AT_ONCE].files)
