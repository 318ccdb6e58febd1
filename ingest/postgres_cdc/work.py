"""A followed table as work: what a load does, and what it would read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ingest.declared_table import DeclaredTable
from ingest.plans import PlannedRequest, TablePlan
from ingest.postgres_cdc.declaration import PostgresCdcSource, PostgresCdcTable
from ingest.postgres_cdc.stream import Stream, reached
from ingest.postgres_cdc.table import load_cdc
from ingest.results import Load, LoadContext, PlanContext


@dataclass(frozen=True)
class CdcWork(DeclaredTable[PostgresCdcSource, PostgresCdcTable]):
    """One table; `stream` is shared by all tables of the source, so that the slot is read once."""

    stream: Stream

    def load(self, context: LoadContext, spool: Path) -> Load:
        """Load what is new; raises PlainError when it cannot be had or does not fit."""
        return load_cdc(context, self.of, self.table, self.stream, spool)

    def plan(self, context: PlanContext) -> TablePlan:
        """From where the changes would be read; the server is not asked."""
        last = None if context.reload else reached(context.manifest, self.of.name, self.table)
        replaces = () if last else context.manifest.live_records(self.of.name, self.table.name)
        what = "changes" if last else "a copy"
        request = PlannedRequest(
            address=f"{what} of {self.table.path} (slot {self.of.slot_name})",
            parameter="log position",
            since=str(last) if last else None,
            reached=None,
            lookback=None,
            replaces=tuple(each.load_id for each in replaces),
        )
        return TablePlan(self.source, self.table.name, self.kind, request=request)


def cdc_works(source: PostgresCdcSource) -> list[CdcWork]:
    """The work of each table of `source`, with one stream for all."""
    stream = Stream(source)
    return [CdcWork(source, table, stream) for table in source.tables]
