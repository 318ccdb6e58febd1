"""How the files that the reader read are called in the lake."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.csv.inputs import CsvInput
from ingest.files.input_files import lake_name
from ingest.rows.duckdb_sql import text_literal


def name_in_lake(inputs: Sequence[CsvInput], column: str) -> str:
    """SQL from a reader's file name in `column` to ours; copies are numbered, so a list has their names."""
    copies = {int(each.copy.stem): each.path for each in inputs if each.copy}
    given = [each for each in inputs if not each.copy]
    name = lake_name(given, column) if given else ""
    if not copies:
        return name
    names = ", ".join(
        text_literal(copies[number]) if number in copies else "null"
        for number in range(max(copies) + 1)
    )
    folder = next(each.copy.parent.as_posix() for each in inputs if each.copy)
    number = f"try_cast(replace(substr({column}, {len(folder) + 2}), '.csv', '') as integer)"
    copy = f"[{names}][{number} + 1]"
    if not name:
        return copy
    return f"case when starts_with({column}, {text_literal(folder)}) then {copy} else {name} end"
