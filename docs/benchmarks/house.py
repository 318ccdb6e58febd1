"""The house's own steps at a large size: ingest and dbt, each in a process of its own under the limit."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from limited import Cost, run_limited
from whole_run import copy_committed_files

SOURCES = "examples/online_retail/sources.yml"
VARIABLES = {
    "active_sources": ["online_retail"],
    "reporting_currency": "GBP",
    "business_timezone": "Europe/London",
}


@dataclass(frozen=True)
class Limits:
    """What every step may take: MB of the process, DuckDB's own limit inside it, threads."""

    process_mb: int = 8192
    duckdb: str = "5GB"
    threads: int = 2


class House:
    """A copy of the project in `work`, with a lake and a folder of dropped files of its own."""

    def __init__(self, work: Path, limits: Limits) -> None:
        self.work = work
        self.limits = limits
        self.project = work / "project"
        self.drop = work / "shop" / "base"
        self.lake = work / "lake"
        self.raw = self.lake / "raw" / "online_retail" / "invoice_lines"

    def prepare(self) -> None:
        """Copy the checkout as it stands (tracked files, also changed ones); the lake stays."""
        shutil.rmtree(self.project, ignore_errors=True)
        copy_committed_files(self.project)

    def ingest(self, name: str) -> Cost:
        """`till ingest` of what is new in the folder of dropped files."""
        return self.run(name, [sys.executable, "-m", "till", "ingest", "--sources", SOURCES])

    def dbt(self, name: str, *command: str) -> Cost:
        """A command of dbt; its run_results.json is kept as NAME.run_results.json."""
        dbt = str(Path(sys.executable).with_name("dbt"))
        results = self.project / "target" / "run_results.json"
        results.unlink(missing_ok=True)
        cost = self.run(name, [dbt, *command, "--vars", json.dumps(VARIABLES)])
        if results.is_file():
            shutil.copyfile(results, self.results_of(name))
        return cost

    def results_of(self, name: str) -> Path:
        """Where the times of the nodes of a dbt step are."""
        return self.work / f"{name}.run_results.json"

    def forget_lake(self) -> None:
        """Remove the lake, raw files too."""
        shutil.rmtree(self.lake, ignore_errors=True)

    def forget_builds(self) -> None:
        """Remove everything that dbt has made: the next build starts from the raw lake alone."""
        for made in (self.lake / "marts", self.lake / "intermediate", self.project / "target"):
            shutil.rmtree(made, ignore_errors=True)
        for made in self.lake.glob("warehouse.duckdb*"):
            if made.is_dir():
                shutil.rmtree(made)
            else:
                made.unlink()

    def run(self, name: str, command: Sequence[str], *spill: Path) -> Cost:
        """Run one step; its output is in NAME.log in the work folder."""
        return run_limited(
            command,
            limit_mb=self.limits.process_mb,
            log=self.work / f"{name}.log",
            cwd=self.project,
            environ={
                "PYTHONPATH": str(self.project),
                "TILL_LAKE": str(self.lake),
                "TILL_MEMORY_LIMIT": self.limits.duckdb,
                "TILL_THREADS": str(self.limits.threads),
                "ONLINE_RETAIL_DIR": str(self.drop),
                "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
                "DO_NOT_TRACK": "1",
            },
            spill=(self.lake / "warehouse.duckdb.tmp", self.project / ".tmp", *spill),
        )
