"""`make bench` still works: every subject at a small size. What it measures is nobody's business here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import MODELS_ALONE, ROOT

BENCHMARKS = ROOT / "docs" / "benchmarks"


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(BENCHMARKS / "bench.py"), *arguments],
        env={**os.environ, **MODELS_ALONE},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def rows_of(text: str, heading: str) -> dict[str, list[str]]:
    """The cells of each row of the table under `heading`, by its first cell."""
    section = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line[:1] == "|"]
    return {cells[0]: cells[1:] for cells in rows[2:]}


@pytest.mark.slow
def test_every_subject_runs_and_has_its_figures(tmp_path: Path) -> None:
    kept = {path.name: path.read_bytes() for path in BENCHMARKS.glob("*.md")}
    out = tmp_path / "results.md"
    done = bench("--quick", "--out", str(out))
    assert done.returncode == 0, done.stderr
    text = out.read_text(encoding="utf-8")
    assert done.stdout == text
    assert "these figures mean nothing" in text
    csv = rows_of(text, "CSV to raw Parquet")
    databases = rows_of(text, "PostgreSQL to raw Parquet")
    apis = rows_of(text, "A JSON API to raw Parquet")
    marts = rows_of(text, "External materialization")
    pages = rows_of(text, "A report page")
    runs = rows_of(text, "The demo")
    assert list(csv) == ["20,000"]
    assert list(apis) == ["3,000"]
    assert list(databases) == ["through a CSV file", "plain stream", "ours"]
    assert list(marts) == [
        "plain COPY",
        "ours",
        "ours, contract and key checked",
        "dbt-duckdb's own",
    ]
    assert list(runs) == ["`till run` from nothing"]
    assert {"ours, the wheel's Plotly", "plotly.py's own output, every row in HTML"} <= set(pages)
    every = (csv, apis, databases, marts, pages, runs)
    for cells in (each for rows in every for each in rows.values()):
        figures = [float(cell.split()[0]) for cell in cells if re.match(r"[\d.]+( |$)", cell)]
        assert len(figures) >= 2
        assert all(figure > 0 for figure in figures), cells
    # the published results are those of a whole run on a quiet machine
    assert {path.name: path.read_bytes() for path in BENCHMARKS.glob("*.md")} == kept


def test_an_unknown_subject_is_refused_before_anything_runs() -> None:
    done = bench("parquet")
    assert done.returncode == 2
    assert (
        "no subject 'parquet'; there are csv, files, api, postgres, external, reports, run"
        in done.stderr
    )
