"""What a load reads of a stream, and how far it is read then: also when nothing came, or something was lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from configuration.errors import PlainError
from ingest.kinesis.client import KinesisClient, UnknownPlace
from ingest.kinesis.declaration import KinesisSource
from ingest.kinesis.fetch import FetchedShard, fetch_shard
from ingest.kinesis.shards import ShardTask, Stream, first_states, gaps, tasks
from ingest.kinesis.state import ShardState, StreamState
from ingest.lake.manifest import utc_text
from ingest.results import LoadContext

# Where nothing came, the place is recorded all the same so often that its age never looks like a gap.
_RECORDED_PER_RETENTION = 4


@dataclass(frozen=True)
class Batch:
    """What a load read: `before` and `after` are how far the stream was read then and now."""

    before: StreamState | None
    after: StreamState
    shards: tuple[FetchedShard, ...]
    lost: tuple[str, ...]

    @property
    def records(self) -> int:
        """How many came, of all shards."""
        return sum(each.records for each in self.shards)

    @property
    def must_be_recorded(self) -> bool:
        """Whether the next load has to know of this one."""
        if self.before is None or self.records or self.lost:
            return True
        if set(self.before.shards) != set(self.after.shards):
            return True
        if any(
            self.before.shards[name].ended != each.ended for name, each in self.after.shards.items()
        ):
            return True
        age = datetime.fromisoformat(self.after.read_until) - datetime.fromisoformat(
            self.before.read_until
        )
        return age >= timedelta(hours=self.after.retention_hours) / _RECORDED_PER_RETENTION


def read_batch(
    context: LoadContext,
    source: KinesisSource,
    before: StreamState | None,
    folder: Path,
    where: str,
) -> Batch:
    """Read every shard into `folder`; raises PlainError when one cannot be read."""
    folder.mkdir(parents=True)
    client = KinesisClient(context, source)
    stream = client.stream()
    if before is not None:
        _check_same(stream, before, where)
    lost = tuple(gaps(stream, before)) if before else ()
    initial = "oldest" if context.reload else source.initial
    if isinstance(initial, datetime) and initial > stream.now:
        raise PlainError(
            "initial is in the future",
            where=where,
            remedy="Write latest to begin with what comes from now on.",
        )
    fetched = [
        _fetch_shard(context, client, task, stream, folder, where)
        for task in tasks(stream, before, initial)
    ]
    known = dict(before.shards) if before else first_states(stream, initial)
    now = utc_text(stream.now)
    listed = {shard.id for shard in stream.shards}
    for name, shard in known.items():
        if name not in listed and not shard.ended and not shard.gone:
            known[name] = ShardState(shard.after, shard.since, gone=now)
    known |= {each.id: each.state for each in fetched}
    after = StreamState(stream.arn, stream.created, stream.retention_hours, now, known)
    return Batch(before, after.without_forgotten(stream.now), tuple(fetched), lost)


def _check_same(stream: Stream, before: StreamState, where: str) -> None:
    """Refuse a stream that is another: its sequence numbers say nothing of those that were read."""
    if stream.arn != before.arn:
        what = f"the table was loaded from {before.arn} until now, and this is {stream.arn}"
    elif stream.created != before.created:
        what = f"the stream was deleted and made anew at {stream.created}, after it was read"
    else:
        return
    raise _other_stream(what, where)


def _other_stream(what: str, where: str) -> PlainError:
    return PlainError(
        what,
        where=where,
        remedy="Give the source and its table a new name in the sources file to load it beside the old rows, "
        f"or run `till ingest --reload {where}`, which puts what it holds in place of them.",
    )


def _fetch_shard(
    context: LoadContext,
    client: KinesisClient,
    task: ShardTask,
    stream: Stream,
    folder: Path,
    where: str,
) -> FetchedShard:
    try:
        return fetch_shard(client, task, stream.now, folder, context.meter)
    except UnknownPlace:
        what = f"the stream does not know where {task.shard.id} is to be read ({task.start})"
        raise _other_stream(f"{what}; it may have been deleted and made anew", where) from None
