"""One ingest: every table of the sources file, sources side by side; what fails does not stop the others.

The caller holds the lake's lock. For each table: plan from the manifest, prepare in the spool, bring
the files into the lake, and last of all write the record that makes the load exist.
"""

from __future__ import annotations

import dataclasses
import errno
import os
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, TypeVar

import duckdb

from configuration.errors import ConfigurationError, PlainError
from configuration.yaml_file import nearest
from ingest.declaration.sources_file import AnySource, SourcesFile
from ingest.kinds import KINDS_WITH_WINDOW, TableWork, works
from ingest.lake.manifest import Manifest, commit, read_manifest
from ingest.lake.writer import import_dlt, spool_folder, sweep
from ingest.replay.work import replay_works
from ingest.results import (
    Clock,
    IngestResult,
    Load,
    LoadContext,
    LoadIds,
    Meter,
    Patience,
    Progress,
    TableResult,
    Window,
)
from ingest.rows.duckdb_sql import limit_memory

__all__ = ["IngestResult", "Patience", "TableResult", "ingest"]


# Ten APIs can be waited for at once; what DuckDB may use is shared between those that run.
SOURCES_AT_ONCE = 10
_MEMORY_OF_ALL_MB = 4_000
_MOST_MEMORY_MB = 700

_FULL_BYTES = 1 << 20


class Loadable(Protocol):
    """A table that can be loaded: from its source, or from its rejected rows."""

    @property
    def source(self) -> str:
        """The name of its source."""

    @property
    def names(self) -> tuple[str, ...]:
        """The table, then its children."""

    def load(self, context: LoadContext, spool: Path) -> Load:
        """Bring what is new into the lake, uncommitted; raises PlainError when nothing can be loaded."""


Work = TypeVar("Work", bound=Loadable)


def utc_now() -> datetime:
    """The clock, in UTC."""
    return datetime.now(UTC)


def ingest(
    sources_file: SourcesFile,
    lake: Path,
    root: Path,
    only: Sequence[str] = (),
    on_progress: Progress = lambda line: None,
    *,
    reload: bool = False,
    replay_rejected: bool = False,
    window: Window | None = None,
    now: Clock = utc_now,
    patience: Patience | None = None,
    on_start: Callable[[Meter], None] = lambda meter: None,
) -> IngestResult:
    """Load what is new. `only` names sources, or tables as `source.table`; none: everything.

    Sources load side by side, the tables of a source one after the other. With `reload`, what is known
    is loaded again and replaces what was loaded before; with `window`, only what belongs to its days is
    looked at; with `replay_rejected`, no source is asked: rejected rows that fit by now are loaded. `root`
    is where relative paths of the sources file begin. `on_start` is given each table's meter as its load
    begins. Raises PlainError when the lake itself cannot be used; what goes wrong with one table stands in
    its result.
    """
    to_ask = wanted_tables(sources_file, only)
    check_window(to_ask, window)
    wanted: Sequence[Loadable] = to_ask
    if replay_rejected:
        wanted = tables_called(sources_file, only, replay_works)
    manifest = _open_lake(lake)
    context = LoadContext(
        sources=sources_file,
        lake=lake,
        root=root,
        manifest=manifest,
        now=now,
        progress=on_progress,
        patience=patience or Patience(),
        reload=reload,
        window=window,
        ids=LoadIds(manifest.last_load()),
        meter=Meter(),
    )
    sources: dict[str, list[Loadable]] = {}
    for work in wanted:
        sources.setdefault(work.source, []).append(work)
    return IngestResult(_side_by_side(context, list(sources.values()), on_start))


