"""JSON files that nobody declared yet."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from configuration.errors import PlainError
from ingest.files.input_files import unreadable
from ingest.json.files import ENDINGS
from ingest.profile.found import Place, files_at
from ingest.profile.proposal import ProposedTable
from ingest.profile.records import Record, list_in, table_of_records

_RECORDS_LOOKED_AT = 20_000
_FILES_LOOKED_AT = 50


def look_at_json(place: Place, table: str) -> ProposedTable:
    """Propose the table `table` for the files there; raises PlainError when they cannot be read."""
    selector: str | None = None
    records: list[Record] = []
    for file in files_at(place, "json", ENDINGS)[:_FILES_LOOKED_AT]:
        here, found = _records_of(file.location, file.path)
        selector = here or selector
        records += found
        if len(records) >= _RECORDS_LOOKED_AT:
            break
    found_table = table_of_records(
        records[:_RECORDS_LOOKED_AT], table, place.path, selector, place.spool
    )
    # The newest file that names an order has it whole, and no other file's lines belong to it.
    return replace(found_table, version="concat_ws(':', _load_id, _file)")


def _records_of(location: Path, where: str) -> tuple[str | None, list[Record]]:
    try:
        text = location.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise unreadable(where, error) from error
    except UnicodeDecodeError:
        raise PlainError(
            "the file is not UTF-8", where=where, remedy="Export it as UTF-8."
        ) from None
    try:
        if location.suffix.lower() == ".json":
            return list_in(json.loads(text))
        lines = [line for line in text.splitlines() if line.strip()][:_RECORDS_LOOKED_AT]
        return None, [each for each in map(json.loads, lines) if isinstance(each, dict)]
    except ValueError as error:
        raise PlainError(
            f"the file is no JSON ({error})", where=where, remedy="Export it again."
        ) from None
