"""Linear algebra has one thread in every process that computes a figure, whoever imports NumPy first."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

# Each ends where the first of our own models could be run.
STARTS = {
    "a command of ours": (
        "import till.command_line; from till.project import open_project; open_project()"
    ),
    "dbt by hand": (
        "import dbt.cli.main; from dbt.adapters.duckdb.plugins import BasePlugin;"
        "BasePlugin.create('till.warehouse_plugin', config={})"
    ),
}
LOOK = """
import ctypes, sys
assert "numpy" not in sys.modules, "it would be too late"
import numpy, scipy.linalg
with open("/proc/self/maps") as maps:
    libraries = {line.split()[-1] for line in maps if "openblas" in line}
for library in sorted(libraries):
    suffix = "64_" if "openblas64_" in library else ""
    ask = getattr(ctypes.CDLL(library), f"scipy_openblas_get_num_threads{suffix}")
    print(ask())
"""


def threads(start: str, **environ: str) -> set[str]:
    """How many threads each OpenBLAS of the process has: NumPy brings one, SciPy another."""
    kept = {name: value for name, value in os.environ.items() if "_NUM_THREADS" not in name}
    return set(
        subprocess.run(
            [sys.executable, "-c", start + "\n" + LOOK],
            cwd=ROOT,
            env={**kept, "PYTHONPATH": str(ROOT), **environ},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")
@pytest.mark.parametrize("start", STARTS)
def test_linear_algebra_has_one_thread(start: str) -> None:
    assert threads(STARTS[start]) == {"1"}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")
def test_the_environment_may_say_otherwise() -> None:
    assert threads(STARTS["a command of ours"], OPENBLAS_NUM_THREADS="2") == {"2"}
