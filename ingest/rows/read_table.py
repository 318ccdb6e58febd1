"""A table that was read: its finished files in the spool, and its counts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ingest.rows.casting import TypedColumn


@dataclass(frozen=True)
class ReadTable:
    """A table's finished files in the spool, and its counts."""

    name: str
    columns: tuple[TypedColumn, ...]
    rows_file: Path
    rejected_file: Path
    rows_read: int
    rows_loaded: int
    rows_rejected: int
    undeclared: tuple[str, ...]
    """Names that the source has and the sources file has not."""
