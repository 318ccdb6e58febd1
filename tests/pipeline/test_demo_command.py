"""`till demo` and `till demo serve` as a person runs them."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, Till
from tests.pipeline.demo_client import get

HERE = {"PYTHONPATH": str(ROOT)}  # this checkout's code, also from another folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """As much of a project as the demo needs: a root to be found by."""
    (tmp_path / "dbt_project.yml").touch()
    return tmp_path


def test_the_demo_is_made_where_and_as_large_as_asked(root: Path, till: Till) -> None:
    options = ("--scale", "0.05", "--seed", "3", "--folder", "small")
    done = till(root, "demo", *options, environ=HERE)
    assert done.returncode == 0, done.stderr
    assert "shop/purchases.csv" in done.stdout
    expected = json.loads((root / "small" / "expected.json").read_text(encoding="utf-8"))
    assert (expected["scale"], expected["seed"]) == (0.05, 3)
    assert not (root / "demo").exists()


def test_a_scale_that_makes_no_sense_is_wrong_usage(root: Path, till: Till) -> None:
    done = till(root, "demo", "--scale", "5000", environ=HERE)
    assert done.returncode == 2
    assert "at most 2000, not 5000. 1 is 25,000 orders" in done.stderr
    assert "Traceback" not in done.stderr


def test_serving_without_data_says_to_make_it(root: Path, till: Till) -> None:
    done = till(root, "demo", "serve", "--port", "0", environ=HERE)
    assert done.returncode == 1
    assert "Run `till demo` first." in done.stderr


@pytest.fixture
def heard_interrupts() -> Iterator[None]:
    """Children hear Ctrl+C, also where a shell runs the tests in the background and made them deaf to it."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


@pytest.mark.parametrize("command", [("demo",), ("demo", "serve")])
def test_help_has_an_example(root: Path, till: Till, command: tuple[str, ...]) -> None:
    done = till(root, *command, "--help", environ=HERE)
    assert done.returncode == 0
    assert f"Example: till {' '.join(command)}" in done.stdout


@pytest.mark.usefixtures("heard_interrupts")
def test_the_api_is_served_until_it_is_interrupted(root: Path, small_demo: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    own = {"TILL_DEMO_API_PORT": str(port), "TILL_DEMO_TOKEN": "abc", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "till", "demo", "serve", "--folder", str(small_demo)],
        cwd=root,
        env={**os.environ, **HERE, **own},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        told = process.stdout.readline()
        assert re.search(rf"http://127\.0\.0\.1:{port}/v1", told), told
        assert get(f"http://127.0.0.1:{port}", "/v1/products", token="abc").status == 200
        assert get(f"http://127.0.0.1:{port}", "/v1/products").status == 401
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
