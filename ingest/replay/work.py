"""A table's replay as work: its rejected rows that fit by now become a load, with a record of its own.

No row is read: those that are loaded are no longer rejected, so that such a record counts rows loaded and, as
many, less than no rows rejected. Its inputs are those that the rows came from: whatever replaces one of them
later takes the replayed rows back too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from ingest.csv.declaration import CsvTable
from ingest.declaration.sources_file import AnySource
from ingest.declaration.tables import RecordTableBlock, TableBlock
from ingest.declared_table import DeclaredTable
from ingest.excel.declaration import ExcelTable
from ingest.files.file_table import tell_new
from ingest.files.input_files import FILE_COLUMN
from ingest.lake.manifest import (
    LakeFile,
    LiveInput,
    LoadedInput,
    Record,
    SchemaColumn,
    added_of,
    utc_text,
)
from ingest.lake.writer import Staged, bring, hand_over
from ingest.postgres_cdc.declaration import PostgresCdcTable
from ingest.replay.changes import fit_changes
from ingest.replay.flat import fit_csv, fit_objects
from ingest.replay.open_rows import OpenTable, collect_open_rows, write_replayed
from ingest.replay.records import fit_records
from ingest.results import Load, LoadContext, TableResult, result_of
from ingest.rows.casting import TypedColumn
from ingest.rows.duckdb_sql import connect, identifier, number, text_literal, write_parquet
from ingest.rows.rejected_rows import write_rejected


@dataclass(frozen=True)
class _Fitted:
    """A table's rows that fit now, in the spool; `rejected_file` has rows that nobody had read before."""

    name: str
    columns: tuple[TypedColumn, ...]
    rows_file: Path
    rejected_file: Path | None = None


@dataclass(frozen=True)
class _Counts:
    """By input: rows loaded, of these those that were rejected before, and rows that are rejected newly."""

    loaded: Mapping[str, int]
    taken: Mapping[str, int]
    rejected: Mapping[str, int]

    def of(self, live: LiveInput) -> LoadedInput:
        """The input as the record has it; its bytes were counted when it was read."""
        path = live.input.path
        loaded, taken = self.loaded.get(path, 0), self.taken.get(path, 0)
        rejected = self.rejected.get(path, 0)
        read = loaded - taken + rejected
        version = live.input.version
        return LoadedInput(path, live.input.sha256, 0, read, loaded, rejected - taken, version)


