"""Every command explains itself, is in the guide, and ends with the exit code it promises."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tests.conftest import ROOT
from till.command_line import app


def commands(group: typer.Typer, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command that does something."""
    for command in group.registered_commands:
        assert command.callback is not None
        yield (*path, command.name or command.callback.__name__)
    for inner in group.registered_groups:
        assert inner.name is not None
        assert inner.typer_instance is not None
        yield from commands(inner.typer_instance, (*path, inner.name))
    callback = group.registered_callback
    if path and callback is not None and callback.invoke_without_command:
        yield path


COMMANDS = sorted(commands(app))


def test_the_commands_are_found() -> None:
    assert {("run",), ("demo",), ("demo", "serve"), ("release", "list")} <= set(COMMANDS)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_has_a_purpose_and_an_example(words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "120", "NO_COLOR": "1"})
    assert done.exit_code == 0
    assert f"Example: till {' '.join(words)}" in done.output
    assert re.search(r"^ [A-Z].*[.]", done.output.split("Usage:")[1], re.MULTILINE), done.output


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_guide_names_the_command(words: tuple[str, ...]) -> None:
    guide = (ROOT / "docs" / "guides" / "operate.md").read_text()
    assert f"`till {' '.join(words)}" in guide


def run_till(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "till", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("arguments", [["rnu"], ["run", "--bogus"], ["release", "show", "a", "b"]])
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    assert run_till(ROOT, *arguments).returncode == 2


def test_outside_a_project_is_one_sentence(tmp_path: Path) -> None:
    done = run_till(tmp_path, "status")
    assert done.returncode == 2
    assert "there is no dbt_project.yml here or in a folder above" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_traceback_is_shown_only_to_who_asks(tmp_path: Path) -> None:
    assert "Traceback" not in run_till(tmp_path, "status").stderr
    assert "Traceback" in run_till(tmp_path, "--debug", "status").stderr


def test_status_of_an_empty_lake_says_how_to_begin(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: x\n")
    done = run_till(tmp_path, "status")
    assert done.returncode == 0
    assert "Nothing is loaded yet: `till run` or `till ingest`." in done.stdout
    assert run_till(tmp_path, "release", "list").returncode == 0
    assert run_till(tmp_path, "release", "show").returncode == 1
