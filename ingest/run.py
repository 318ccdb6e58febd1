"""One ingest: every table of the sources file, one after the other; what fails does not stop the rest.

The caller holds the lake's lock. For each table: plan from the manifest, prepare in the spool, bring the
files into the lake, and last of all write the record that makes the load exist.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from configuration.errors import ConfigurationError, PlainError
from configuration.yaml_file import nearest
from ingest.csv_load import CsvOutcome, PreparedCsv, prepare
from ingest.csv_reader import FILE_COLUMN
from ingest.lake_writer import Staged, bring, hand_over, spool_folder, sweep
from ingest.manifest import (
    Manifest,
    Record,
    SchemaColumn,
    commit,
    new_load_id,
    read_manifest,
    utc_text,
)
from ingest.sources_file import CsvSource, CsvTable, RestSource, RestTable, SourcesFile

Progress = Callable[[str], None]
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class TableResult:
    """What happened to one table; `load_id` is None when nothing new was loaded."""

    source_name: str
    table_name: str
    load_id: str | None = None
    rows_read: int = 0
    rows_loaded: int = 0
    rows_rejected: int = 0
    inputs_loaded: int = 0
    inputs_skipped: int = 0
    seconds: float = 0.0
    error: PlainError | None = None


@dataclass(frozen=True)
class IngestResult:
    """One result per table, in the order of the sources file."""

    tables: list[TableResult] = field(default_factory=list)

    @property
    def failed(self) -> list[TableResult]:
        """The tables with an error."""
        return [table for table in self.tables if table.error]


def utc_now() -> datetime:
    """The clock, in UTC."""
    return datetime.now(UTC)


@dataclass
class _Run:
    sources: SourcesFile
    lake: Path
    root: Path
    progress: Progress
    now: Clock
    manifest: Manifest

    def new_load(self) -> str:
        return new_load_id(self.now(), self.manifest.last_load())

    def commit(self, records: Sequence[Record]) -> None:
        commit(self.lake, records)
        self.manifest.records.extend(records)


def ingest(
    sources_file: SourcesFile,
    lake: Path,
    root: Path,
    only: Sequence[str] = (),
    on_progress: Progress = lambda line: None,
    now: Clock = utc_now,
) -> IngestResult:
    """Load what is new. `only` names sources, or tables as `source.table`; none: everything.

    `root` is where relative paths of the sources file begin. Raises PlainError when the lake itself
    cannot be used; what goes wrong with one table stands in its result.
    """
    wanted = _wanted(sources_file, only)
    manifest = _open_lake(lake)
    run = _Run(sources_file, lake, root, on_progress, now, manifest)
    return IngestResult(
        [result for source, table in wanted for result in _load(run, source, table)]
    )


def _wanted(
    sources: SourcesFile, only: Sequence[str]
) -> list[tuple[CsvSource | RestSource, CsvTable | RestTable]]:
    pairs = [(source, table) for source in sources.sources for table in source.tables]
    if not only:
        return pairs
    known = {
        name for source, table in pairs for name in (source.name, f"{source.name}.{table.name}")
    }
    for name in only:
        if name not in known:
            guess = nearest(name, sorted(known))
            names = ", ".join(source.name for source in sources.sources)
            raise ConfigurationError(
                f"there is no source '{name}' in the sources file",
                remedy=f"Did you mean '{guess}'?" if guess else f"It has {names}.",
            )
    return [
        (source, table)
        for source, table in pairs
        if source.name in only or f"{source.name}.{table.name}" in only
    ]


def _open_lake(lake: Path) -> Manifest:
    try:
        manifest = read_manifest(lake)
        sweep(lake, manifest)
        spool_folder(lake).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PlainError(
            f"the lake cannot be written ({error.strerror or error})",
            where=str(lake),
            remedy="Set TILL_LAKE to a folder that you may write to.",
        ) from error
    return manifest


def _load(
    run: _Run, source: CsvSource | RestSource, table: CsvTable | RestTable
) -> list[TableResult]:
    started = time.monotonic()
    name = f"{source.name}.{table.name}"
    spool = spool_folder(run.lake) / name
    try:
        spool.mkdir(parents=True, exist_ok=True)
        results = [_load_csv(run, source, table, spool)] if isinstance(table, CsvTable) else []
    except PlainError as error:
        results = [TableResult(source.name, table.name, error=error)]
    except (OSError, duckdb.Error) as error:
        results = [TableResult(source.name, table.name, error=_disk_error(run, error))]
    finally:
        shutil.rmtree(spool, ignore_errors=True)
    seconds = time.monotonic() - started
    results = [_with_seconds(result, seconds) for result in results]
    for result in results:
        run.progress(_line(result))
    return results


def _load_csv(
    run: _Run, source: CsvSource | RestSource, table: CsvTable, spool: Path
) -> TableResult:
    started = run.now()
    load_id = run.new_load()
    live = run.manifest.live_inputs(source.name, table.name)
    outcome = prepare(table, run.root, live, spool, (source.name, table.name, load_id))
    error = _together(outcome.refused, f"{source.name}.{table.name}")
    if not outcome.prepared:
        return TableResult(source.name, table.name, inputs_skipped=outcome.skipped, error=error)
    record = _bring_csv(run, source, table, load_id, outcome.prepared, started)
    run.commit([record])
    return _csv_result(record, outcome, error)


def _bring_csv(
    run: _Run,
    source: CsvSource | RestSource,
    table: CsvTable,
    load_id: str,
    prepared: PreparedCsv,
    started: datetime,
) -> Record:
    loaded = sum(each.rows_loaded for each in prepared.inputs)
    staged = Staged(table.name, prepared.rows_file if loaded else None, loaded)
    files = hand_over(run.lake, source.name, load_id, [staged], {})[table.name]
    rejected = ()
    if prepared.rejected_file:
        rejected = (bring(prepared.rejected_file, run.lake, source.name, table.name, load_id),)
    columns = [(column.name, column.typed.type.duckdb) for column in table.columns]
    return Record(
        load_id=load_id,
        source_name=source.name,
        table_name=table.name,
        kind=source.kind,
        started_at=utc_text(started),
        finished_at=utc_text(run.now()),
        rows_read=sum(each.rows_read for each in prepared.inputs),
        rows_loaded=loaded,
        rows_rejected=sum(each.rows_rejected for each in prepared.inputs),
        bytes_read=sum(each.bytes for each in prepared.inputs),
        files=files,
        rejected_files=rejected,
        inputs=prepared.inputs,
        supersedes=prepared.supersedes,
        schema=tuple(SchemaColumn(*each) for each in [*columns, (FILE_COLUMN, "VARCHAR")]),
    )


def _csv_result(record: Record, outcome: CsvOutcome, error: PlainError | None) -> TableResult:
    return TableResult(
        record.source_name,
        record.table_name,
        record.load_id,
        record.rows_read,
        record.rows_loaded,
        record.rows_rejected,
        inputs_loaded=len(record.inputs),
        inputs_skipped=outcome.skipped,
        error=error,
    )


def _together(refused: Sequence[PlainError], where: str) -> PlainError | None:
    """One error for the files of a table that were refused."""
    if not refused:
        return None
    if len(refused) == 1:
        return refused[0]
    return PlainError(
        f"{len(refused)} files were refused; the first: {refused[0]}",
        where=where,
        remedy="Mend them one by one; each run tells the next.",
    )


def _disk_error(run: _Run, error: OSError | duckdb.Error) -> PlainError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return PlainError(
        f"the load could not be written ({run.sources.hide(reason.splitlines()[0])})",
        where=str(run.lake),
        remedy="Check that the disk has room and that you may write to the lake; nothing was half loaded.",
    )


def _with_seconds(result: TableResult, seconds: float) -> TableResult:
    return TableResult(**(vars(result) | {"seconds": round(seconds, 3)}))


def _line(result: TableResult) -> str:
    name = f"{result.source_name}.{result.table_name}"
    if result.load_id is None:
        return f"{name}: {'failed' if result.error else 'nothing new'}"
    rejected = f", {result.rows_rejected} rejected" if result.rows_rejected else ""
    failed = ", some files refused" if result.error else ""
    return f"{name}: {result.rows_loaded} rows loaded{rejected}{failed} ({result.seconds:.1f} s)"
