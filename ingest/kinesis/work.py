"""A stream as work: what a load does, and from where it would read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from configuration.errors import PlainError
from ingest.declared_table import DeclaredTable
from ingest.kinesis.declaration import KinesisSource, KinesisTable
from ingest.kinesis.shards import Start, start_of
from ingest.kinesis.table import known_state, load_stream
from ingest.plans import PlannedShard, TablePlan
from ingest.results import Load, LoadContext, PlanContext


@dataclass(frozen=True)
class KinesisWork(DeclaredTable[KinesisSource, KinesisTable]):
    """The one table of a stream."""

    def load(self, context: LoadContext, spool: Path) -> Load:
        """Load what came since the last load; raises PlainError when it cannot be had or does not fit."""
        return load_stream(context, self.of, spool)

    def plan(self, context: PlanContext) -> TablePlan:
        """From where each known shard would be read; the stream itself is not asked."""
        try:
            shards = self._shards(context)
        except PlainError as error:
            return TablePlan(self.source, self.names[0], self.kind, problem=str(error))
        return TablePlan(self.source, self.names[0], self.kind, shards=shards)

    def _shards(self, context: PlanContext) -> tuple[PlannedShard, ...]:
        state = known_state(context, self.of, reload=context.reload)
        if state is None:
            return (
                PlannedShard(self.of.stream, "every shard", self._first(reload=context.reload)),
            )
        known = [
            PlannedShard(self.of.stream, name, str(start_of(shard)))
            for name, shard in sorted(state.shards.items())
            if not shard.ended
        ]
        new = PlannedShard(self.of.stream, "new shards", str(Start("TRIM_HORIZON")))
        return (*known, new)

    def _first(self, *, reload: bool) -> str:
        if reload:
            return f"{Start('TRIM_HORIZON')}; takes the place of all that was loaded"
        if self.of.initial == "oldest":
            return str(Start("TRIM_HORIZON"))
        if self.of.initial == "latest":
            return "what comes from now on"
        return str(Start("AT_TIMESTAMP", f"{self.of.initial:%Y-%m-%dT%H:%M:%SZ}"))
