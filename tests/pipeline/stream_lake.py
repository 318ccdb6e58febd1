"""A lake that is filled from a stream of a local Kinesis by the real ingest, and read back as dbt reads it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
from moto.core.exceptions import JsonRESTError
from moto.kinesis.models import KinesisBackend, Shard, Stream, kinesis_backends
from moto.server import ThreadedMotoServer

from ingest.declaration.sources_file import load_sources_file
from ingest.dry_run import plan
from ingest.lake.manifest import Record, read_manifest
from ingest.plans import TablePlan
from ingest.results import IngestResult, Patience, TableResult
from ingest.run import ingest

REGION = "eu-west-1"
ACCOUNT = "123456789012"
KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret-of-the-tests"}
HURRIED = Patience(
    attempts=3,
    backoff_seconds=0.001,
    longest_wait_seconds=0.01,
    connect_seconds=5,
    answer_seconds=5,
)
COLUMNS = (
    {"name": "event_id", "nullable": False},
    {"name": "amount", "type": "decimal(18,2)"},
)
LOWEST, MIDDLE = "0", str(2**127)


class Trouble:
    """What the server does besides answering: errors to give first, and how many records an answer holds."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.most_records: int | None = None
        self.asked = 0


@contextmanager
def kinesis() -> Iterator[tuple[str, Trouble]]:
    """A server on loopback, its address and its troubles; it differs from moto's own where moto from Amazon.

    moto moves the records of a shard that is split, and copies those of shards that are merged: at Amazon
    they stay where they are, and the children are empty. Nor does moto say that a closed shard is at its end,
    and it would put new records into it.
    """
    trouble = Trouble()
    backend_get, split, merge = KinesisBackend.get_records, Stream.split_shard, Stream.merge_shards

    def get_records(
        self: KinesisBackend, stream_arn: str | None, shard_iterator: str, limit: int | None
    ) -> Any:
        trouble.asked += 1
        if trouble.errors:
            raise JsonRESTError(trouble.errors.pop(0), "said with a secret-of-the-tests in it")
        place, records, behind = backend_get(
            self, stream_arn, shard_iterator, trouble.most_records or limit
        )
        stream, name, last = decoded(shard_iterator)
        shard = self.streams[stream].shards[name]
        reached = records[-1].sequence_number if records else int(last)
        if not shard.is_open and reached >= shard.get_max_sequence_number():
            place = None  # type: ignore[assignment]
        return place, records, behind

    def split_shard(self: Stream, shard_to_split: str, new_starting_hash_key: str) -> None:
        shard = self.shards[shard_to_split]
        kept, before = dict(shard.records), set(self.shards)
        split(self, shard_to_split, new_starting_hash_key)
        _put_back(self, before, {shard_to_split: kept})

    def merge_shards(self: Stream, shard_to_merge: str, adjacent_shard_to_merge: str) -> None:
        merged = (shard_to_merge, adjacent_shard_to_merge)
        kept, before = {name: dict(self.shards[name].records) for name in merged}, set(self.shards)
        merge(self, shard_to_merge, adjacent_shard_to_merge)
        _put_back(self, before, kept)

    def get_shard_for_key(self: Stream, partition_key: str, explicit_hash_key: str) -> Shard:
        assert partition_key
        place = int(explicit_hash_key)
        (found,) = (
            shard
            for shard in self.shards.values()
            if shard.is_open and shard.starting_hash <= place <= shard.ending_hash
        )
        return found

    patched: Any = KinesisBackend
    patched_stream: Any = Stream
    patched.get_records = get_records
    shard_for_key = Stream.get_shard_for_key
    patched_stream.get_shard_for_key = get_shard_for_key
    patched_stream.split_shard, patched_stream.merge_shards = split_shard, merge_shards
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}", trouble
    finally:
        server.stop()
        patched.get_records = backend_get
        patched_stream.get_shard_for_key = shard_for_key
        patched_stream.split_shard, patched_stream.merge_shards = split, merge


def decoded(place: str) -> Sequence[str]:
    from moto.kinesis.utils import decompose_shard_iterator  # noqa: PLC0415

    return decompose_shard_iterator(place)


def _put_back(stream: Stream, before: set[str], kept: dict[str, dict[int, Any]]) -> None:
    for name, shard in stream.shards.items():
        if name not in before:
            shard.records.clear()
        elif name in kept:
            shard.records.clear()
            shard.records.update(kept[name])


