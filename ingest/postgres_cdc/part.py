"""Rows of a followed table as text, gathered into a Parquet file in the spool: a bounded number in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from ingest.declaration.tables import Column
from ingest.postgres_cdc.declaration import COMMITTED_AT, LSN, OPERATION, POSITION, UNCHANGED

# PostgreSQL counts microseconds from here, UTC.
_EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - as the lake keeps times, without a zone
# What is gathered before it is written as one row group.
_MOST_ROWS = 50_000
_MOST_BYTES = 16_000_000


def moment(since_2000: int) -> datetime:
    """A time of the server, in microseconds since 2000, as UTC without a zone."""
    return _EPOCH + timedelta(microseconds=since_2000)


def part_schema(columns: Sequence[Column]) -> pa.Schema:
    """Every declared column as text, and what each change carries."""
    fields = [pa.field(column.name, pa.large_string()) for column in columns]
    fields += [
        pa.field(OPERATION, pa.string()),
        pa.field(LSN, pa.string()),
        pa.field(POSITION, pa.int64()),
        pa.field(COMMITTED_AT, pa.timestamp("us")),
        pa.field(UNCHANGED, pa.string()),
    ]
    return pa.schema(fields)


@dataclass
class Part:
    """`rows` and `bytes` are what was read so far; without rows there is no file at `path`."""

    path: Path
    columns: Sequence[Column]
    rows: int = 0
    bytes_read: int = 0
    _digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    _waiting: list[Sequence[object]] = field(default_factory=list)
    _waiting_bytes: int = 0
    _writer: parquet.ParquetWriter | None = None

    def read(self, content: bytes) -> None:
        """Note what was read, as it came."""
        self.bytes_read += len(content)
        self._waiting_bytes += len(content)
        self._digest.update(content)

    def add(self, row: Sequence[object]) -> None:
        """Take a row: its values, and what it carries."""
        self.rows += 1
        self._waiting.append(row)
        if len(self._waiting) >= _MOST_ROWS or self._waiting_bytes >= _MOST_BYTES:
            self._flush()

    def add_batch(self, columns: Iterable[pa.Array], rows: int) -> None:
        """Take rows in columns; `columns` are those of `part_schema`."""
        self.rows += rows
        schema = part_schema(self.columns)
        self._write(pa.Table.from_arrays(list(columns), schema=schema))

    def close(self) -> None:
        """Finish the file."""
        self._flush()
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    @property
    def sha256(self) -> str:
        """Of all that was read."""
        return self._digest.hexdigest()

    def _flush(self) -> None:
        if self._waiting:
            columns = zip(*self._waiting, strict=True)
            schema = part_schema(self.columns)
            arrays = [
                pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)
            ]
            self._write(pa.Table.from_arrays(arrays, schema=schema))
        self._waiting.clear()
        self._waiting_bytes = 0

    def _write(self, table: pa.Table) -> None:
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = parquet.ParquetWriter(self.path, table.schema, compression="zstd")
        self._writer.write_table(table)
