"""What an ingest would load and why, told without loading: nothing is written, no API is asked.

The decisions are those of the load itself (ingest.csv_files, ingest.rest_request). Files are read to their
end, so a broken one is refused here too; whether each row fits its types, only a load finds out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from configuration.errors import PlainError
from ingest.csv_files import CsvFiles, csv_readers, open_files
from ingest.csv_inputs import Decided
from ingest.manifest import Manifest, read_manifest
from ingest.rest_request import rest_request
from ingest.run import wanted_tables
from ingest.sources_file import CsvSource, CsvTable, RestSource, RestTable, SourcesFile


@dataclass(frozen=True)
class PlannedFile:
    """One CSV file: `what` is new, changed, again, known or refused; `bytes` None when it is not there."""

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
        match pair:
            case (CsvSource() as source, CsvTable() as table):
                plans.append(_csv_plan(manifest, source, table, root, reload=reload))
            case (RestSource() as source, RestTable() as table):
                request = _request(sources, manifest, source, table, reload=reload)
                plans.append(TablePlan(source.name, table.name, source.kind, request=request))
    return plans


def _csv_plan(
    manifest: Manifest, source: CsvSource, table: CsvTable, root: Path, *, reload: bool
) -> TablePlan:
    live = manifest.live_inputs(source.name, table.name)
    try:
        with csv_readers() as readers:
            files = open_files(table, root, live, readers, reload=reload)
            # A load reads these while it loads them; then it leaves out those that are bad.
            files.finish_inspecting(files.start_inspecting(files.choose().load))
            found = _files(files, root)
    except PlainError as error:
        return TablePlan(source.name, table.name, source.kind, problem=str(error))
    except OSError as error:
        problem = PlainError(
            f"the files cannot be read ({error.strerror or error})",
            where=table.path,
            remedy="Check that they are there and that you may read them.",
        )
        return TablePlan(source.name, table.name, source.kind, problem=str(problem))
    return TablePlan(source.name, table.name, source.kind, files=found)


def _files(files: CsvFiles, root: Path) -> tuple[PlannedFile, ...]:
    found = [
        PlannedFile(each.input.path, each.what, each.input.bytes, _why(each))
        for each in files.choose().files
    ]
    found += [
        PlannedFile(path, "known", _size(root / path), "does not fit any more, but was loaded")
        for path in files.of_old
    ]
    found += [
        PlannedFile(path, "refused", _size(root / path), str(error))
        for path, error in files.refused.items()
    ]
    return tuple(sorted(found, key=lambda file: file.path))


def _why(decided: Decided) -> str:
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
