"""A Parquet table as work: what a load does, and what it would do."""

from __future__ import annotations

from functools import partial

from ingest.files.work import FileWork, planned_known
from ingest.parquet.declaration import ParquetSource, ParquetTable
from ingest.parquet.load import look_at_parquet, prepare_parquet


def parquet_work(source: ParquetSource, table: ParquetTable) -> FileWork:
    """The work that `table` is."""
    return FileWork(
        source.name,
        source.kind,
        (table.name,),
        table.path,
        prepare=partial(prepare_parquet, table),
        look=lambda task: planned_known(look_at_parquet(table, task), task.root),
    )
