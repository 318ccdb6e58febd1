"""What a run prints of data and of problems is text, whatever stands in it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from till.console import print_failed_node, print_run, print_warned_test
from till.dbt_build import FailedNode, WarnedTest
from till.project import Project
from till.run import RunResult

HOSTILE = ["\\[/oops]", "[bold red]loud", "\x1b[2Jgone", "a\nb", "\u202eright to left", "x" * 5_000]


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=1000, force_terminal=False, highlight=False)


@pytest.mark.parametrize("value", HOSTILE)
def test_a_failing_row_is_shown_as_text(console: Console, value: str) -> None:
    print_failed_node(
        console,
        FailedNode(
            name="law",
            kind="data test",
            file="tests/data/law.sql",
            message="Got 1 result",
            failures=1,
            query=None,
            columns=("name",),
            examples=((value,),),
        ),
    )
    row = printed(console).splitlines()[-2]
    assert row.strip()
    assert all(one.isprintable() for one in row)
    kept = "".join(one for one in value if one.isprintable())
    assert kept[:10] in row.replace("?", "")


@pytest.mark.parametrize(
    ("warned", "sentence"),
    [
        (
            WarnedTest("in_range", "clients.signed_up_date", 1, "mend the list", "target/a.sql"),
            "Warning: clients.signed_up_date: in_range found 1 row; mend the list"
            " (all rows: run the query in target/a.sql).",
        ),
        (
            WarnedTest("law", "fct_a, fct_b", 1200, None, None),
            "Warning: fct_a, fct_b: law found 1,200 rows; look at the rows, and mend them at their source.",
        ),
    ],
    ids=["with a remedy", "without"],
)
def test_a_warning_says_where_how_much_and_what_to_do(
    console: Console, warned: WarnedTest, sentence: str
) -> None:
    print_warned_test(console, warned)
    assert printed(console).splitlines() == [sentence, ""]


def test_a_problem_is_printed_as_it_is(console: Console, tmp_path: Path) -> None:
    print_run(
        console, Project(tmp_path, tmp_path / "lake"), RunResult(problem="[/x] could not be loaded")
    )
    assert "Not released: [/x] could not be loaded." in printed(console)
