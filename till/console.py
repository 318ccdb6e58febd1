"""What a person sees in the terminal: steps, and a summary at the end."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from till.dbt_build import FailedNode, WarnedTest
from till.load_bars import LoadBars
from till.project import Project
from till.run import RunResult
from till.terminal import harmless, table_of

if TYPE_CHECKING:
    from ingest.plans import PlannedRequest, TablePlan
    from ingest.results import Meter
    from ingest.run import IngestResult

LONGEST_CELL = 200
LONGEST_LINE = 4_000

STEP_WORDS = {
    "ingest": "Loading what is new",
    "build": "Building and testing",
    "docs": "Writing the dbt docs",
    "render": "Drawing the pages",
    "release": "Making the release",
}
PLAN_WORDS = {
    "new": "load (new)",
    "changed": "load (changed)",
    "again": "load again",
    "known": "skip (known)",
    "outside": "skip (not these days)",
    "refused": "refuse",
}
MOST_KNOWN_LISTED = 10


class ConsoleReporter:
    """Prints steps as they begin, with one line that counts on a terminal and a few elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._counting = False
        self._bars = LoadBars(console)

    def __enter__(self) -> ConsoleReporter:
        return self

    def __exit__(self, *_: object) -> None:
        self._end_count()
        self._bars.stop()

    def step(self, name: str) -> None:
        """A step begins."""
        self._end_count()
        self._bars.stop()
        self._console.print(STEP_WORDS.get(name, name), style="bold", markup=False)

    def detail(self, text: str) -> None:
        """Something happened within the step."""
        self._end_count()
        self._bars.print(harmless(f"  {text}", LONGEST_LINE))

    def loading(self, meter: Meter) -> None:
        """The load of a table begins."""
        self._bars.add(meter)

    def progress(self, done: int, total: int) -> None:
        """So many of all nodes of the build are done."""
        if self._console.is_terminal:
            self._console.print(f"  {done} of {total}", end="\r", highlight=False)
            self._counting = True
        elif done % (total // 4 or 1) == 0 or done == total:
            self._console.print(f"  {done} of {total}", highlight=False)
        if done == total:
            self._end_count()

    def _end_count(self) -> None:
        if self._counting:
            self._console.print()
            self._counting = False


def print_run(console: Console, project: Project, result: RunResult) -> None:
    """The closing summary of a run, also of one that failed."""
    console.print()
    if result.ingested is not None:
        print_ingested(console, result.ingested)
    if result.build is not None:
        for failed in result.build.failed:
            print_failed_node(console, failed)
        for warned in result.build.warned:
            print_warned_test(console, warned)
        build = result.build
        console.print(
            f"Models {build.models}   tests passed {build.passed}   warned {len(build.warned)}   "
            f"failed {len(build.failed)}   skipped {build.skipped}",
            highlight=False,
        )
    seconds = "   ".join(f"{name} {taken:.1f}" for name, taken in result.steps)
    total = sum(taken for _, taken in result.steps)
    console.print(f"Seconds {total:.1f}:   {seconds}", highlight=False)
    console.print()
    if result.release is not None:
        page = os.path.relpath(project.site / "index.html", project.root)
        console.print(f"Release {result.release.release_id}", highlight=False)
        console.print(f"The report is at {page}", style="bold green", markup=False)
        return
    console.print(f"Not released: {result.problem}.", style="bold red", markup=False)
    kept = result.kept_release_id
    console.print(
        f"Readers still see release {kept}." if kept else "There is no release yet.",
        highlight=False,
    )


def print_ingested(console: Console, ingested: IngestResult) -> None:
    """Rows read, loaded and rejected per table, then what could not be loaded."""
    table = table_of("table", ">read", ">loaded", ">rejected", ">seconds", "")
    for one in ingested.tables:
        table.add_row(
            f"{one.source_name}.{one.table_name}",
            f"{one.rows_read:,}",
            f"{one.rows_loaded:,}",
            f"{one.rows_rejected:,}",
            f"{one.seconds:.1f}",
            "failed" if one.error else "" if one.load_id else "nothing new",
        )
    table.add_row(
        "all",
        f"{sum(one.rows_read for one in ingested.tables):,}",
        f"{sum(one.rows_loaded for one in ingested.tables):,}",
        f"{sum(one.rows_rejected for one in ingested.tables):,}",
    )
    console.print(table)
    console.print()
    _print_errors(console, ingested)


def print_replayed(console: Console, ingested: IngestResult) -> None:
    """Rejected rows that are loaded now, and those that still do not fit, per table."""
    table = table_of("table", ">loaded now", ">still rejected", ">seconds", "")
    for one in ingested.tables:
        table.add_row(
            f"{one.source_name}.{one.table_name}",
            f"{one.rows_replayed:,}",
            "" if one.rows_left is None else f"{one.rows_left:,}",
            f"{one.seconds:.1f}",
            "failed" if one.error else "",
        )
    console.print(table)
    console.print()
    _print_errors(console, ingested)


def _print_errors(console: Console, ingested: IngestResult) -> None:
    for one in ingested.tables:
        if one.error is not None:
            said = harmless(f"{one.source_name}.{one.table_name}: {one.error}", LONGEST_LINE)
            console.print(said, style="red")


def ingested_as_json(ingested: IngestResult) -> list[dict[str, Any]]:
    """The result of each table, its error as the sentence that a person reads."""
    return [
        asdict(replace(one, error=None)) | {"error": str(one.error) if one.error else None}
        for one in ingested.tables
    ]


def print_plan(console: Console, plans: Sequence[TablePlan]) -> None:
    """What a load would do: a line per file or request, with the reason; many known files are one line."""
    table = table_of("table", "would", "file or address", ">bytes", "why")
    for one in plans:
        name = f"{one.source_name}.{one.table_name}"
        listed = one.files
        for what, why in (("known", "known"), ("outside", "outside --from and --to")):
            alike = [file for file in one.files if file.what == what]
            if len(alike) > MOST_KNOWN_LISTED:
                listed = tuple(file for file in listed if file.what != what)
                size = f"{sum(file.bytes or 0 for file in alike):,}"
                table.add_row(name, PLAN_WORDS[what], f"{len(alike):,} files", size, why)
        for file in listed:
            size = "" if file.bytes is None else f"{file.bytes:,}"
            words = PLAN_WORDS[file.what]
            table.add_row(
                name,
                words,
                harmless(file.path, LONGEST_LINE),
                size,
                harmless(file.why, LONGEST_LINE),
            )
        if one.request is not None:
            table.add_row(
                name, "ask", harmless(one.request.address, LONGEST_LINE), "", _window(one.request)
            )
        for shard in one.shards:
            place = harmless(f"{shard.stream}: {shard.shard}", LONGEST_LINE)
            table.add_row(name, "read", place, "", harmless(shard.since, LONGEST_LINE))
        if one.problem is not None:
            table.add_row(name, "fail", "", "", harmless(one.problem, LONGEST_LINE))
    console.print(table)
    console.print(
        "\nA dry run: nothing was written and no data was fetched. Web servers and object stores were only "
        "asked what is there; APIs, databases and streams were not asked."
    )


def _window(request: PlannedRequest) -> Text:
    """What is asked for, and how that follows from the cursor."""
    text = "everything"
    if request.since is not None:
        text = f"{request.parameter}={request.since}"
    if request.reached is not None:
        text += f" (reached {request.reached}, less {request.lookback})"
    if request.replaces:
        loads = "load" if len(request.replaces) == 1 else "loads"
        text += f"; replaces {loads} {', '.join(request.replaces)}"
    return harmless(text, LONGEST_LINE)


def print_failed_node(console: Console, failed: FailedNode) -> None:
    """Which model or test failed, where it stands, and the rows it failed on."""
    console.print(
        f"{failed.kind} {failed.name} failed ({failed.file})", style="bold red", markup=False
    )
    for line in failed.message.splitlines():
        console.print(harmless(f"  {line}", LONGEST_LINE))
    if failed.examples:
        table = table_of(*failed.columns)
        for row in failed.examples:
            table.add_row(
                *(harmless("null" if value is None else str(value), LONGEST_CELL) for value in row)
            )
        console.print(table)
        if failed.failures and failed.failures > len(failed.examples):
            console.print(f"  ... of {failed.failures:,}", highlight=False)
    if failed.query:
        console.print(f"  All rows: run the query in {failed.query}", highlight=False)
    console.print()


def print_warned_test(console: Console, warned: WarnedTest) -> None:
    """What a test found that stops nothing, in one sentence: where, how much, and what to do."""
    rows = "1 row" if warned.rows == 1 else f"{warned.rows:,} rows"
    remedy = warned.what_to_do or "look at the rows, and mend them at their source"
    query = f" (all rows: run the query in {warned.query})" if warned.query else ""
    said = f"Warning: {warned.about}: {warned.name} found {rows}; {remedy}{query}."
    console.print(harmless(said, LONGEST_LINE), style="yellow")
    console.print()
