"""How far a stream was read, as the text that the load's record keeps: one place per shard.

It is committed in the same piece as the rows, so that neither exists without the other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from configuration.errors import PlainError
from ingest.lake.manifest import Manifest, utc_text

# A shard that the stream no longer lists is remembered for longer than it could come back.
_REMEMBERED = timedelta(days=2)


@dataclass(frozen=True)
class ShardState:
    """One shard: read up to and with the sequence number `after`; else from `since` (UTC); else not at all.

    `ended` and `gone` are UTC times: when it was read to its end, and when the stream no longer had it.
    """

    after: str | None = None
    since: str | None = None
    ended: str | None = None
    gone: str | None = None


@dataclass(frozen=True)
class StreamState:
    """The stream, by its name and its birth, and how far each of its shards was read.

    Everything that came before `read_until` (UTC, by the stream's own clock) was read.
    """

    arn: str
    created: str
    retention_hours: int
    read_until: str
    shards: Mapping[str, ShardState]

    def to_text(self) -> str:
        """As a record keeps it."""
        shards = {
            name: {key: value for key, value in asdict(shard).items() if value is not None}
            for name, shard in sorted(self.shards.items())
        }
        return json.dumps({**asdict(self), "shards": shards}, separators=(",", ":"))

    def without_forgotten(self, now: datetime) -> StreamState:
        """Without the shards that ended, or were missed, so long ago that none can come back."""
        horizon = utc_text(now - timedelta(hours=self.retention_hours) - _REMEMBERED)
        kept = {
            name: shard
            for name, shard in self.shards.items()
            if max(shard.ended or "", shard.gone or "", horizon) > horizon
            or not (shard.ended or shard.gone)
        }
        return replace(self, shards=kept)


def state_of(manifest: Manifest, source: str, table: str) -> StreamState | None:
    """Where the last load came to; None when there was none. Raises PlainError for one that is no state."""
    known = [record.cursor_after for record in manifest.of_table(source, table)]
    text = next((each for each in reversed(known) if each is not None), None)
    if text is None:
        return None
    try:
        found = json.loads(text)
        shards = {name: ShardState(**each) for name, each in found["shards"].items()}
        return StreamState(**(found | {"shards": shards}))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise PlainError(
            "what the last load recorded about the stream cannot be read",
            where=f"{source}.{table}",
            remedy="Was this table of another kind before? Give the stream's table a name of its own.",
        ) from None