@dataclass
class StreamLake:
    """`folder` holds the sources file and the lake; the stream is called `events` and the source `web`."""

    folder: Path
    url: str
    client: Any
    stream: str
    said: list[str] = field(default_factory=list)

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    def create(self, shards: int = 1) -> None:
        self.client.create_stream(StreamName=self.stream, ShardCount=shards)

    def declare(self, **changes: Any) -> None:
        """Write the sources file; JSON is YAML."""
        table = {"name": "events", "key": ["event_id"], "columns": list(COLUMNS)}
        source = {
            "name": "web",
            "kind": "kinesis",
            "stream": self.stream,
            "region": REGION,
            "endpoint_url": self.url,
            "tables": [table | changes.pop("table", {})],
            **changes,
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        document = {"version": 1, "sources": [source]}
        (self.folder / "sources.yml").write_text(json.dumps(document), encoding="utf-8")

    def put(self, *records: bytes | dict[str, Any], at: str = LOWEST) -> None:
        """Send records to the shard that holds the hash key `at`."""
        self.client.put_records(
            StreamName=self.stream,
            Records=[
                {
                    "Data": each if isinstance(each, bytes) else json.dumps(each).encode(),
                    "PartitionKey": "a customer",
                    "ExplicitHashKey": at,
                }
                for each in records
            ],
        )

    def split(self, shard: str, at: str) -> None:
        self.client.split_shard(StreamName=self.stream, ShardToSplit=shard, NewStartingHashKey=at)

    def merge(self, shard: str, other: str) -> None:
        self.client.merge_shards(
            StreamName=self.stream, ShardToMerge=shard, AdjacentShardToMerge=other
        )

    @property
    def inside(self) -> Stream:
        """The stream within the server, for what time would do to it."""
        return kinesis_backends[ACCOUNT][REGION].streams[self.stream]

    def shard(self, name: str) -> Shard:
        return self.inside.shards[name]

    def ingest(self, *, reload: bool = False) -> TableResult:
        (result,) = self.ingest_all(reload=reload).tables
        return result

    def ingest_all(self, *, reload: bool = False) -> IngestResult:
        return ingest(
            load_sources_file(self.folder / "sources.yml", os.environ),
            self.lake,
            self.folder,
            on_progress=self.said.append,
            patience=HURRIED,
            reload=reload,
        )

    def loaded(self) -> TableResult:
        """The result of a load that must be fine."""
        result = self.ingest()
        assert result.error is None, str(result.error)
        return result

    def refused(self) -> str:
        """The error of a load that must leave nothing behind."""
        before = self.files()
        result = self.ingest()
        assert result.error is not None
        assert result.load_id is None
        assert self.files() == before
        assert KEYS["AWS_SECRET_ACCESS_KEY"] not in str(result.error)
        return str(result.error)

    def plan(self, *, reload: bool = False) -> TablePlan:
        sources = load_sources_file(self.folder / "sources.yml", os.environ)
        (found,) = plan(sources, self.lake, self.folder, reload=reload)
        return found

    def records(self) -> list[Record]:
        return read_manifest(self.lake).of_table("web", "events")

    def ids(self) -> list[str]:
        """The event of every row that counts, sorted."""
        return [str(row[0]) for row in self.rows("event_id")]

    def rows(self, columns: str) -> list[Any]:
        live = {each.load_id for each in read_manifest(self.lake).live_inputs("web", "events")}
        records = [record for record in self.records() if record.load_id in live]
        return self._read([file.path for record in records for file in record.files], columns)

    def rejected(self, columns: str = "reason, original_text") -> list[Any]:
        paths = [file.path for each in self.records() for file in each.rejected_files]
        return self._read(paths, columns)

    def files(self) -> list[str]:
        """Every Parquet file and record of the lake: what a reader could stumble over."""
        found = [*self.lake.glob("**/*.parquet"), *self.lake.glob("raw/_manifest/*")]
        return sorted(path.relative_to(self.lake).as_posix() for path in found)

    def _read(self, paths: Sequence[str], columns: str) -> list[Any]:
        if not paths:
            return []
        files = [str(self.lake / path) for path in paths]
        with duckdb.connect() as connection:
            return connection.execute(
                f"select {columns} from read_parquet({files!r}, hive_partitioning = false) order by all"
            ).fetchall()
