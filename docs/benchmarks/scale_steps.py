"""The steps of `make bench-scale` at one size, in their order, and what each gives."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from check_floor import compare
from dbt_nodes import failed_nodes, slowest_nodes
from house import House
from limited import Cost, folder_bytes

HERE = Path(__file__).resolve().parent
MB = 2**20
# Statistics that are no SQL: the floor has none of them, so their seconds are told apart.
NOT_IN_FLOOR = ("clv_model_parameters", "customer_lifetime_value", "sales_forecast")
# A unit test has rows of its own; its time is the same at every size.
BUILD = ("build", "--exclude-resource-type", "unit_test")
# `dbt run` and the seeds, which a lake without a build does not have yet.
RUN = ("build", "--resource-type", "model", "--resource-type", "seed")


@dataclass(frozen=True)
class Row:
    """A line of the table: seconds (of the wall, of all cores), MB, and what is worth saying."""

    step: str
    seconds: float
    cpu_seconds: float
    peak_mb: float
    spilled_mb: float
    disk_mb: float | None
    verdict: str  # "", "out of memory" or "failed"
    note: str = ""


@dataclass
class Result:
    """What one size gave; `raw_mb` without the increment, `problems` in words."""

    lines: int
    rows: list[Row] = field(default_factory=list)
    raw_mb: float = 0
    problems: list[str] = field(default_factory=list)
    agreed: str = ""
    seconds_not_in_floor: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """For result.json."""
        return asdict(self)


class Steps:
    """Runs steps at one size; each is told to `tell` as it ends."""

    def __init__(self, house: House, lines: int, tell: Callable[[Row], None]) -> None:
        self._house = house
        self._work = house.work
        self._new_file = house.work / "shop" / "increment" / "increment.csv"
        self._tell = tell
        self.result = Result(lines)

    def run(self, names: tuple[str, ...]) -> Result:
        """Run the steps named, of STEPS, in their order; a missing shop or raw lake is made first."""
        self._house.prepare()
        loads = len(list((self._house.lake / "raw" / "_manifest").glob("*.json")))
        needed = {
            "generate": not self._house.drop.is_dir(),
            # None yet, or one that has the increment.
            "ingest": loads != 1 and names not in (("generate",), ("pandas",)),
        }
        steps: dict[str, Callable[[], None]] = {
            "generate": self._generate,
            "ingest": self._ingest,
            "run": self._run,
            "build": self._build,
            "again": self._build_again,
            "floor": self._floor,
            "compare": self._compare,
            "increment": self._increment,
            "pandas": self._pandas,
        }
        for name, step in steps.items():
            if name in names or needed.get(name, False):
                step()
        return self.result

    def _generate(self) -> None:
        shutil.rmtree(self._work / "shop", ignore_errors=True)
        command = [sys.executable, str(HERE / "synthetic_shop.py")]
        command += ["--lines", str(self.result.lines), "--out", str(self._work / "shop")]
        cost = self._house.run("generate", command)
        self._add("make the CSV files", cost, disk=self._house.drop)

    def _ingest(self) -> None:
        self._take_back_increment()
        self._house.forget_lake()
        cost = self._house.ingest("ingest")
        self.result.raw_mb = folder_bytes(self._house.raw) / MB
        self._add("`till ingest`", cost, disk=self._house.raw)

    def _run(self) -> None:
        self._house.forget_builds()
        cost = self._house.dbt("run", *RUN)
        self._add("`dbt run`, everything", cost, disk=self._house.lake / "marts")
        self._look_at_nodes("run")

    def _build(self) -> None:
        self._house.forget_builds()
        cost = self._house.dbt("build", *BUILD)
        self._add("`dbt build`, everything", cost, disk=self._house.lake / "marts")
        self._look_at_nodes("build")

    def _floor(self) -> None:
        out = self._work / "floor"
        shutil.rmtree(out, ignore_errors=True)
        limits = self._house.limits
        command = [
            sys.executable,
            str(HERE / "floor.py"),
            "--raw",
            f"{self._house.raw}/**/*.parquet",
        ]
        command += ["--out", str(out), "--memory", limits.duckdb, "--threads", str(limits.threads)]
        cost = self._house.run("floor", command, out / "tmp")
        for narrow in ("narrow_orders", "narrow_lines"):
            shutil.rmtree(out / narrow, ignore_errors=True)
        self._add("the floor", cost, disk=out)

    def _compare(self) -> None:
        found = compare(self._house.lake / "marts", self._work / "floor")
        columns = sum(len(names) for names in found.compared.values())
        self.result.agreed = (
            f"{columns} columns of {len(found.compared)} marts were compared with the floor's:"
            f" {'all agree' if not found.differences else f'{len(found.differences)} differ'}."
        )
        self.result.problems += [f"floor and marts differ: {each}" for each in found.differences]
        if not found.compared:
            self.result.problems.append("nothing of the floor could be compared with the marts")

    def _build_again(self) -> None:
        cost = self._house.dbt("again", *BUILD)
        self._add("`dbt build`, nothing new", cost, disk=None)
        self._look_at_nodes("again")

    def _increment(self) -> None:
        if self._new_file.exists():
            self._new_file.rename(self._house.drop / self._new_file.name)
        self._add("`till ingest`, the increment", self._house.ingest("ingest_increment"), disk=None)
        cost = self._house.dbt("build_increment", *BUILD)
        self._add("`dbt build`, the increment", cost, disk=None)
        self._look_at_nodes("build_increment")

    def _pandas(self) -> None:
        self._take_back_increment()
        command = [sys.executable, str(HERE / "pandas_way.py"), "--drop", str(self._house.drop)]
        cost = self._house.run("pandas", command)
        note = ""
        if cost.status == 0:
            note = cost.log.read_text(encoding="utf-8").strip()
        self._add("pandas", cost, disk=None, note=note, may_die=True)

    def _take_back_increment(self) -> None:
        dropped = self._house.drop / self._new_file.name
        if dropped.exists():
            dropped.rename(self._new_file)

    def _look_at_nodes(self, name: str) -> None:
        path = self._house.results_of(name)
        self.result.problems += [f"{name}: {each}" for each in failed_nodes(path)]
        if name in ("run", "build"):
            seconds = dict(slowest_nodes(path, None))
            apart = sum(seconds.get(model, 0) for model in NOT_IN_FLOOR)
            self.result.seconds_not_in_floor[name] = apart

    def _add(
        self, step: str, cost: Cost, *, disk: Path | None, note: str = "", may_die: bool = False
    ) -> None:
        verdict = ""
        if cost.status != 0:
            verdict = "out of memory" if cost.is_out_of_memory else "failed"
            if not may_die or verdict == "failed":
                self.result.problems.append(f"{step}: {verdict}; its output is in {cost.log}")
        row = Row(
            step=step,
            seconds=cost.seconds,
            cpu_seconds=cost.cpu_seconds,
            peak_mb=cost.peak_mb,
            spilled_mb=cost.spilled_mb,
            disk_mb=None if disk is None else folder_bytes(disk) / MB,
            verdict=verdict,
            note=note,
        )
        self.result.rows.append(row)
        self._tell(row)


STEPS = (
    "generate",
    "ingest",
    "run",
    "build",
    "again",
    "floor",
    "compare",
    "increment",
    "pandas",
)
