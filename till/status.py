"""`till status`: loads, rows, rejected rows, releases. Reads the manifest, waits for nobody."""

from __future__ import annotations

import json
from dataclasses import dataclass

from till.project import Project
from till.releases import current_release_id, list_releases


@dataclass(frozen=True)
class TableStatus:
    """All loads of one raw table; `last_loaded_at` is UTC, ISO 8601."""

    source_name: str
    table_name: str
    loads: int
    rows_read: int
    rows_loaded: int
    rows_rejected: int
    last_loaded_at: str


@dataclass(frozen=True)
class Status:
    """What is in the lake, and what readers see of it."""

    lake: str
    tables: tuple[TableStatus, ...]
    releases: int
    current_release_id: str | None


def read_status(project: Project) -> Status:
    """The state of the lake, from the committed load records and the releases."""
    records = [
        record
        for path in sorted(project.manifest.glob("*.json"))
        for record in json.loads(path.read_text(encoding="utf-8"))
    ]
    by_table: dict[tuple[str, str], list[dict[str, object]]] = {}
    for record in records:
        by_table.setdefault((record["source_name"], record["table_name"]), []).append(record)
    tables = tuple(
        TableStatus(
            source_name=source_name,
            table_name=table_name,
            loads=len(loads),
            rows_read=sum(int(str(load["rows_read"])) for load in loads),
            rows_loaded=sum(int(str(load["rows_loaded"])) for load in loads),
            rows_rejected=sum(int(str(load["rows_rejected"])) for load in loads),
            last_loaded_at=max(str(load["finished_at"]) for load in loads),
        )
        for (source_name, table_name), loads in sorted(by_table.items())
    )
    return Status(
        lake=str(project.lake),
        tables=tables,
        releases=len(list_releases(project)),
        current_release_id=current_release_id(project),
    )
