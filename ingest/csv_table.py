"""One CSV table from its files to its record: prepared, brought into the lake, ready to be committed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from configuration.errors import PlainError
from ingest.csv_load import PreparedCsv, prepare
from ingest.csv_reader import FILE_COLUMN
from ingest.lake_writer import Staged, bring, hand_over
from ingest.manifest import LakeFile, Record, SchemaColumn, utc_text
from ingest.results import Load, LoadContext, TableResult, result_of
from ingest.sources_file import CsvSource, CsvTable


def load_csv(context: LoadContext, source: CsvSource, table: CsvTable, spool: Path) -> Load:
    """Load the table's new and changed files; raises PlainError when none of them can be loaded."""
    started, load_id = context.now(), context.new_load_id()
    live = context.manifest.live_inputs(source.name, table.name)
    owner = (source.name, table.name, load_id)
    outcome = prepare(table, context.root, live, spool, owner, reload=context.reload)
    error = _together(outcome.refused, f"{source.name}.{table.name}")
    if not outcome.prepared:
        skipped = outcome.skipped
        return Load(
            (), (TableResult(source.name, table.name, inputs_skipped=skipped, error=error),)
        )
    record = _bring(context, (source, table), load_id, outcome.prepared, started=started)
    return Load((record,), (result_of(record, skipped=outcome.skipped, error=error),))


def _bring(
    context: LoadContext,
    of: tuple[CsvSource, CsvTable],
    load_id: str,
    prepared: PreparedCsv,
    *,
    started: datetime,
) -> Record:
    source, table = of
    loaded = sum(each.rows_loaded for each in prepared.inputs)
    staged = Staged(table.name, prepared.rows_file if loaded else None, loaded)
    files = hand_over(context.lake, source.name, load_id, [staged], {})[table.name]
    rejected: tuple[LakeFile, ...] = ()
    if prepared.rejected_file:
        rejected = (bring(prepared.rejected_file, context.lake, source.name, table.name, load_id),)
    schema = [SchemaColumn(column.name, column.typed.type.duckdb) for column in table.columns]
    return Record(
        load_id=load_id,
        source_name=source.name,
        table_name=table.name,
        kind=source.kind,
        started_at=utc_text(started),
        finished_at=utc_text(context.now()),
        rows_read=sum(each.rows_read for each in prepared.inputs),
        rows_loaded=loaded,
        rows_rejected=sum(each.rows_rejected for each in prepared.inputs),
        bytes_read=sum(each.bytes for each in prepared.inputs),
        files=files,
        rejected_files=rejected,
        inputs=prepared.inputs,
        supersedes=prepared.supersedes,
        schema=(*schema, SchemaColumn(FILE_COLUMN, "VARCHAR")),
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