def _side_by_side(
    context: LoadContext,
    sources: Sequence[Sequence[Loadable]],
    on_start: Callable[[Meter], None],
) -> list[TableResult]:
    """Load each source in a thread of its own, so many at once; the results are in the given order."""
    at_once = max(1, min(SOURCES_AT_ONCE, len(sources)))
    if at_once > 1:
        _import_before_threads(context.lake)
    committing = Committing(context)
    megabytes = min(_MOST_MEMORY_MB, _MEMORY_OF_ALL_MB // at_once)

    def load_source(works: Sequence[Loadable]) -> list[TableResult]:
        limit_memory(megabytes)
        results = []
        for work in works:
            meter = Meter(work.source, work.names[0])
            on_start(meter)
            results += _load(dataclasses.replace(context, meter=meter), work, committing)
        return results

    pool = ThreadPoolExecutor(at_once, thread_name_prefix="source")
    try:
        futures = [pool.submit(load_source, works) for works in sources]
        return [result for future in futures for result in future.result()]
    except BaseException:
        # Who asks to stop does not wait for the loads to end, and none of them counts from now on.
        committing.stop()
        raise
    finally:
        pool.shutdown(wait=not committing.stopped, cancel_futures=True)


def _import_before_threads(lake: Path) -> None:
    """Import here what loads import when they need it: two threads that do so at once see half a module."""
    import_dlt(lake)
    # DuckDB imports pandas, if it is there, when it is first given a value.
    with duckdb.connect() as connection:
        connection.execute("select ?", [""])


class Committing:
    """Makes loads exist, one at a time, until it is stopped."""

    def __init__(self, context: LoadContext) -> None:
        self._context = context
        self._lock = threading.Lock()
        self.stopped = False

    def commit(self, load: Load) -> bool:
        """Write the records of `load`; after `stop`, nothing. Gives whether they are written."""
        with self._lock:
            if not load.records or self.stopped:
                return False
            commit(self._context.lake, load.records)
            self._context.manifest.records.extend(load.records)
            return True

    def stop(self) -> None:
        """Let nothing exist from now on."""
        with self._lock:
            self.stopped = True


def wanted_tables(sources: SourcesFile, only: Sequence[str]) -> list[TableWork]:
    """The tables that `only` names; raises ConfigurationError for unknown names."""
    return tables_called(sources, only, works)


def tables_called(
    sources: SourcesFile, only: Sequence[str], works_of: Callable[[AnySource], Sequence[Work]]
) -> list[Work]:
    """The same, as whatever work `works_of` makes of a source's tables."""
    every = [work for source in sources.sources for work in works_of(source)]
    if not only:
        return every
    known = sorted({name for work in every for name in _called(work)})
    for name in only:
        if name not in known:
            guess = nearest(name, known)
            sources_there = ", ".join(source.name for source in sources.sources)
            raise ConfigurationError(
                f"there is no source '{name}' in the sources file",
                remedy=f"Did you mean '{guess}'?" if guess else f"It has {sources_there}.",
            )
    return [work for work in every if _called(work) & set(only)]


def check_window(wanted: Sequence[TableWork], window: Window | None) -> None:
    """Raise ConfigurationError when one of the wanted tables cannot load only some days."""
    without = [work for work in wanted if work.kind not in KINDS_WITH_WINDOW]
    if window is None or not without:
        return
    first = without[0]
    able = sorted({work.source for work in wanted if work.kind in KINDS_WITH_WINDOW})
    raise ConfigurationError(
        f"a source of kind {first.kind} has no days to choose from, so --from and --to say nothing to it",
        where=f"{first.source}.{first.names[0]}",
        remedy=f"Name the sources that have: {', '.join(able)}." if able else "Leave them out.",
    )


def _called(work: Loadable) -> set[str]:
    """How a person may name this table: by its source, or exactly."""
    return {work.source, f"{work.source}.{work.names[0]}"}


def _open_lake(lake: Path) -> Manifest:
    """The lake's manifest, after what a load that died left behind has been swept."""
    try:
        manifest = read_manifest(lake)
        sweep(lake, manifest)
        spool_folder(lake).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PlainError(
            f"the lake cannot be written ({error.strerror or error})",
            where=str(lake),
            remedy="Set TILL_LAKE to a folder that you may write to.",
        ) from error
    return manifest


def _load(context: LoadContext, work: Loadable, committing: Committing) -> list[TableResult]:
    started = time.monotonic()
    spool = spool_folder(context.lake) / f"{work.source}.{work.names[0]}"
    try:
        spool.mkdir(parents=True, exist_ok=True)
        load = work.load(context, spool)
        if committing.commit(load):
            load.after_commit()
        results = list(load.results)
    except PlainError as error:
        results = [TableResult(work.source, work.names[0], error=error)]
    except (OSError, duckdb.Error) as error:
        results = [TableResult(work.source, work.names[0], error=_disk_error(context, error))]
    except Exception as error:  # the last border: one table must not take the others down
        results = [TableResult(work.source, work.names[0], error=_unexpected(context, error))]
    finally:
        shutil.rmtree(spool, ignore_errors=True)
        context.meter.ended = True
    seconds = round(time.monotonic() - started, 3)
    results = [dataclasses.replace(result, seconds=seconds) for result in results]
    for result in results:
        context.progress(str(result))
    return results


def _unexpected(context: LoadContext, error: Exception) -> PlainError:
    reason = context.sources.hide(f"{type(error).__name__}: {error}".splitlines()[0])
    problem = PlainError(
        f"something unexpected happened ({reason})",
        remedy="Please report it; nothing was half loaded.",
    )
    problem.__cause__ = error  # for --debug
    return problem


def _disk_error(context: LoadContext, error: OSError | duckdb.Error) -> PlainError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    if shutil.disk_usage(context.lake).free < _FULL_BYTES:
        # Some of what writes there stumbles later over what it could not write.
        reason = os.strerror(errno.ENOSPC)
    return PlainError(
        f"the load could not be written ({context.sources.hide(reason.splitlines()[0])})",
        where=str(context.lake),
        remedy="Check that the disk has room and that you may write to the lake; "
        "nothing was half loaded.",
    )
