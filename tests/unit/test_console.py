"""What a run prints of data and of problems is text, whatever stands in it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from till.console import print_failed_node, print_run
from till.dbt_build import FailedNode
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


def test_a_problem_is_printed_as_it_is(console: Console, tmp_path: Path) -> None:
    print_run(
        console, Project(tmp_path, tmp_path / "lake"), RunResult(problem="[/x] could not be loaded")
    )
    assert "Not released: [/x] could not be loaded." in printed(console)
