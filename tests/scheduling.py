"""How `pytest -n` hands out tests: whole groups, the longest first, and what a dead worker leaves is run.

The marks of xdist's own `--dist loadgroup` are lost with pytest 9.2: it hands out single tests, and
every run that several look at is made once in each worker.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from xdist.scheduler import LoadFileScheduling

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

# A worker runs a test only when it knows the next one, or that there is none.
FEWEST_AHEAD = 2

# Whole runs that several files look at: these files share a worker, so each run is made once.
SHARED_RUNS = {
    "demo_project": (
        "test_analyses",
        "test_canary_secret",
        "test_external_real_marts",
        "test_figures_demo",
    ),
    "online_retail_project": ("test_figures_online_retail", "test_online_retail_run"),
    "built_shop": (
        "test_compact_marts",
        "test_external_atomic",
        "test_external_followed_units",
        "test_external_key_ranges",
        "test_external_histories",
        "test_external_incremental",
        "test_external_restore",
        "test_external_whole_builds",
        "test_raw_places",
    ),
}
RUN_OF_FILE = {file: run for run, files in SHARED_RUNS.items() for file in files}

# Those that take longest are begun first, so that no worker sits idle at the end. Not here: the order of names.
LONGEST_FIRST = (
    "demo_project",  # first: what dbt parses for it is lent to others
    "built_shop",
    "test_run",
    "test_pages",
    "online_retail_project",
    "test_figures_threads",
    "test_figures_determinism",
    "test_bring_your_own_data",
    "test_time_and_currency",
    "test_benchmarks",
    "test_ingest_rest_staging",
    "test_laws_by_file",
    "test_ingest_kill_campaign",
    "test_add_source_runs",
    "test_ingest_kinesis",
    "test_replay_rejected",
    "test_ingest_side_by_side",
    "test_ingest_csv_killed",
    "test_ingest_reload",
    "test_ingest_postgres_failures",
    "test_ingest_cdc_killed",
)


def group_of(test: str) -> str:
    """The group of a test by its id: its file, or the run that its file shares with others."""
    file = test.split("::", 1)[0]
    return RUN_OF_FILE.get(PurePosixPath(file).stem, file)


def place_of(test: str) -> int:
    """How early the group of a test is begun."""
    name = PurePosixPath(group_of(test)).stem
    return LONGEST_FIRST.index(name) if name in LONGEST_FIRST else len(LONGEST_FIRST)


class GroupScheduling(LoadFileScheduling):
    """xdist's own way of handing out files, for groups, and mended for a worker that dies (xdist 3.8).

    There, the tests of the dead worker come back with those that were done, and its successor is handed
    one group of them: where that leaves it fewer tests than a worker needs to begin, all wait for ever.
    """

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)

    def remove_node(self, node: WorkerController) -> str | None:
        """Take back what `node` has not run, and tell which test it died in; that one is not tried again."""
        left = {
            group: {test: False for test, done in tests.items() if not done}
            for group, tests in self.assigned_work.pop(node).items()
        }
        left = {group: tests for group, tests in left.items() if tests}
        if not left:
            return None
        first = next(iter(left.values()))
        died_in = next(iter(first))
        del first[died_in]
        for group in reversed([group for group, tests in left.items() if tests]):
            self.workqueue[group] = left[group]
            self.workqueue.move_to_end(group, last=False)
        for other in self.assigned_work:
            self._reschedule(other)
        return died_in

    def _reschedule(self, node: WorkerController) -> None:
        """Hand out groups until `node` can go on, and say so when there are no more."""
        if node.shutting_down or node not in self.registered_collections:
            return
        while self.workqueue and self._pending_of(self.assigned_work[node]) <= FEWEST_AHEAD:
            self._assign_work_unit(node)
        if not self.workqueue:
            node.shutdown()
