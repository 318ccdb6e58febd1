"""`till report --serve` as a command: it says where it is, ends quietly, and builds keep the old site."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.unit.reports_folder import PAGE, SALES_MONTHLY, write_pages
from tests.unit.test_releases import publish, write_mart
from till.project import Project

COMMAND = [sys.executable, "-m", "till", "report"]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with a release of one mart, and a page over it."""
    (tmp_path / "dbt_project.yml").write_text("name: shop\n")
    write_pages(tmp_path / "reports", {"sales": PAGE})
    project = Project(root=tmp_path, lake=tmp_path / "lake")
    write_mart(project, "sales_monthly", SALES_MONTHLY)
    release = publish(project, "20260101T000000Z-a")
    docs = project.releases / release.release_id / "docs"
    docs.mkdir()
    (docs / "index.html").write_text("docs")
    return project


def environment() -> dict[str, str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("TILL_")}
    return {**known, "PYTHONPATH": str(ROOT), "TILL_LAKE": "lake"}


def run(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], cwd=project.root, env=environment(), capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip


def test_it_says_where_it_is_answers_and_ends_quietly(project: Project) -> None:
    server = subprocess.Popen(
        [*COMMAND, "sales", "--serve", "--port", "0"], cwd=project.root, env=environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stdout is not None
    address = server.stdout.readline().strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/sales\.html", address)
    with urllib.request.urlopen(address, timeout=60) as reply:  # noqa: S310 - loopback
        assert "€120" in reply.read().decode()
    port = address.split(":")[2].split("/")[0]
    second = run(project, "--serve", "--port", port)
    assert second.returncode == 1
    assert second.stderr.splitlines() == [
        f"port {port} is in use by another program. "
        "Name another, such as `--port 8401`, or `--port 0` for any that is free."
    ]
    server.send_signal(signal.SIGINT)
    _, told = server.communicate(timeout=60)
    assert (server.returncode, told) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--serve", "--out", "x"], "--serve and --out do not go together"),
        (["--port", "8401"], "--port goes with --serve"),
    ],
)
def test_options_that_do_not_go_together(project: Project, arguments: list[str], told: str) -> None:
    done = run(project, *arguments)
    assert done.returncode == 2
    assert told in done.stderr


def test_a_build_with_an_error_keeps_the_old_site(project: Project) -> None:
    assert run(project).returncode == 0
    before = {
        path: path.read_bytes() for path in (project.lake / "preview").rglob("*") if path.is_file()
    }
    assert before
    failing = PAGE.replace("net_revenue,", "cast('x' || orders as int) as net_revenue,")
    write_pages(project.root / "reports", {"sales": failing})
    done = run(project)
    assert done.returncode == 1
    assert "sales.yml:5:5" in done.stderr
    assert before == {
        path: path.read_bytes() for path in (project.lake / "preview").rglob("*") if path.is_file()
    }
