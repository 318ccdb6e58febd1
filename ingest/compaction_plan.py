"""Which Parquet files of a raw table `till compact` puts together, and which replaced ones it removes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pyarrow import parquet

from configuration.errors import PlainError
from ingest.lake.compactions import LOAD_COLUMN, Compaction, RetiredFile, read_compaction
from ingest.lake.manifest import LakeFile, Manifest, Record

# A file of this size costs no more to open than it gives; smaller ones are put together.
SMALL_BYTES = 32 << 20
TARGET_BYTES = 128 << 20


@dataclass(frozen=True)
class Stored:
    """A file as it lies in the lake now; `replaces` are the files of load records whose rows it has."""

    file: LakeFile
    replaces: tuple[str, ...]
    is_compacted: bool


@dataclass(frozen=True)
class TablePlan:
    """What is to be done for one table: each of `bundles` becomes one file."""

    before: Compaction
    files: int
    bytes: int
    bundles: tuple[tuple[Stored, ...], ...]
    removed: tuple[RetiredFile, ...]

    @property
    def files_after(self) -> int:
        """How many files the table will have."""
        return self.files - sum(len(each) - 1 for each in self.bundles)


def plan_compaction(
    lake: Path,
    manifest: Manifest,
    source: str,
    table: str,
    *,
    older_than: datetime,
    in_use: Collection[str] = (),
) -> TablePlan:
    """Decide what to put together and what to remove: replaced before `older_than` and not `in_use`.

    Raises PlainError when a file of the table is gone or is not as it was written.
    """
    before = read_compaction(lake, source, table)
    stored = list(_stored(lake, manifest, before))
    removed = tuple(
        each
        for each in before.retired
        if datetime.fromisoformat(each.since) < older_than and each.path not in in_use
    )
    size = sum(each.file.bytes for each in stored)
    bundles = _bundles(lake, manifest, before, stored)
    return TablePlan(before, len(stored), size, bundles, removed)


def _stored(lake: Path, manifest: Manifest, before: Compaction) -> Iterator[Stored]:
    """The table's files that have rows, in the order of their loads."""
    records = manifest.of_table(before.source_name, before.table_name)
    named = {file.path for record in records for file in record.files}
    for compacted in before.files:
        if not set(compacted.replaces) <= named:
            raise PlainError(
                "it has rows of a load whose record is gone",
                where=str(lake / compacted.file.path),
                remedy="Restore raw/_manifest from a backup.",
            )
    replaced = _replaced(manifest, records)
    seen = set()
    for record in records:
        for file in record.files:
            compacted_file = before.places.get(file.path)
            if compacted_file is None:
                # Nobody needs the rows of a load that was replaced, so its files may be gone.
                if file.rows and (record.load_id not in replaced or (lake / file.path).is_file()):
                    yield Stored(file, (file.path,), is_compacted=False)
            elif compacted_file.file.path not in seen:
                seen.add(compacted_file.file.path)
                yield Stored(compacted_file.file, compacted_file.replaces, is_compacted=True)


def _bundles(
    lake: Path, manifest: Manifest, before: Compaction, stored: Sequence[Stored]
) -> tuple[tuple[Stored, ...], ...]:
    """Small files that may stand in one: of the same columns, and all read by the views or none."""
    groups: dict[tuple[object, ...], list[Stored]] = {}
    source, table = before.source_name, before.table_name
    of_table = manifest.of_table(source, table)
    replaced = _replaced(manifest, of_table)
    records = {file.path: record for record in of_table for file in record.files}
    for each in stored:
        if each.file.bytes >= SMALL_BYTES:
            continue
        _check_is_there(lake, each.file)
        of = [records[path] for path in each.replaces]
        is_replaced = all(record.load_id in replaced for record in of)
        key = (is_replaced, _declared(of[0]), columns_of(lake / each.file.path))
        groups.setdefault(key, []).append(each)
    return tuple(bundle for group in groups.values() for bundle in _filled(group))


def _replaced(manifest: Manifest, records: Sequence[Record]) -> set[str]:
    """The loads of which no input counts any more."""
    if not records:
        return set()
    live = manifest.live_inputs(records[0].source_name, records[0].table_name)
    loads = {record.load_id for record in records if record.inputs}
    return loads - {each.load_id for each in live}


def _filled(group: Sequence[Stored]) -> Iterator[tuple[Stored, ...]]:
    """Bundles of at least two, each about as large as a file should be."""
    bundle: list[Stored] = []
    for each in group:
        if bundle and sum(one.file.bytes for one in bundle) + each.file.bytes > TARGET_BYTES:
            if len(bundle) > 1:
                yield tuple(bundle)
            bundle = []
        bundle.append(each)
    if len(bundle) > 1:
        yield tuple(bundle)


def _declared(record: Record) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((column.name.lower(), column.type) for column in record.schema))


def columns_of(path: Path) -> tuple[tuple[str, str], ...]:
    """Names and types of the columns of a file, without that of the load; sorted."""
    schema = parquet.read_schema(path)
    return tuple(sorted((each.name, str(each.type)) for each in schema if each.name != LOAD_COLUMN))


def _check_is_there(lake: Path, file: LakeFile) -> None:
    path = lake / file.path
    if not path.is_file():
        what = "a load record names this file, and it is gone"
    elif path.stat().st_size != file.bytes:
        what = "the file is not as it was written"
    else:
        return
    raise PlainError(what, where=str(path), remedy="Restore it from a backup, or load it again.")
