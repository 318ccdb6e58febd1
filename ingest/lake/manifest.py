"""The load manifest: what is in the lake, as committed records, and nothing else.

A load exists once its record does; that is written last and in one piece. What is already loaded, which
file replaced which, and where a cursor stands is read from here, never from what lies in the folders.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from configuration.errors import PlainError
from configuration.lake import write_atomically

RECORD_VERSION = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class LakeFile:
    """One Parquet file of a load; `path` is relative to the lake, with forward slashes."""

    path: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class LoadedInput:
    """One input file or API resource of a load, and what became of its rows."""

    path: str
    sha256: str
    bytes: int
    rows_read: int
    rows_loaded: int
    rows_rejected: int
    # What told this version from others before it was fetched or unpacked; records of before have none.
    version: str | None = None
    # How a CSV file was read where it is not the plain way; records of before have none.
    dialect: dict[str, str | int | bool | list[str]] | None = None
    # A CSV file's columns in its order, where rows were rejected: their text is read by it again.
    header: tuple[str, ...] = ()


@dataclass(frozen=True)
class AddedColumn:
    """A column that was loaded as text though nobody declared it; `header` is its name in the input."""

    name: str
    header: str


@dataclass(frozen=True)
class Superseded:
    """A former version of an input, whose rows no longer count."""

    load_id: str
    path: str


@dataclass(frozen=True)
class SchemaColumn:
    """A column of the load's files with its DuckDB type."""

    name: str
    type: str


@dataclass(frozen=True)
class Record:
    """One committed load of one table."""

    load_id: str
    source_name: str
    table_name: str
    kind: str
    started_at: str
    finished_at: str
    rows_read: int
    rows_loaded: int
    rows_rejected: int
    bytes_read: int
    files: tuple[LakeFile, ...]
    rejected_files: tuple[LakeFile, ...]
    inputs: tuple[LoadedInput, ...]
    schema: tuple[SchemaColumn, ...]
    supersedes: tuple[Superseded, ...] = ()
    window_start: str | None = None
    window_end: str | None = None
    cursor_before: str | None = None
    cursor_after: str | None = None
    added: tuple[AddedColumn, ...] = ()
    # Which rejected rows of earlier loads this one loaded: their load, and their place in its file.
    replayed_files: tuple[LakeFile, ...] = ()
    version: int = RECORD_VERSION


@dataclass(frozen=True)
class LiveInput:
    """An input that counts: loaded, and not replaced since."""

    load_id: str
    input: LoadedInput


@dataclass
class Manifest:
    """All records of a lake, oldest load first."""

    records: list[Record] = field(default_factory=list)

    def of_table(self, source: str, table: str) -> list[Record]:
        """Give the table's records, oldest first."""
        return [
            record
            for record in self.records
            if (record.source_name, record.table_name) == (source, table)
        ]

    def live_inputs(self, source: str, table: str) -> list[LiveInput]:
        """The inputs of this table that count today."""
        records = self.of_table(source, table)
        replaced = {(each.load_id, each.path) for record in records for each in record.supersedes}
        return [
            LiveInput(record.load_id, each)
            for record in records
            for each in record.inputs
            if (record.load_id, each.path) not in replaced
        ]

    def cursor(self, source: str, table: str) -> str | None:
        """Where the next incremental load begins; None when nothing was loaded."""
        records = self.of_table(source, table)
        # An earlier cursor says nothing after a reload, which may have come less far.
        return records[-1].cursor_after if records else None

    def added_names(self, source: str, table: str) -> dict[str, str]:
        """The names that loads of this table gave to headers that were not declared."""
        return {
            each.header: each.name
            for record in self.of_table(source, table)
            for each in record.added
        }

    def live_records(self, source: str, table: str) -> list[Record]:
        """The records of this table of which something counts today, oldest first."""
        live = {each.load_id for each in self.live_inputs(source, table)}
        return [record for record in self.of_table(source, table) if record.load_id in live]

    def last_load(self) -> int:
        """The newest load id, in microseconds since 1970; 0 for an empty lake."""
        return max((microseconds(record.load_id) for record in self.records), default=0)


def manifest_folder(lake: Path) -> Path:
    """Where the records are."""
    return lake / "raw" / "_manifest"


def read_manifest(lake: Path) -> Manifest:
    """Read every committed record; raises PlainError for one that cannot be read."""
    records: list[Record] = []
    for path in sorted(manifest_folder(lake).glob("*.json")):
        try:
            found = json.loads(path.read_bytes())
            records.extend(_record(each) for each in found)
        except (ValueError, TypeError, KeyError) as error:
            raise PlainError(
                f"this load record cannot be read ({error})",
                where=str(path),
                remedy="Restore it from a backup; without it, its load does not count.",
            ) from error
    records.sort(key=lambda record: microseconds(record.load_id))
    return Manifest(records)


def commit(lake: Path, records: Sequence[Record]) -> None:
    """Write the records of one load (a table and its children) in one piece. This makes the load exist."""
    first = records[0]
    name = f"{first.load_id}.{first.source_name}.{first.table_name}.json"
    content = json.dumps([asdict(record) for record in records], indent=1) + "\n"
    write_atomically(manifest_folder(lake) / name, content.encode())


def microseconds(load_id: str) -> int:
    """A load id as microseconds since 1970, to compare and to count with."""
    seconds, _, fraction = load_id.partition(".")
    return int(seconds) * _MICROSECONDS + int(fraction.ljust(6, "0")[:6])


def new_load_id(now: datetime, last: int) -> str:
    """A load id later than `last` (microseconds), also when the clock went back."""
    moment = max((now - _EPOCH) // timedelta(microseconds=1), last + 1)
    return f"{moment // _MICROSECONDS}.{moment % _MICROSECONDS:06d}"


def utc_text(moment: datetime) -> str:
    """A UTC time as the records write it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _record(found: dict[str, Any]) -> Record:
    if found["version"] != RECORD_VERSION:
        raise ValueError(f"version {found['version']} is not known")
    parts: dict[str, Iterable[Any]] = {
        "files": (LakeFile(**each) for each in found["files"]),
        "rejected_files": (LakeFile(**each) for each in found["rejected_files"]),
        "inputs": (
            LoadedInput(**(each | {"header": tuple(each.get("header", ()))}))
            for each in found["inputs"]
        ),
        "added": (AddedColumn(**each) for each in found.get("added", ())),
        "replayed_files": (LakeFile(**each) for each in found.get("replayed_files", ())),
        "supersedes": (Superseded(**each) for each in found["supersedes"]),
        "schema": (SchemaColumn(**each) for each in found["schema"]),
    }
    return Record(**(found | {name: tuple(values) for name, values in parts.items()}))