@dataclass(frozen=True)
class ReplayWork(DeclaredTable[AnySource, TableBlock]):
    """One declared table, with its children, whose rejected rows are tried again."""

    def load(self, context: LoadContext, spool: Path) -> Load:
        """Bring the rejected rows that fit now into the lake, uncommitted."""
        started, load_id = context.now(), context.new_load_id()
        connection = connect(spool)
        try:
            tables = [OpenTable(self.source, name) for name in self.names]
            is_open = collect_open_rows(connection, context.lake, context.manifest, tables)
            fitted = self._fit(context, connection, spool) if is_open else ()
            if not is_open or not number(connection, "select count(*) from taken"):
                return Load((), tuple(self._nothing(connection, name) for name in self.names))
            records = self._bring(context, connection, spool, fitted, load_id, utc_text(started))
            results = [
                replace(
                    result_of(record),
                    rows_replayed=_count(connection, record.table_name, "semi"),
                    rows_left=_count(connection, record.table_name, "anti"),
                )
                for record in records
            ]
        finally:
            connection.close()
        return Load(tuple(records), tuple(results))

    def _nothing(self, connection: duckdb.DuckDBPyConnection, name: str) -> TableResult:
        left = f"select count(*) from open_rows where table_name = {text_literal(name)}"
        return TableResult(self.source, name, rows_left=number(connection, left))

    def _fit(
        self, context: LoadContext, connection: duckdb.DuckDBPyConnection, spool: Path
    ) -> tuple[_Fitted, ...]:
        where = f"{self.source}.{self.table.name}"
        named = context.manifest.added_names(self.source, self.table.name)
        table = self.table
        if isinstance(table, RecordTableBlock):
            found = fit_records(connection, table, spool, where, named)
            parent = _Fitted(table.name, found.parent.columns, found.parent.rows_file)
            children = (
                _Fitted(
                    each.name,
                    each.columns,
                    each.rows_file,
                    each.rejected_file if each.rows_rejected else None,
                )
                for each in found.children
            )
            return (parent, *children)
        if isinstance(table, CsvTable):
            live = context.manifest.live_inputs(self.source, table.name)

            def tell(text: str) -> None:
                context.progress(f"{where}: {text}")

            typed = fit_csv(connection, table, live, context.root, spool, named, tell)
        elif isinstance(table, PostgresCdcTable):
            typed = fit_changes(connection, table, named)
        elif isinstance(table, ExcelTable):
            # A line of text does not say what was in an empty, a long or a quoted cell.
            typed = fit_objects(connection, table, named, kept_in="carried")
        else:
            typed = fit_objects(connection, table, named)
        rows_file = spool / "replayed.rows.parquet"
        chosen = ", ".join(identifier(column.name) for column in typed)
        write_parquet(connection, f"select {chosen}, {FILE_COLUMN} from fitting", rows_file)
        return (_Fitted(table.name, typed, rows_file),)

    def _bring(
        self,
        context: LoadContext,
        connection: duckdb.DuckDBPyConnection,
        spool: Path,
        fitted: Sequence[_Fitted],
        load_id: str,
        started: str,
    ) -> list[Record]:
        counts = {each.name: _counts(connection, each) for each in fitted}
        staged = [
            Staged(
                each.name,
                each.rows_file if (rows := sum(counts[each.name].loaded.values())) else None,
                rows,
            )
            for each in fitted
        ]
        files = hand_over(context.lake, self.source, load_id, staged, {})
        inputs = self._inputs(context, {path for each in counts.values() for path in each.loaded})
        records = []
        for each in fitted:
            figures = tuple(counts[each.name].of(one) for one in inputs)
            schema = [SchemaColumn(column.name, column.type.duckdb) for column in each.columns]
            former = context.manifest.of_table(self.source, each.name)
            cursor = former[-1].cursor_after if former else None
            replayed = self._bring_replayed(context, connection, spool, each.name, load_id)
            records.append(
                Record(
                    load_id=load_id,
                    source_name=self.source,
                    table_name=each.name,
                    kind=self.of.kind,
                    started_at=started,
                    finished_at=utc_text(context.now()),
                    rows_read=sum(one.rows_read for one in figures),
                    rows_loaded=sum(one.rows_loaded for one in figures),
                    rows_rejected=sum(one.rows_rejected for one in figures),
                    bytes_read=0,
                    files=files[each.name],
                    rejected_files=self._bring_rejected(context, connection, spool, each, load_id),
                    inputs=figures,
                    schema=(*schema, SchemaColumn(FILE_COLUMN, "VARCHAR")),
                    # A replay asks no source for anything, so a cursor stays where it is.
                    cursor_before=cursor,
                    cursor_after=cursor,
                    added=added_of(each.columns),
                    replayed_files=replayed,
                )
            )
            tell_new(context, f"{self.source}.{each.name}", each.columns, ())
        return records

    def _inputs(self, context: LoadContext, paths: set[str]) -> list[LiveInput]:
        """The inputs that the rows came from: the same in the records of the table and its children."""
        found: dict[str, LiveInput] = {}
        for name in self.names:
            for each in context.manifest.live_inputs(self.source, name):
                if each.input.path in paths:
                    found[each.input.path] = each
        return [found[path] for path in sorted(found)]

    def _bring_replayed(
        self,
        context: LoadContext,
        connection: duckdb.DuckDBPyConnection,
        spool: Path,
        name: str,
        load_id: str,
    ) -> tuple[LakeFile, ...]:
        path = spool / f"{name}.replayed.parquet"
        if not write_replayed(connection, name, utc_text(context.now()), path):
            return ()
        return (bring(path, context.lake, self.source, name, load_id, "replayed.parquet"),)

    def _bring_rejected(
        self,
        context: LoadContext,
        connection: duckdb.DuckDBPyConnection,
        spool: Path,
        each: _Fitted,
        load_id: str,
    ) -> tuple[LakeFile, ...]:
        if each.rejected_file is None:
            return ()
        path = spool / f"{each.name}.rejected.complete.parquet"
        owner = (self.source, each.name, load_id)
        write_rejected(connection, owner, path, _parquet(each.rejected_file), carried=True)
        return (bring(path, context.lake, self.source, each.name, load_id),)


def replay_works(source: AnySource) -> list[ReplayWork]:
    """The replay of each table of `source`, in the order of the sources file."""
    return [ReplayWork(source, table) for table in source.tables]


def _counts(connection: duckdb.DuckDBPyConnection, each: _Fitted) -> _Counts:
    taken = (
        "(select file from open_rows semi join taken using (id) "
        f"where table_name = {text_literal(each.name)})"
    )
    rejected = (
        _by_file(connection, _parquet(each.rejected_file), "file") if each.rejected_file else {}
    )
    return _Counts(
        _by_file(connection, _parquet(each.rows_file), FILE_COLUMN),
        _by_file(connection, taken, "file"),
        rejected,
    )


def _by_file(connection: duckdb.DuckDBPyConnection, relation: str, column: str) -> dict[str, int]:
    found = connection.execute(f"select {column}, count(*) from {relation} group by all").fetchall()
    return {str(path): int(count) for path, count in found}


def _parquet(path: Path) -> str:
    return f"read_parquet({text_literal(str(path))})"


def _count(connection: duckdb.DuckDBPyConnection, table: str, kind: str) -> int:
    """Of the rows of `table` that were tried, those that fit (`semi`) or do not (`anti`)."""
    return number(
        connection,
        f"select count(*) from open_rows {kind} join taken using (id) "
        f"where table_name = {text_literal(table)}",
    )
