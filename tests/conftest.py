"""What every test may ask for: real data sets, and a copy of the project to run in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import Scheduling

from analytics.blas import use_one_thread
from tests.parsed_projects import ParsedProjects
from tests.scheduling import SHARED_RUNS, GroupScheduling, group_of, place_of

ROOT = Path(__file__).resolve().parents[1]
IN_CI = os.environ.get("CI") == "true"
# What a developer may tell the tests; any other variable of the house or of dbt is theirs alone.
FOR_TESTS = ("TILL_TEST_DATA", "TILL_CHROMIUM", "TILL_CAMPAIGN_")
# dbt leaves the unit tests out. They are about the models alone: whoever asks what a run does with data
# need not wait for them, as long as some run of the same models and variables has them.
WITHOUT_UNIT_TESTS = {"DBT_EXCLUDE_RESOURCE_TYPES": "unit_test"}
# Nor data tests: for runs of rows that another run has held to every law.
MODELS_ALONE = {"DBT_RESOURCE_TYPES": "model seed"}


def pytest_configure() -> None:
    """Forget the developer's own lake, profile and threads; before any test imports NumPy."""
    for name in list(os.environ):
        if name.startswith(("TILL_", "DBT_")) and not name.startswith(FOR_TESTS):
            del os.environ[name]
    use_one_thread()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Say for `pytest -n` which groups begin first; a file that looks at a shared run is listed."""
    for item in items:
        for run in SHARED_RUNS:
            if run in getattr(item, "fixturenames", ()) and group_of(item.nodeid) != run:
                message = f"{item.nodeid} looks at {run}: list its file in tests/scheduling.py"
                raise pytest.UsageError(message)
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: place_of(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    """Ours for `--dist loadfile`, xdist's own for all else."""
    return GroupScheduling(config, log) if config.getvalue("dist") == "loadfile" else None


Till = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real data sets; without it a test skips and says so, in CI it fails."""
    folder = os.environ.get("TILL_TEST_DATA", "")
    if folder and Path(folder).is_dir():
        return Path(folder)
    message = "TILL_TEST_DATA names no folder of real data sets"
    if IN_CI:
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def online_retail_dir(test_data: Path) -> Path:
    """The 305 daily files of Online Retail."""
    folder = test_data / "online_retail" / "by-day"
    assert folder.is_dir(), f"{folder} is missing"
    return folder


def copy_project(target: Path) -> Path:
    """Copy what git knows, so that a run in the copy touches nothing of the checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        timeout=120,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    for name in listed:
        source = ROOT / name
        if source.is_file() and not name.startswith(("tests/", "docs/")):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target / name)
    (target / "tests" / "data").mkdir(parents=True, exist_ok=True)
    shutil.copytree(ROOT / "tests" / "data", target / "tests" / "data", dirs_exist_ok=True)
    shutil.copytree(ROOT / "tests" / "generic", target / "tests" / "generic", dirs_exist_ok=True)
    return target


def keep_one_page(project: Path) -> None:
    """Leave one report page, which links to no other: for runs that are about something else."""
    for page in (project / "reports" / "pages").glob("*.yml"):
        if page.name != "sales.yml":
            page.unlink()


@pytest.fixture(scope="session")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> ParsedProjects:
    """What dbt has parsed already in this session, in any worker."""
    own = tmp_path_factory.getbasetemp()
    session = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    return ParsedProjects(session / "parsed")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project in a folder of its own, without lake, site and environment."""
    return copy_project(tmp_path / "project")


def run_command(
    command: list[str], project: Path, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command of the environment in `project`, with the project's own Python packages."""
    return subprocess.run(
        command,
        cwd=project,
        env={
            **{key: value for key, value in os.environ.items() if not key.startswith("TILL_")},
            "PYTHONPATH": str(project),
            "NO_COLOR": "1",
            **(environ or {}),
        },
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


@pytest.fixture(scope="session")
def till() -> Till:
    """`till(project, "run", ..., environ={...})`: the command as a person runs it."""

    def run(
        project: Path, *arguments: str, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return run_command([sys.executable, "-m", "till", *arguments], project, environ)

    return run


@pytest.fixture(scope="session")
def dbt() -> Till:
    """`dbt(project, "build", ..., environ={...})`: plain dbt by hand."""

    def run(
        project: Path, *arguments: str, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        executable = str(Path(sys.executable).with_name("dbt"))
        return run_command([executable, *arguments], project, environ)

    return run
