"""Which shards are read, in which order, and from where: decided before any record is asked for.

A shard that was split or merged is closed; its children take what comes after. Parents are read before
their children, so rows come into the lake in the order in which they came into the stream.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ingest.kinesis.state import ShardState, StreamState
from ingest.lake.manifest import utc_text

StartType = Literal["AFTER_SEQUENCE_NUMBER", "AT_TIMESTAMP", "TRIM_HORIZON"]


@dataclass(frozen=True)
class Shard:
    """A shard as the stream lists it."""

    id: str
    parents: tuple[str, ...]
    is_closed: bool


@dataclass(frozen=True)
class Stream:
    """The stream as it was when the load began; `now` is its own clock, in UTC."""

    arn: str
    created: str
    retention_hours: int
    now: datetime
    shards: tuple[Shard, ...]


@dataclass(frozen=True)
class Start:
    """From where a shard is read: `value` is a sequence number or a UTC time."""

    type: StartType
    value: str | None = None

    def __str__(self) -> str:
        if self.type == "AFTER_SEQUENCE_NUMBER":
            return f"after the sequence number {self.value}"
        if self.type == "AT_TIMESTAMP":
            return f"what came since {self.value}"
        return "from the oldest record on"


@dataclass(frozen=True)
class ShardTask:
    """One shard to read, and what was known of it."""

    shard: Shard
    start: Start
    before: ShardState


def tasks(
    stream: Stream, state: StreamState | None, initial: str | datetime
) -> tuple[ShardTask, ...]:
    """The shards to read, parents first. Without a state, the first load begins at `initial`."""
    found = []
    for shard in _parents_first(stream.shards):
        known = _known(shard, stream, state, initial)
        if known.ended is None:
            found.append(ShardTask(shard, start_of(known), known))
    return tuple(found)


def first_states(stream: Stream, initial: str | datetime) -> dict[str, ShardState]:
    """What is known of each shard before the first load."""
    return {shard.id: _known(shard, stream, None, initial) for shard in stream.shards}


def start_of(known: ShardState) -> Start:
    """Where to go on."""
    if known.after is not None:
        return Start("AFTER_SEQUENCE_NUMBER", known.after)
    if known.since is not None:
        return Start("AT_TIMESTAMP", known.since)
    return Start("TRIM_HORIZON")


def _known(
    shard: Shard, stream: Stream, state: StreamState | None, initial: str | datetime
) -> ShardState:
    if state is not None:
        # A shard that is new to us holds only what came after its parents were closed.
        return state.shards.get(shard.id, ShardState())
    if isinstance(initial, datetime):
        return ShardState(since=utc_text(initial))
    if initial == "latest":
        now = utc_text(stream.now)
        return ShardState(ended=now) if shard.is_closed else ShardState(since=now)
    return ShardState()


def _parents_first(shards: Sequence[Shard]) -> Iterator[Shard]:
    waiting = {shard.id: shard for shard in sorted(shards, key=lambda each: each.id)}
    while waiting:
        ready = [
            shard
            for shard in waiting.values()
            if not any(each in waiting for each in shard.parents)
        ]
        # Shards that are each other's parents do not exist; should they, each is read all the same.
        for shard in ready or list(waiting.values()):
            del waiting[shard.id]
            yield shard


def gaps(stream: Stream, state: StreamState) -> list[str]:
    """What may have been lost since the last load: the stream forgets what is older than its retention."""
    found = []
    # What a shorter retention dropped does not come back with a longer one.
    hours = min(stream.retention_hours, state.retention_hours)
    horizon = stream.now - timedelta(hours=hours)
    if horizon > datetime.fromisoformat(state.read_until):
        found.append(
            f"the stream keeps records for {hours} hours and was last read at {state.read_until}, so what "
            f"came between then and {utc_text(horizon)} may be lost"
        )
    listed = {shard.id for shard in stream.shards}
    for name, shard in sorted(state.shards.items()):
        if name not in listed and shard.ended is None and shard.gone is None:
            place = f" ({start_of(shard)})" if shard.after else ""
            found.append(
                f"{name} is gone before it was read to its end{place}, so its last records may be lost"
            )
    return found
