"""A stream's shards into the spool: what was there when the load began, one Parquet file per shard.

A batch ends: a shard is read until it has no more, or until a record that came after the load began.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from ingest.kinesis.client import ExpiredPlace, KinesisClient
from ingest.kinesis.content import content_of
from ingest.kinesis.shards import ShardTask, Start
from ingest.kinesis.state import ShardState
from ingest.lake.manifest import utc_text
from ingest.results import Meter

_SCHEMA = pa.schema(
    {
        "_shard_id": pa.string(),
        "_sequence_number": pa.string(),
        "_partition_key": pa.string(),
        "_arrived_at": pa.timestamp("us"),
        "text": pa.string(),
        "problem": pa.string(),
        "base64": pa.string(),
    }
)
# A batch is written when it has so many bytes of text; unpacked, an answer of 10 MB may have many more.
_FLUSH_BYTES = 32 << 20


@dataclass(frozen=True)
class FetchedShard:
    """What came from one shard: its records, and how far it is read now."""

    id: str
    state: ShardState
    records: int
    bytes: int
    sha256: str


def fetch_shard(
    client: KinesisClient, task: ShardTask, now: datetime, folder: Path, meter: Meter
) -> FetchedShard:
    """Read one shard up to `now` (the stream's clock, UTC); raises PlainError when that fails."""
    spool = _Spool(folder / f"{task.shard.id}.parquet", task.shard.id)
    # The clock tells whole seconds. A closed shard has nothing that came later.
    end = None if task.shard.is_closed else now + timedelta(seconds=1)
    # Where nothing is left of a closed shard, nothing will ever be.
    start, has_ended = task.start, task.shard.is_closed
    try:
        place = client.place(task.shard.id, start)
        while place is not None:
            try:
                batch = client.records(place)
            except ExpiredPlace:
                place = client.place(task.shard.id, _from(spool, start))
                continue
            records = _before(batch.records, end)
            size = spool.add(records)
            meter.add(rows=len(records), size=size)
            if len(records) < len(batch.records):
                break
            place, has_ended = batch.following, has_ended or batch.following is None
            if not batch.records and batch.behind_ms == 0:
                break
        spool.flush()
    finally:
        spool.close()
    state = replace(
        task.before,
        after=spool.last or task.before.after,
        ended=utc_text(now) if has_ended else None,
        gone=None,
    )
    return FetchedShard(task.shard.id, state, spool.records, spool.bytes, spool.digest.hexdigest())


def _from(spool: _Spool, start: Start) -> Start:
    """Where to go on within a load."""
    return Start("AFTER_SEQUENCE_NUMBER", spool.last) if spool.last else start


def _before(records: Sequence[dict[str, Any]], end: datetime | None) -> Sequence[dict[str, Any]]:
    """The records up to the first that came at `end` or later."""
    if end is None:
        return records
    for index, record in enumerate(records):
        if record["ApproximateArrivalTimestamp"] >= end:
            return records[:index]
    return records


@dataclass
class _Spool:
    """Writes one shard's records; keeps no more of them in memory than a batch."""

    path: Path
    shard: str
    last: str | None = None
    records: int = 0
    bytes: int = 0
    digest: Any = field(default_factory=hashlib.sha256)
    _rows: list[dict[str, Any]] = field(default_factory=list)
    _size: int = 0
    _writer: Any = None

    def add(self, records: Sequence[dict[str, Any]]) -> int:
        """Take these; returns their bytes."""
        before = self.bytes
        for record in records:
            data: bytes = record["Data"]
            content = content_of(data)
            self._rows.append(
                {
                    "_shard_id": self.shard,
                    "_sequence_number": record["SequenceNumber"],
                    "_partition_key": record["PartitionKey"],
                    "_arrived_at": _naive(record["ApproximateArrivalTimestamp"]),
                    "text": content.text,
                    "problem": content.problem,
                    "base64": base64.b64encode(data).decode() if content.problem else None,
                }
            )
            self.digest.update(record["SequenceNumber"].encode())
            self.digest.update(data)
            self.last = record["SequenceNumber"]
            self.records += 1
            self.bytes += len(data)
            self._size += len(content.text or data)
            if self._size >= _FLUSH_BYTES:
                self.flush()
        return self.bytes - before

    def flush(self) -> None:
        """Write what was taken."""
        if not self._rows:
            return
        if self._writer is None:
            self._writer = parquet.ParquetWriter(self.path, _SCHEMA, compression="zstd")
        self._writer.write_table(pa.Table.from_pylist(self._rows, schema=_SCHEMA))
        self._rows, self._size = [], 0

    def close(self) -> None:
        """Finish the file, where there is one."""
        if self._writer is not None:
            self._writer.close()


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
