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
from functools import partial
from pathlib import Path

import duckdb

from configuration.errors import ConfigurationError, PlainError
from configuration.yaml_file import nearest
from ingest.csv_load import prepare_csv
from ingest.file_table import load_files
from ingest.json_load import prepare_json
from ingest.lake_writer import spool_folder, sweep
from ingest.manifest import Manifest, commit, read_manifest
from ingest.parquet_load import prepare_parquet
from ingest.rest_table import load_rest
from ingest.results import (
    Clock,
    IngestResult,
    Load,
    LoadContext,
    Patience,
    Progress,
    TableResult,
)
from ingest.sources_file import (
    AnySource,
    CsvSource,
    CsvTable,
    JsonSource,
    JsonTable,
    ParquetSource,
    ParquetTable,
    RestSource,
    RestTable,
    SourcesFile,
)

__all__ = ["IngestResult", "Patience", "TableResult", "ingest"]

_Pair = (
    tuple[CsvSource, CsvTable]
    | tuple[ParquetSource, ParquetTable]
    | tuple[JsonSource, JsonTable]
    | tuple[RestSource, RestTable]
)


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
    now: Clock = utc_now,
    patience: Patience | None = None,
) -> IngestResult:
    """Load what is new. `only` names sources, or tables as `source.table`; none: everything.

    With `reload`, what is known is loaded again and replaces what was loaded before. `root` is where
    relative paths of the sources file begin. Raises PlainError when the lake itself
    cannot be used; what goes wrong with one table stands in its result.
    """
    pairs = wanted_tables(sources_file, only)
    context = LoadContext(
        sources=sources_file,
        lake=lake,
        root=root,
        manifest=_open_lake(lake),
        now=now,
        progress=on_progress,
        patience=patience or Patience(),
        reload=reload,
    )
    return IngestResult([result for pair in pairs for result in _load(context, pair)])


def wanted_tables(sources: SourcesFile, only: Sequence[str]) -> list[_Pair]:
    """The tables that `only` names, each with its source; raises ConfigurationError for unknown names."""
    pairs: list[_Pair] = []
    for source in sources.sources:
        pairs.extend(_pairs(source))
    if not only:
        return pairs
    known = sorted({name for pair in pairs for name in _names(pair)})
    for name in only:
        if name not in known:
            guess = nearest(name, known)
            sources_there = ", ".join(source.name for source in sources.sources)
            raise ConfigurationError(
                f"there is no source '{name}' in the sources file",
                remedy=f"Did you mean '{guess}'?" if guess else f"It has {sources_there}.",
            )
    return [pair for pair in pairs if _names(pair) & set(only)]


def _pairs(source: AnySource) -> list[_Pair]:
    """Each table with its source, both of one kind."""
    match source:
        case CsvSource():
            return [(source, table) for table in source.tables]
        case ParquetSource():
            return [(source, table) for table in source.tables]
        case JsonSource():
            return [(source, table) for table in source.tables]
        case RestSource():
            return [(source, table) for table in source.tables]


def _names(pair: _Pair) -> set[str]:
    """How a person may name this table: by its source, or exactly."""
    source, table = pair
    return {source.name, f"{source.name}.{table.name}"}


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


def _load(context: LoadContext, pair: _Pair) -> list[TableResult]:
    source, table = pair
    started = time.monotonic()
    spool = spool_folder(context.lake) / f"{source.name}.{table.name}"
    try:
        spool.mkdir(parents=True, exist_ok=True)
        load = _prepare_and_bring(context, pair, spool)
        if load.records:
            commit(context.lake, load.records)
            context.manifest.records.extend(load.records)
        results = list(load.results)
    except PlainError as error:
        results = [TableResult(source.name, table.name, error=error)]
    except (OSError, duckdb.Error) as error:
        results = [TableResult(source.name, table.name, error=_disk_error(context, error))]
    finally:
        shutil.rmtree(spool, ignore_errors=True)
    seconds = round(time.monotonic() - started, 3)
    results = [dataclasses.replace(result, seconds=seconds) for result in results]
    for result in results:
        context.progress(str(result))
    return results


def _prepare_and_bring(context: LoadContext, pair: _Pair, spool: Path) -> Load:
    source, table = pair
    names = [table.name]
    of = (source.name, source.kind)
    match pair:
        case (CsvSource(), CsvTable() as table):
            return load_files(context, of, names, spool, partial(prepare_csv, table))
        case (ParquetSource(), ParquetTable() as table):
            return load_files(context, of, names, spool, partial(prepare_parquet, table))
        case (JsonSource(), JsonTable() as table):
            names += [child.name for child in table.children]
            return load_files(context, of, names, spool, partial(prepare_json, table))
        case (RestSource() as source, RestTable() as table):
            return load_rest(context, source, table, spool)


def _disk_error(context: LoadContext, error: OSError | duckdb.Error) -> PlainError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return PlainError(
        f"the load could not be written ({context.sources.hide(reason.splitlines()[0])})",
        where=str(context.lake),
        remedy="Check that the disk has room and that you may write to the lake; "
        "nothing was half loaded.",
    )
