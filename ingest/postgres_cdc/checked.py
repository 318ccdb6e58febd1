"""How far the stream was looked through for each table, noted before the slot is moved.

Where nothing of a table changed, there is no load and no record; yet the slot moves on. Without this note
that would look as if somebody else had read from the slot.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from configuration.lake import write_atomically
from ingest.postgres_cdc.positions import lsn_number, lsn_text


def _path(lake: Path, source: str) -> Path:
    return lake / "raw" / "_postgres_cdc" / f"{source}.json"


def read_checked(lake: Path, source: str) -> Mapping[str, int]:
    """Per table, the LSN before which nothing is missing; empty when nothing was noted."""
    try:
        found = json.loads(_path(lake, source).read_bytes())
        return {table: lsn_number(text) for table, text in found.items()}
    except (OSError, ValueError, AttributeError):
        # Without the note, the worst that comes is a new copy that was not needed.
        return {}


def write_checked(lake: Path, source: str, tables: Iterable[str], lsn: int) -> None:
    """Note that nothing of `tables` is missing before `lsn`; durable when this returns."""
    noted = {**read_checked(lake, source), **dict.fromkeys(tables, lsn)}
    content = json.dumps({table: lsn_text(each) for table, each in noted.items()}, indent=1)
    write_atomically(_path(lake, source), f"{content}\n".encode())
