"""Which files of a raw table stand in one file together, and where the rows of a load are now.

A load's record stays as it was written, for ever: it says what was loaded. Beside it, one record per table
(raw/_manifest/compacted/<source>.<table>.json, replaced in one piece) says which of those files are to be
read elsewhere: docs/decisions/0007-compaction.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from configuration.errors import PlainError
from configuration.lake import write_atomically
from ingest.lake.manifest import LakeFile, Record, manifest_folder
from ingest.rows.duckdb_sql import exact_path, text_list

COMPACTION_VERSION = 1
# The column of a compacted file that says of which load a row is.
LOAD_COLUMN = "_load_id"


@dataclass(frozen=True)
class CompactedFile:
    """One file in the place of those that it `replaces`: files of load records, by their paths."""

    file: LakeFile
    replaces: tuple[str, ...]


@dataclass(frozen=True)
class RetiredFile:
    """A file that nothing new reads; `since` is when it was replaced (UTC)."""

    path: str
    since: str


@dataclass(frozen=True)
class Compaction:
    """All that is compacted of one table today."""

    source_name: str
    table_name: str
    files: tuple[CompactedFile, ...] = ()
    retired: tuple[RetiredFile, ...] = ()

    @property
    def places(self) -> dict[str, CompactedFile]:
        """Where to read a file of a load record that is compacted."""
        return {path: each for each in self.files for path in each.replaces}


def read_compaction(lake: Path, source: str, table: str) -> Compaction:
    """What is compacted of this table; raises PlainError when that cannot be read."""
    path = _record_file(lake, source, table)
    try:
        found = json.loads(path.read_bytes())
        if found["version"] != COMPACTION_VERSION:
            raise ValueError(f"version {found['version']} is not known")
        files = tuple(
            CompactedFile(LakeFile(**each["file"]), tuple(each["replaces"]))
            for each in found["files"]
        )
        retired = tuple(RetiredFile(**each) for each in found["retired"])
    except FileNotFoundError:
        return Compaction(source, table)
    except (ValueError, TypeError, KeyError) as error:
        raise PlainError(
            f"this record of compacted files cannot be read ({error})",
            where=str(path),
            remedy="Restore it from a backup; without it, nobody finds those rows.",
        ) from error
    return Compaction(source, table, files, retired)


def commit_compaction(lake: Path, compaction: Compaction) -> None:
    """Write the record in one piece: from then on everybody reads the new files."""
    document: dict[str, Any] = {"version": COMPACTION_VERSION, **asdict(compaction)}
    content = json.dumps(document, indent=1) + "\n"
    path = _record_file(lake, compaction.source_name, compaction.table_name)
    write_atomically(path, content.encode())


def stored_rows(lake: Path, records: Sequence[Record]) -> str | None:
    """SQL of all rows of these loads of one table, wherever they are; None where they have none.

    The loads must have the same columns.
    """
    if not any(record.files for record in records):
        return None
    first = records[0]
    places = read_compaction(lake, first.source_name, first.table_name).places
    paths = [file.path for record in records for file in record.files]
    parts = []
    if plain := [path for path in paths if path not in places]:
        parts.append(f"select * from {parquet_files(lake, plain)}")
    if moved := sorted({places[path].file.path for path in paths if path in places}):
        loads = text_list(record.load_id for record in records)
        parts.append(
            f"select * exclude ({LOAD_COLUMN}) from {parquet_files(lake, moved)} "
            f"where list_contains({loads}, {LOAD_COLUMN})"
        )
    return f"({' union all by name '.join(parts)})"


def parquet_files(lake: Path, paths: Sequence[str], options: str = "") -> str:
    """SQL that reads these files of the lake."""
    addresses = text_list(exact_path((lake / path).as_posix()) for path in paths)
    return f"read_parquet({addresses}, hive_partitioning = false{options})"


def _record_file(lake: Path, source: str, table: str) -> Path:
    return manifest_folder(lake) / "compacted" / f"{source}.{table}.json"
