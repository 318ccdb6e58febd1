"""A table of a database as work: what a load does, and what it would ask for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from configuration.errors import PlainError
from ingest.declared_table import DeclaredTable
from ingest.plans import PlannedRequest, TablePlan
from ingest.postgres.declaration import PostgresSource, PostgresTable
from ingest.postgres.request import PostgresRequest, postgres_request
from ingest.postgres.table import load_postgres
from ingest.results import Load, LoadContext, PlanContext


@dataclass(frozen=True)
class PostgresWork(DeclaredTable[PostgresSource, PostgresTable]):
    """One table of a database."""

    def load(self, context: LoadContext, spool: Path) -> Load:
        """Load what is new; raises PlainError when it cannot be had or does not fit."""
        return load_postgres(context, self.of, self.table, spool)

    def plan(self, context: PlanContext) -> TablePlan:
        """What would be asked for; the database itself is not asked."""
        try:
            ask = postgres_request(context, self.of, self.table)
        except PlainError as error:
            return TablePlan(self.source, self.table.name, self.kind, problem=str(error))
        return TablePlan(
            self.source, self.table.name, self.kind, request=self._request(context, ask)
        )

    def _request(self, context: PlanContext, ask: PostgresRequest) -> PlannedRequest:
        cursor = self.table.cursor
        since = ask.span.start
        if ask.span.end is not None:
            since = f"{since or 'the beginning'} until before {ask.span.end}"
        is_next = cursor is not None and ask.moves and ask.reached is not None
        return PlannedRequest(
            address=context.sources.hide(self.table.reads),
            parameter=cursor.column if cursor else None,
            since=since,
            reached=ask.reached if is_next else None,
            lookback=cursor.lookback if cursor and is_next else None,
            replaces=tuple(each.load_id for each in ask.replaces),
        )
