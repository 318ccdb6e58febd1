"""`till compact`: many small Parquet files of a raw table become few, with the same rows.

New files are written and checked first; then one record turns every reader to them; the old files are
removed by a later compaction, when nobody can be reading them any more. The caller holds the lake's lock.
"""

from __future__ import annotations

import hashlib
import shutil
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from configuration.errors import PlainError
from ingest.compaction_plan import Stored, TablePlan, columns_of, plan_compaction
from ingest.lake.compactions import (
    LOAD_COLUMN,
    CompactedFile,
    Compaction,
    RetiredFile,
    commit_compaction,
    parquet_files,
)
from ingest.lake.manifest import Manifest, Record, utc_text
from ingest.lake.writer import described, spool_folder, sync
from ingest.rows.duckdb_sql import connect, identifier, text_literal, write_parquet


@dataclass(frozen=True)
class CompactedTable:
    """What was done, or would be, for one table."""

    source_name: str
    table_name: str
    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int | None
    rows_moved: int
    files_removed: int
    error: PlainError | None = None


def compact_table(lake: Path, plan: TablePlan, now: Callable[[], datetime]) -> CompactedTable:
    """Carry the plan out; raises PlainError when the new files do not have the same rows."""
    sweep_compactions(lake, plan.before)
    _remove(lake, plan.removed)
    spool = spool_folder(lake) / "compact"
    shutil.rmtree(spool, ignore_errors=True)
    spool.mkdir(parents=True)
    try:
        written = tuple(_put_together(lake, plan.before, each, spool) for each in plan.bundles)
    finally:
        shutil.rmtree(spool, ignore_errors=True)
    gone = {each.file.path for bundle in plan.bundles for each in bundle}
    since = utc_text(now())
    after = replace(
        plan.before,
        files=(*(each for each in plan.before.files if each.file.path not in gone), *written),
        retired=(
            *(each for each in plan.before.retired if each not in plan.removed),
            *(RetiredFile(path, since) for path in sorted(gone)),
        ),
    )
    if after != plan.before:
        commit_compaction(lake, after)
    put_together = sum(each.file.bytes for bundle in plan.bundles for each in bundle)
    return replace(
        foretold(plan),
        bytes_after=plan.bytes - put_together + sum(each.file.bytes for each in written),
    )


def foretold(plan: TablePlan) -> CompactedTable:
    """What carrying out the plan would give."""
    return CompactedTable(
        plan.before.source_name,
        plan.before.table_name,
        plan.files,
        plan.files_after,
        plan.bytes,
        None if plan.bundles else plan.bytes,
        sum(each.file.rows for bundle in plan.bundles for each in bundle),
        len(plan.removed),
    )


def compact(
    lake: Path,
    manifest: Manifest,
    tables: Sequence[tuple[str, str]],
    *,
    keep: timedelta,
    in_use: Collection[str] = (),
    dry_run: bool = False,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[CompactedTable]:
    """Compact each of `tables` (source, table); one that fails does not stop the others."""
    done = []
    for source, table in tables:
        try:
            plan = plan_compaction(
                lake, manifest, source, table, older_than=now() - keep, in_use=in_use
            )
            done.append(foretold(plan) if dry_run else compact_table(lake, plan, now))
        except PlainError as error:
            done.append(CompactedTable(source, table, 0, 0, 0, 0, 0, 0, error))
        except (OSError, duckdb.Error) as error:
            reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
            problem = PlainError(
                f"the files could not be put together ({reason})",
                where=f"{source}.{table}",
                remedy="Check that the disk has room; nothing was changed.",
            )
            done.append(CompactedTable(source, table, 0, 0, 0, 0, 0, 0, problem))
    return done


def sweep_compactions(lake: Path, compaction: Compaction) -> None:
    """Remove what a compaction that died left behind: files in its folders that the record does not name."""
    known = {each.file.path for each in compaction.files}
    known |= {each.path for each in compaction.retired}
    folder = lake / "raw" / compaction.source_name / compaction.table_name
    for path in sorted(folder.glob("compacted=*/*")):
        if path.relative_to(lake).as_posix() not in known:
            path.unlink()
    _remove_empty(folder.glob("compacted=*"))


def _remove(lake: Path, files: Sequence[RetiredFile]) -> None:
    for each in files:
        (lake / each.path).unlink(missing_ok=True)
    _remove_empty({(lake / each.path).parent for each in files})


def _remove_empty(folders: Iterator[Path] | Collection[Path]) -> None:
    for folder in list(folders):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _put_together(
    lake: Path, before: Compaction, bundle: Sequence[Stored], spool: Path
) -> CompactedFile:
    """Write one file with the rows of all; it is in its place, durable and checked, but nobody reads it."""
    for each in bundle:
        with (lake / each.file.path).open("rb") as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != each.file.sha256:
                raise PlainError(
                    "the file is not as it was written",
                    where=str(lake / each.file.path),
                    remedy="Restore it from a backup, or load it again.",
                )
    names = [name for name, _ in columns_of(lake / bundle[0].file.path)]
    part = spool / f"{uuid.uuid4().hex}.parquet"
    with connect(spool) as connection:
        rows = _rows(lake, bundle, names)
        write_parquet(connection, rows, part)
        came = f"select * from read_parquet({text_literal(str(part))}, hive_partitioning = false)"
        if _sums(connection, rows, names) != _sums(connection, came, names):
            raise PlainError(
                "the file that was put together does not have the rows of its parts",
                where=f"{before.source_name}.{before.table_name}",
                remedy="Nothing was changed. Run it again; if it stays so, the disk may be failing.",
            )
    folder = lake / "raw" / before.source_name / before.table_name / f"compacted={part.stem}"
    folder.mkdir(parents=True)
    sync(folder.parent)
    target = part.replace(folder / "rows.parquet")
    replaces = tuple(path for each in bundle for path in each.replaces)
    return CompactedFile(described(target, lake), replaces)


def _rows(lake: Path, bundle: Sequence[Stored], names: Sequence[str]) -> str:
    """SQL of the rows of these files, each with its load."""
    chosen = ", ".join(map(identifier, names))
    plain = [each.file.path for each in bundle if not each.is_compacted]
    compacted = [each.file.path for each in bundle if each.is_compacted]
    parts = []
    if plain:
        parts.append(
            f"select {chosen}, regexp_extract({identifier(':file')}, "
            rf"'.*[/\\]load_id=([^/\\]+)[/\\]', 1) as {LOAD_COLUMN} "
            f"from {parquet_files(lake, plain, ', filename = ' + text_literal(':file'))}"
        )
    if compacted:
        parts.append(f"select {chosen}, {LOAD_COLUMN} from {parquet_files(lake, compacted)}")
    return " union all ".join(parts)


def _sums(
    connection: duckdb.DuckDBPyConnection, rows: str, names: Sequence[str]
) -> list[tuple[object, ...]]:
    """Per load, how many rows there are and the sum of their hashes: equal for equal multisets."""
    hashed = ", ".join(identifier(name) for name in (*names, LOAD_COLUMN))
    return connection.execute(
        f"select {LOAD_COLUMN}, count(*), sum(hash({hashed})::hugeint) from ({rows}) "
        f"group by all order by all"
    ).fetchall()


def tables_of(records: Sequence[Record]) -> list[tuple[str, str]]:
    """The tables that these records are of, sorted."""
    return sorted({(record.source_name, record.table_name) for record in records})
