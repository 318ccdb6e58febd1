"""Every kind of source, and the work that its tables are.

A new kind needs a line here and in the union of ingest.declaration.sources_file; the rest is in its own folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ingest.csv.declaration import CsvSource
from ingest.csv.work import csv_work
from ingest.declaration.sources_file import AnySource
from ingest.events.declaration import EventsSource
from ingest.events.work import events_work
from ingest.excel.declaration import ExcelSource
from ingest.excel.work import excel_work
from ingest.json.declaration import JsonSource
from ingest.json.work import json_work
from ingest.kinesis.declaration import KinesisSource
from ingest.kinesis.work import KinesisWork
from ingest.parquet.declaration import ParquetSource
from ingest.parquet.work import parquet_work
from ingest.plans import TablePlan
from ingest.postgres.declaration import PostgresSource
from ingest.postgres.work import PostgresWork
from ingest.postgres_cdc.declaration import PostgresCdcSource
from ingest.postgres_cdc.work import cdc_works
from ingest.rest.declaration import RestSource
from ingest.rest.work import RestWork
from ingest.results import Load, LoadContext, PlanContext

# The kinds that can load some days of what there is; the others always load what is new.
KINDS_WITH_WINDOW = frozenset({"csv", "parquet", "json", "excel", "events", "rest_api", "postgres"})


class TableWork(Protocol):
    """One declared table, with its children, as work."""

    @property
    def source(self) -> str:
        """The name of its source."""

    @property
    def kind(self) -> str:
        """The kind of its source."""

    @property
    def names(self) -> tuple[str, ...]:
        """The table, then its children."""

    def load(self, context: LoadContext, spool: Path) -> Load:
        """Bring what is new into the lake, uncommitted; raises PlainError when nothing can be loaded."""

    def plan(self, context: PlanContext) -> TablePlan:
        """Say what a load would do; nothing is written."""


def works(source: AnySource) -> list[TableWork]:
    """The work of each table of `source`, in the order of the sources file."""
    found: Sequence[TableWork]
    match source:
        case CsvSource():
            found = [csv_work(source, table) for table in source.tables]
        case ParquetSource():
            found = [parquet_work(source, table) for table in source.tables]
        case ExcelSource():
            found = [excel_work(source, table) for table in source.tables]
        case JsonSource():
            found = [json_work(source, table) for table in source.tables]
        case EventsSource():
            found = [events_work(source, table) for table in source.tables]
        case RestSource():
            found = [RestWork(source, table) for table in source.tables]
        case PostgresSource():
            found = [PostgresWork(source, table) for table in source.tables]
        case KinesisSource():
            found = [KinesisWork(source, source.tables[0])]
        case PostgresCdcSource():
            found = cdc_works(source)
    return list(found)
