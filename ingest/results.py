"""What an ingest tells its caller, table by table."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from configuration.errors import PlainError
from ingest.declaration.sources_file import SourcesFile
from ingest.lake.manifest import Manifest, Record, microseconds, new_load_id

Progress = Callable[[str], None]
Clock = Callable[[], datetime]


@dataclass
class Meter:
    """How far the load of one table has come: counted by the load, looked at by whoever draws it.

    An input counts once, when it is first read whole: a file on the way here if it comes from afar, the answers
    of an API or a database, else the file where it lies. Files that are only read to be known count too.
    """

    source: str = ""
    table: str = ""
    rows: int = 0
    bytes: int = 0
    of_bytes: int | None = None  # how many there are, where that is known
    ended: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def add(self, *, rows: int = 0, size: int = 0) -> None:
        """Count on, from whichever thread: `rows` more rows, `size` more bytes."""
        with self._lock:
            self.rows += rows
            self.bytes += size

    def expect(self, size: int) -> None:
        """So many more bytes are there to be read."""
        with self._lock:
            self.of_bytes = (self.of_bytes or 0) + size

    def settle(self, rows: int) -> None:
        """The rows are known for sure now; while they were read, some may have counted twice."""
        with self._lock:
            self.rows = rows


@dataclass
class Counted:
    """The bytes of one reading on a meter, to be taken back where it has to begin anew."""

    meter: Meter | None
    size: int = 0

    def __call__(self, size: int) -> None:
        """So many more bytes were read."""
        if self.meter is not None:
            self.size += size
            self.meter.add(size=size)

    def take_back(self) -> None:
        """None of it counts."""
        if self.meter is not None:
            self.meter.add(size=-self.size)
            self.size = 0


class LoadIds:
    """Hands out load ids to loads that run side by side: each later than all before it."""

    def __init__(self, last: int) -> None:
        self._last = last
        self._lock = threading.Lock()

    def next(self, now: datetime) -> str:
        """A load id later than all others of the lake."""
        with self._lock:
            load_id = new_load_id(now, self._last)
            self._last = microseconds(load_id)
            return load_id


@dataclass(frozen=True)
class TableResult:
    """What happened to one table; `load_id` is None when nothing new was loaded."""

    source_name: str
    table_name: str
    load_id: str | None = None
    rows_read: int = 0
    rows_loaded: int = 0
    rows_rejected: int = 0
    inputs_loaded: int = 0
    inputs_skipped: int = 0
    seconds: float = 0.0
    error: PlainError | None = None
    # Of a replay: rejected rows that fit now, and those that still do not.
    rows_replayed: int = 0
    rows_left: int | None = None

    def __str__(self) -> str:
        name = f"{self.source_name}.{self.table_name}"
        if self.rows_left is not None:
            left = "does not fit" if self.rows_left == 1 else "do not fit"
            replayed = number_of(self.rows_replayed, "rejected row")
            return f"{name}: {replayed} loaded, {self.rows_left:,} {left}"
        if self.load_id is None:
            return f"{name}: {'failed' if self.error else 'nothing new'}"
        rejected = f", {self.rows_rejected:,} rejected" if self.rows_rejected else ""
        incomplete = ", but not everything" if self.error else ""
        return f"{name}: {number_of(self.rows_loaded, 'row')} loaded{rejected}{incomplete}"


def number_of(count: int, thing: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


@dataclass(frozen=True)
class IngestResult:
    """One result per table, in the order of the sources file; children follow their parent."""

    tables: list[TableResult] = field(default_factory=list)

    @property
    def failed(self) -> list[TableResult]:
        """The tables with an error."""
        return [table for table in self.tables if table.error]


@dataclass(frozen=True)
class Patience:
    """How long an API is waited for: per answer, and over its failures (429, 5xx, no connection)."""

    attempts: int = 5
    backoff_seconds: float = 0.5
    longest_wait_seconds: float = 120
    connect_seconds: float = 10
    answer_seconds: float = 60


@dataclass(frozen=True)
class Window:
    """The days of a backfill, both included (of the cursor's column, or in the names of files)."""

    start: date | None
    end: date | None


@dataclass(kw_only=True)
class PlanContext:
    """What must be known to say what a load would do: the file, the lake, and what is in it."""

    sources: SourcesFile
    lake: Path
    root: Path
    manifest: Manifest
    reload: bool = False
    window: Window | None = None


@dataclass(kw_only=True)
class LoadContext(PlanContext):
    """What every load needs besides: the world at the edge."""

    now: Clock
    progress: Progress
    patience: Patience
    ids: LoadIds
    meter: Meter

    def new_load_id(self) -> str:
        """A load id later than all others of the lake."""
        return self.ids.next(self.now())


@dataclass(frozen=True)
class Load:
    """A load whose files are in the lake: committing `records` makes it exist.

    `after_commit` lets the source forget what is now in the lake; it raises nothing.
    """

    records: tuple[Record, ...]
    results: tuple[TableResult, ...]
    after_commit: Callable[[], None] = lambda: None


def result_of(record: Record, *, skipped: int = 0, error: PlainError | None = None) -> TableResult:
    """The result of a table whose load is `record`."""
    return TableResult(
        record.source_name,
        record.table_name,
        record.load_id,
        record.rows_read,
        record.rows_loaded,
        record.rows_rejected,
        inputs_loaded=len(record.inputs),
        inputs_skipped=skipped,
        error=error,
    )
