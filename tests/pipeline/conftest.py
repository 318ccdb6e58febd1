"""Whole runs that several tests look at, each made once per session. Look, do not change."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Till, copy_project

ONLINE_RETAIL_SOURCES = "examples/online_retail/sources.yml"


def run_online_retail(project: Path, folder: Path, till: Till) -> None:
    """`till run` over the CSV files of `folder`."""
    done = till(
        project,
        "run",
        "--sources",
        ONLINE_RETAIL_SOURCES,
        environ={"ONLINE_RETAIL_DIR": str(folder)},
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def online_retail_project(
    tmp_path_factory: pytest.TempPathFactory, online_retail_dir: Path, till: Till
) -> Path:
    """A copy of the project after one run over all of Online Retail."""
    project = copy_project(tmp_path_factory.mktemp("online_retail") / "project")
    run_online_retail(project, online_retail_dir, till)
    return project


@pytest.fixture(scope="session")
def demo_project(tmp_path_factory: pytest.TempPathFactory, till: Till) -> Path:
    """A copy of the project after one run over the demo at scale 1, which the run itself makes."""
    project = copy_project(tmp_path_factory.mktemp("demo") / "project")
    done = till(project, "run")
    assert done.returncode == 0, done.stdout + done.stderr
    return project
