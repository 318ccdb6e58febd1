"""One ingest: every table of the sources file in turn; what fails does not stop the others.

The caller holds the lake's lock. For each table: plan from the manifest, prepare in the spool, bring
the files into the lake, and last of all write the record that makes the load exist.
"""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from configuration.errors import ConfigurationError, PlainError
from configuration.yaml_file import nearest
from ingest.declaration.sources_file import SourcesFile
from ingest.kinds import TableWork, works
from ingest.lake.manifest import Manifest, commit, read_manifest
from ingest.lake.writer import spool_folder, sweep
from ingest.results import (
    Clock,
    IngestResult,
    LoadContext,
    Patience,
    Progress,
    TableResult,
    Window,
)

__all__ = ["IngestResult", "Patience", "TableResult", "ingest"]


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
    window: Window | None = None,
    now: Clock = utc_now,
    patience: Patience | None = None,
) -> IngestResult:
    """Load what is new. `only` names sources, or tables as `source.table`; none: everything.

    With `reload`, what is known is loaded again and replaces what was loaded before. `root` is where
    relative paths of the sources file begin. Raises PlainError when the lake itself
    cannot be used; what goes wrong with one table stands in its result.
    """
    wanted = wanted_tables(sources_file, only)
    context = LoadContext(
        sources=sources_file,
        lake=lake,
        root=root,
        manifest=_open_lake(lake),
        now=now,
        progress=on_progress,
        patience=patience or Patience(),
        reload=reload,
        window=window,
    )
    return IngestResult([result for work in wanted for result in _load(context, work)])


def wanted_tables(sources: SourcesFile, only: Sequence[str]) -> list[TableWork]:
    """The tables that `only` names; raises ConfigurationError for unknown names."""
    every = [work for source in sources.sources for work in works(source)]
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


def _called(work: TableWork) -> set[str]:
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


def _load(context: LoadContext, work: TableWork) -> list[TableResult]:
    started = time.monotonic()
    spool = spool_folder(context.lake) / f"{work.source}.{work.names[0]}"
    try:
        spool.mkdir(parents=True, exist_ok=True)
        load = work.load(context, spool)
        if load.records:
            commit(context.lake, load.records)
            context.manifest.records.extend(load.records)
        results = list(load.results)
    except PlainError as error:
        results = [TableResult(work.source, work.names[0], error=error)]
    except (OSError, duckdb.Error) as error:
        results = [TableResult(work.source, work.names[0], error=_disk_error(context, error))]
    finally:
        shutil.rmtree(spool, ignore_errors=True)
    seconds = round(time.monotonic() - started, 3)
    results = [dataclasses.replace(result, seconds=seconds) for result in results]
    for result in results:
        context.progress(str(result))
    return results


def _disk_error(context: LoadContext, error: OSError | duckdb.Error) -> PlainError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return PlainError(
        f"the load could not be written ({context.sources.hide(reason.splitlines()[0])})",
        where=str(context.lake),
        remedy="Check that the disk has room and that you may write to the lake; "
        "nothing was half loaded.",
    )
