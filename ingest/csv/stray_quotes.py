"""Files in which DuckDB's reader loses its way after a stray quote.

After a quote that does not close where its value ends, it may give the text of another row as the one that it
refused, and go on in the middle of a line. What it says of the places of its errors shows that.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from configuration.errors import PlainError
from ingest.csv.header import BOM
from ingest.csv.inputs import CsvInput
from ingest.csv.lake_names import name_in_lake

_STRAY = "UNQUOTED VALUE"


def misread(connection: duckdb.DuckDBPyConnection, inputs: Sequence[CsvInput]) -> list[PlainError]:
    """One error for each file (its `where`) of which the reader's rows and errors cannot be believed."""
    errors = connection.execute(
        f"select {name_in_lake(inputs, 'file_path')} as file, line, line_byte_position, "
        # An error behind the end of its line is not of this line; its line end has two bytes at most.
        "byte_position > line_byte_position + strlen(csv_line) + 2 as is_elsewhere "
        "from reject_errors join reject_scans using (scan_id, file_id) "
        "where (scan_id, file_id) in (select (scan_id, file_id) from reject_errors "
        f"where error_type = '{_STRAY}') order by all"
    ).fetchall()
    by_path = {each.path: each for each in inputs}
    found: dict[str, PlainError] = {}
    for path, line, position, is_elsewhere in errors:
        each = by_path[path]
        if path not in found and (is_elsewhere or not _begins_line(each, position)):
            about = line + each.dialect.preamble_lines
            found[path] = PlainError(
                f"a quote does not close where its value ends, near line {about}, "
                "and the rows after it cannot be told apart for sure",
                where=path,
                remedy=f"Close it, or double it ({each.dialect.quote * 2}) where it belongs to the text.",
            )
    return list(found.values())


def _begins_line(each: CsvInput, position: int) -> bool:
    """Whether a line begins at the byte `position`, counted from 1."""
    with each.readable.open("rb") as content:
        before = position - 1
        content.seek(max(0, before - len(BOM)))
        above = content.read(min(before, len(BOM)))
    return not above or above == BOM or above.endswith((b"\n", b"\r"))
