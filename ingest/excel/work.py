"""A table of spreadsheets as work: what a load does, and what it would do."""

from __future__ import annotations

from functools import partial

from ingest.excel.declaration import ExcelSource, ExcelTable
from ingest.excel.load import look_at_excel, prepare_excel
from ingest.files.work import FileWork, planned_known


def excel_work(source: ExcelSource, table: ExcelTable) -> FileWork:
    """The work that `table` is."""
    return FileWork(
        source.name,
        source.kind,
        (table.name,),
        table.path,
        prepare=partial(prepare_excel, table),
        look=lambda task: planned_known(look_at_excel(table, task), task.root),
    )
