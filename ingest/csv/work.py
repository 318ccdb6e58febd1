"""A CSV table as work: what a load does, and what it would do."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ingest.csv.declaration import CsvSource, CsvTable
from ingest.csv.files import CsvFiles, csv_readers, open_files
from ingest.csv.load import prepare_csv
from ingest.files.file_table import FileTask
from ingest.files.work import FileWork, planned
from ingest.plans import PlannedFile


def csv_work(source: CsvSource, table: CsvTable) -> FileWork:
    """The work that `table` is."""
    return FileWork(
        source.name,
        source.kind,
        (table.name,),
        table.path,
        prepare=partial(prepare_csv, table),
        look=partial(_look, table),
    )


def _look(table: CsvTable, task: FileTask) -> tuple[PlannedFile, ...]:
    with csv_readers(task.spool) as readers:
        files = open_files(table, task, readers)
        # A load reads these while it loads them; then it leaves out those that are bad.
        files.finish_inspecting(files.start_inspecting(files.choose().load))
        found = planned(files.choose(), files.of_old, files.refused, task.root)
        read = (_with_dialect(each, files) for each in found)
        return tuple(sorted((*read, *files.found.told), key=lambda file: file.path))


def _with_dialect(each: PlannedFile, files: CsvFiles) -> PlannedFile:
    """The file with how it would be read, where that is not the plain way."""
    if each.what in ("known", "refused") or not files.inputs[each.path].dialect.recorded():
        return each
    return replace(each, why=f"{each.why}; read with {files.inputs[each.path].dialect}")
