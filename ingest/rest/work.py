"""A resource of an API as work: what a load does, and what it would ask for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ingest.plans import PlannedRequest, TablePlan
from ingest.rest.declaration import RestSource, RestTable
from ingest.rest.request import rest_request
from ingest.rest.table import load_rest
from ingest.results import Load, LoadContext, PlanContext


@dataclass(frozen=True)
class RestWork:
    """One table of an API, with its children."""

    of: RestSource
    table: RestTable

    @property
    def source(self) -> str:
        """Its source's name."""
        return self.of.name

    @property
    def kind(self) -> str:
        """Its source's kind."""
        return self.of.kind

    @property
    def names(self) -> tuple[str, ...]:
        """The table and its children."""
        return (self.table.name, *(child.name for child in self.table.children))

    def load(self, context: LoadContext, spool: Path) -> Load:
        """Load what the API has that is new; raises PlainError when it cannot be had or does not fit."""
        return load_rest(context, self.of, self.table, spool)

    def plan(self, context: PlanContext) -> TablePlan:
        """What would be asked for; the API itself is not asked."""
        ask = rest_request(context.manifest, self.of, self.table, reload=context.reload)
        cursor = self.table.cursor
        request = PlannedRequest(
            address=context.sources.hide(f"{self.of.base_url}{self.table.path}"),
            parameter=cursor.param if cursor else None,
            since=ask.since,
            reached=ask.reached,
            lookback=cursor.lookback if cursor and ask.reached else None,
            replaces=tuple(each.load_id for each in ask.replaces.get(self.table.name, ())),
        )
        return TablePlan(self.source, self.table.name, self.kind, request=request)
