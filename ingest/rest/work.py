"""A resource of an API as work: what a load does, and what it would ask for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from configuration.errors import PlainError
from ingest.declared_table import DeclaredTable
from ingest.lake.writer import import_dlt
from ingest.plans import PlannedRequest, TablePlan
from ingest.rest.declaration import RestSource, RestTable
from ingest.rest.family import load_family
from ingest.rest.request import rest_request
from ingest.rest.table import load_rest
from ingest.results import Load, LoadContext, PlanContext


@dataclass(frozen=True)
class RestWork(DeclaredTable[RestSource, RestTable]):
    """One table of an API, with its children."""

    def load(self, context: LoadContext, spool: Path) -> Load:
        """Load what the API has that is new; raises PlainError when it cannot be had or does not fit."""
        import_dlt(context.lake)  # its client for APIs comes before the hand-over
        if self.table.parent:
            return load_family(context, self.of, self.table, spool)
        return load_rest(context, self.of, self.table, spool)

    def plan(self, context: PlanContext) -> TablePlan:
        """What would be asked for; the API itself is not asked."""
        try:
            request = self._request(context)
        except PlainError as error:
            return TablePlan(self.source, self.table.name, self.kind, problem=str(error))
        return TablePlan(self.source, self.table.name, self.kind, request=request)

    def _request(self, context: PlanContext) -> PlannedRequest:
        ask = rest_request(
            context.manifest, self.of, self.table, reload=context.reload, window=context.window
        )
        cursor = self.table.cursor
        is_incremental = cursor and ask.reached and not ask.window
        replaces = () if self.table.parent else ask.replaces.get(self.table.name, ())
        return PlannedRequest(
            address=context.sources.hide(f"{self.of.base_url}{self.table.path}"),
            parameter=cursor.param if cursor else None,
            since=ask.since,
            reached=None if ask.window else ask.reached,
            lookback=cursor.lookback if cursor and is_incremental else None,
            replaces=tuple(each.load_id for each in replaces),
        )
