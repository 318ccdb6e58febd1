"""What an ingest would load and why, told without loading: nothing is written, no API is asked.

The decisions are those of the load itself (ingest.csv_files, ingest.known_files, ingest.rest_request). CSV
files are read to their end, so a broken one is refused here too; whether each row fits its types, only a
load finds out, and so it is with what is broken within a Parquet or JSON file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from configuration.errors import PlainError
from ingest.csv_files import csv_readers, open_files
from ingest.file_table import FileTask
from ingest.input_files import Choice, Decided
from ingest.json_load import look_at_json
from ingest.known_files import File, KnownFiles
from ingest.manifest import Manifest, read_manifest
from ingest.parquet_load import look_at_parquet
from ingest.rest_request import rest_request
from ingest.run import wanted_tables
from ingest.sources_file import (
    AnySource,
    CsvSource,
    CsvTable,
    JsonSource,
    JsonTable,
    ParquetSource,
    ParquetTable,
    RestSource,
    RestTable,
    SourcesFile,
)


@dataclass(frozen=True)
class PlannedFile:
    """One file: `what` is new, changed, again, known or refused; `bytes` None when it is not there."""

    path: str
    what: str
    bytes: int | None
    why: str


@dataclass(frozen=True)
class PlannedRequest:
    """`address` would be asked, from `since` on (None: everything); `reached` less `lookback` made that."""

    address: str
    parameter: str | None
    since: str | None
    reached: str | None
    lookback: str | None
    replaces: tuple[str, ...]


@dataclass(frozen=True)
class TablePlan:
    """What would be done for one table; `problem` is why nothing can be."""

    source_name: str
    table_name: str
    kind: str
    files: tuple[PlannedFile, ...] = ()
    request: PlannedRequest | None = None
    problem: str | None = None

    @property
    def is_refused(self) -> bool:
        """Whether a load of this table would end with an error, as far as that can be known."""
        return self.problem is not None or any(file.what == "refused" for file in self.files)


def plan(
    sources: SourcesFile, lake: Path, root: Path, only: Sequence[str] = (), *, reload: bool = False
) -> list[TablePlan]:
    """One plan per table, in the order of the sources file; the arguments are those of `ingest`.

    Needs no lock: records appear in one piece, and a load that is under way does not count yet.
    """
    manifest = read_manifest(lake)
    plans = []
    for pair in wanted_tables(sources, only):
        source, table = pair
        match pair:
            case (RestSource() as source, RestTable() as table):
                request = _request(sources, manifest, source, table, reload=reload)
                plans.append(TablePlan(source.name, table.name, source.kind, request=request))
            case (CsvSource(), CsvTable() as csv):
                task = _task(manifest, source, [csv.name], root, reload=reload)
                plans.append(_file_plan(task, csv.path, partial(_csv_files, csv, task)))
            case (ParquetSource(), ParquetTable() as parquet):
                task = _task(manifest, source, [parquet.name], root, reload=reload)
                look = partial(look_at_parquet, parquet, task)
                plans.append(_file_plan(task, parquet.path, partial(_known_files, look, root)))
            case (JsonSource(), JsonTable() as json):
                names = [json.name, *(child.name for child in json.children)]
                task = _task(manifest, source, names, root, reload=reload)
                found = partial(look_at_json, json, task)
                plans.append(_file_plan(task, json.path, partial(_known_files, found, root)))
    return plans


def _task(
    manifest: Manifest, source: AnySource, names: Sequence[str], root: Path, *, reload: bool
) -> FileTask:
    """As a load would have it; nothing is spooled."""
    live = tuple(tuple(manifest.live_inputs(source.name, name)) for name in names)
    nowhere = Path(tempfile.gettempdir())
    return FileTask(source.name, source.kind, tuple(names), "", root, nowhere, live, reload)


def _file_plan(task: FileTask, path: str, look: Callable[[], tuple[PlannedFile, ...]]) -> TablePlan:
    name = task.names[0]
    try:
        return TablePlan(task.source, name, task.kind, files=look())
    except PlainError as error:
        return TablePlan(task.source, name, task.kind, problem=str(error))
    except OSError as error:
        problem = PlainError(
            f"the files cannot be read ({error.strerror or error})",
            where=path,
            remedy="Check that they are there and that you may read them.",
        )
        return TablePlan(task.source, name, task.kind, problem=str(problem))


def _csv_files(table: CsvTable, task: FileTask) -> tuple[PlannedFile, ...]:
    with csv_readers() as readers:
        files = open_files(table, task.root, task.live[0], readers, reload=task.reload)
        # A load reads these while it loads them; then it leaves out those that are bad.
        files.finish_inspecting(files.start_inspecting(files.choose().load))
        return _planned(files.choose(), files.of_old, files.refused, task.root)


def _known_files(look: Callable[[], KnownFiles[File]], root: Path) -> tuple[PlannedFile, ...]:
    files = look()
    return _planned(files.choose(), files.of_old, files.refusals.reasons, root)


def _planned(
    choice: Choice[Any], of_old: Sequence[str], refused: Mapping[str, PlainError], root: Path
) -> tuple[PlannedFile, ...]:
    found = [
        PlannedFile(each.input.path, each.what, each.input.bytes, _why(each))
        for each in choice.files
    ]
    found += [
        PlannedFile(path, "known", _size(root / path), "does not fit any more, but was loaded")
        for path in of_old
    ]
    found += [
        PlannedFile(path, "refused", _size(root / path), str(error))
        for path, error in refused.items()
    ]
    return tuple(sorted(found, key=lambda file: file.path))


def _why(decided: Decided[Any]) -> str:
    loads = " and ".join(decided.loads)
    if decided.twin:
        return f"the same content as {decided.twin}"
    if decided.what == "known":
        return f"in load {loads}"
    return f"replaces the version of load {loads}" if loads else "not in the lake yet"


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _request(
    sources: SourcesFile, manifest: Manifest, source: RestSource, table: RestTable, *, reload: bool
) -> PlannedRequest:
    ask = rest_request(manifest, source, table, reload=reload)
    cursor = table.cursor
    return PlannedRequest(
        address=sources.hide(f"{source.base_url}{table.path}"),
        parameter=cursor.param if cursor else None,
        since=ask.since,
        reached=ask.reached,
        lookback=cursor.lookback if cursor and ask.reached else None,
        replaces=tuple(each.load_id for each in ask.replaces.get(table.name, ())),
    )
