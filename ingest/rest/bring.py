"""A load of an API into the lake: its files, then the records that will make it exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from ingest.incremental.read_rows import lake_schema, parquet_relation
from ingest.json.files import rows_by_file
from ingest.lake.manifest import LakeFile, LoadedInput, Record, Superseded, added_of, utc_text
from ingest.lake.writer import Staged, bring, hand_over
from ingest.rest.declaration import RestSource, RestTable
from ingest.rest.fetch import Fetched
from ingest.results import LoadContext
from ingest.rows.read_table import ReadTable


@dataclass(frozen=True)
class Span:
    """From where to where a load asked, where the cursor stood, and where it stands after it."""

    start: str | None
    end: str | None
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Finished:
    """A load that is ready to be brought; per table its inputs, and what it replaces."""

    load_id: str
    started: datetime
    tables: Sequence[ReadTable]
    inputs: Mapping[str, tuple[LoadedInput, ...]]
    replaces: Mapping[str, tuple[Superseded, ...]]
    bytes: int
    span: Span


def inputs_of(
    connection: duckdb.DuckDBPyConnection,
    table: RestTable,
    tables: Sequence[ReadTable],
    fetched: Sequence[Fetched],
) -> dict[str, tuple[LoadedInput, ...]]:
    """What became of the rows of each list that was asked for, by table."""
    found = {}
    for each in tables:
        if table.parent is None:
            loaded = {fetched[0].resource.path: each.rows_loaded}
            rejected = {fetched[0].resource.path: each.rows_rejected}
        else:
            loaded = rows_by_file(connection, parquet_relation([each.rows_file]))
            rejected = rows_by_file(connection, parquet_relation([each.rejected_file]), "file")
        counts = [
            (one, loaded.get(one.resource.path, 0), rejected.get(one.resource.path, 0))
            for one in fetched
        ]
        found[each.name] = tuple(
            LoadedInput(one.resource.path, one.sha256, one.bytes, fit + unfit, fit, unfit)
            for one, fit, unfit in counts
        )
    return found


def bring_all(
    context: LoadContext, source: RestSource, table: RestTable, done: Finished
) -> list[Record]:
    """Bring the files into the lake; gives the records that are to be committed."""
    staged = [
        Staged(each.name, each.rows_file if each.rows_loaded else None, each.rows_loaded)
        for each in done.tables
    ]
    has_state = table.cursor or table.parent
    state = {"cursor": done.span.after} if has_state else {}
    files = hand_over(context.lake, source.name, done.load_id, staged, state)
    records = []
    for each in done.tables:
        rejected: tuple[LakeFile, ...] = ()
        if each.rows_rejected:
            file = bring(each.rejected_file, context.lake, source.name, each.name, done.load_id)
            rejected = (file,)
        records.append(
            Record(
                load_id=done.load_id,
                source_name=source.name,
                table_name=each.name,
                kind=source.kind,
                started_at=utc_text(done.started),
                finished_at=utc_text(context.now()),
                window_start=done.span.start,
                window_end=done.span.end,
                cursor_before=done.span.before,
                cursor_after=done.span.after,
                rows_read=each.rows_read,
                rows_loaded=each.rows_loaded,
                rows_rejected=each.rows_rejected,
                bytes_read=done.bytes if each is done.tables[0] else 0,
                files=files[each.name],
                rejected_files=rejected,
                inputs=done.inputs[each.name],
                supersedes=done.replaces.get(each.name, ()),
                schema=lake_schema(each),
                added=added_of(each.columns),
            )
        )
    return records
