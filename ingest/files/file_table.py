"""One table of files from its files to its records: prepared, brought into the lake, ready to be committed.

How files of a kind are read is not its business: each kind has a `prepare` of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

from configuration.errors import PlainError
from ingest.declaration.sources_file import SourcesFile
from ingest.files.input_files import FILE_COLUMN
from ingest.files.window import UNDATED
from ingest.lake.manifest import (
    AddedColumn,
    LakeFile,
    LiveInput,
    LoadedInput,
    Record,
    SchemaColumn,
    Superseded,
    added_of,
    utc_text,
)
from ingest.lake.writer import Staged, bring, hand_over
from ingest.results import Load, LoadContext, Meter, Patience, TableResult, Window, result_of
from ingest.rows.casting import TypedColumn
from ingest.rows.new_columns import told_added


@dataclass(frozen=True)
class PreparedTable:
    """What the load would bring: finished files in the spool, and the figures of each input."""

    name: str
    columns: tuple[TypedColumn, ...]
    rows_file: Path
    rejected_file: Path | None
    inputs: tuple[LoadedInput, ...]
    # Headers that are not declared and were passed over.
    ignored: tuple[str, ...] = ()

    @property
    def added(self) -> tuple[AddedColumn, ...]:
        """The columns that are loaded though nobody declared them."""
        return added_of(self.columns)

    @property
    def rows_loaded(self) -> int:
        """Of all inputs."""
        return sum(each.rows_loaded for each in self.inputs)


@dataclass(frozen=True)
class FileOutcome:
    """`tables` is empty when nothing is to be loaded; `refused` are files that were left out.

    The first of `tables` is the table itself, then its children.
    """

    tables: tuple[PreparedTable, ...]
    supersedes: tuple[Superseded, ...]
    skipped: int
    refused: tuple[PlainError, ...]


@dataclass(frozen=True)
class FileTask:
    """Which table of which source is loaded: `names` are its own and those of its children."""

    source: str
    kind: str
    names: tuple[str, ...]
    load_id: str
    root: Path
    spool: Path
    live: tuple[tuple[LiveInput, ...], ...]  # what counts today, of each of `names`
    reload: bool = False
    window: Window | None = None
    # Files that the window leaves out, with the reason: `in_window` notes them here.
    left_out: dict[str, str] = field(default_factory=dict)
    is_dry: bool = False  # only look: nothing is fetched
    sources: SourcesFile | None = None
    patience: Patience = field(default_factory=Patience)
    started: datetime | None = None
    # The names that former loads of the table gave to headers that are not declared.
    named: Mapping[str, str] = field(default_factory=dict)
    meter: Meter = field(default_factory=Meter)  # one that nobody looks at

    @property
    def where(self) -> str:
        """How messages call it."""
        return f"{self.source}.{self.names[0]}"

    @property
    def complete(self) -> list[LiveInput]:
        """The inputs that count in the table and in every child."""
        everywhere = set.intersection(
            *({(each.load_id, each.input.path) for each in live} for live in self.live)
        )
        return [each for each in self.live[0] if (each.load_id, each.input.path) in everywhere]

    def owner(self, table: str) -> tuple[str, str, str]:
        """Whose a rejected row is."""
        return self.source, table, self.load_id


def load_files(
    context: LoadContext,
    source: tuple[str, str],
    names: Sequence[str],
    spool: Path,
    prepare: Callable[[FileTask], FileOutcome],
) -> Load:
    """Load a table's new and changed files; raises PlainError when none of them can be loaded.

    `source` is its name and its kind, `names` are the table and its children.
    """
    started = context.now()
    live = tuple(tuple(context.manifest.live_inputs(source[0], name)) for name in names)
    load_id = context.new_load_id()
    task = FileTask(
        *source,
        tuple(names),
        load_id,
        context.root,
        spool,
        live,
        reload=context.reload,
        window=context.window,
        sources=context.sources,
        patience=context.patience,
        started=started,
        named=context.manifest.added_names(source[0], names[0]),
        meter=context.meter,
    )
    outcome = prepare(task)
    read = outcome.tables[0].inputs if outcome.tables else ()
    context.meter.settle(sum(each.rows_read for each in read))
    if undated := sum(why == UNDATED for why in task.left_out.values()):
        files = "1 file has" if undated == 1 else f"{undated:,} files have"
        context.progress(
            f"{task.where}: {files} no date in the name, so --from and --to leave it out"
        )
    error = _together(outcome.refused, task.where)
    if outcome.supersedes and not outcome.tables:
        # A file that became a copy of another brings no rows, and takes its former ones back.
        outcome = replace(outcome, tables=tuple(_without_rows(name, spool) for name in names))
    if not outcome.tables:
        skipped = outcome.skipped
        first = TableResult(task.source, names[0], inputs_skipped=skipped, error=error)
        return Load((), (first, *(TableResult(task.source, name) for name in names[1:])))
    records = _bring(context, task, outcome, started)
    for each in outcome.tables:
        tell_new(context, f"{task.source}.{each.name}", each.columns, each.ignored)
    own = result_of(records[0], skipped=outcome.skipped, error=error)
    return Load(tuple(records), (own, *(result_of(each) for each in records[1:])))


def tell_new(
    context: LoadContext, where: str, columns: Sequence[TypedColumn], ignored: Sequence[str]
) -> None:
    """Say which columns nobody declared, and what became of them."""
    if any(column.added_from is not None for column in columns):
        context.progress(f"{where}: {told_added(columns)}")
    if ignored:
        context.progress(f"{where}: not declared, so not loaded: {', '.join(ignored)}")


def _without_rows(name: str, spool: Path) -> PreparedTable:
    return PreparedTable(name, (), spool / "none.parquet", None, ())


def _bring(
    context: LoadContext, task: FileTask, outcome: FileOutcome, started: datetime
) -> list[Record]:
    staged = [
        Staged(each.name, each.rows_file if each.rows_loaded else None, each.rows_loaded)
        for each in outcome.tables
    ]
    files = hand_over(context.lake, task.source, task.load_id, staged, {})
    records = []
    for each in outcome.tables:
        rejected: tuple[LakeFile, ...] = ()
        if each.rejected_file:
            rejected = (
                bring(each.rejected_file, context.lake, task.source, each.name, task.load_id),
            )
        schema = [SchemaColumn(column.name, column.type.duckdb) for column in each.columns]
        records.append(
            Record(
                load_id=task.load_id,
                source_name=task.source,
                table_name=each.name,
                kind=task.kind,
                window_start=_day(task.window.start) if task.window else None,
                window_end=_day(task.window.end) if task.window else None,
                started_at=utc_text(started),
                finished_at=utc_text(context.now()),
                rows_read=sum(one.rows_read for one in each.inputs),
                rows_loaded=each.rows_loaded,
                rows_rejected=sum(one.rows_rejected for one in each.inputs),
                bytes_read=sum(one.bytes for one in each.inputs),
                files=files[each.name],
                rejected_files=rejected,
                inputs=each.inputs,
                supersedes=outcome.supersedes,
                schema=(*schema, SchemaColumn(FILE_COLUMN, "VARCHAR")),
                added=each.added,
            )
        )
    return records


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


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
