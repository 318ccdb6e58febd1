"""What did not fit of one load's CSV files: each row with the line where it begins, why, and its own text.

Lines that the reader refuses stand in its tables. Rows that do not cast are found by a second reading of
their file only, and of files only whose bytes hold more rows than were loaded.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import duckdb

from ingest.csv.inputs import CsvInput
from ingest.csv.lake_names import name_in_lake
from ingest.csv.original_text import original_text
from ingest.csv.preflight import Preflight
from ingest.csv.reader import in_form, relation
from ingest.csv.second_header import SECOND_HEADER, is_header
from ingest.rows.casting import TypedColumn, unfitting_rows
from ingest.rows.duckdb_sql import identifier, number, text_literal


def collect_rejected(
    connection: duckdb.DuckDBPyConnection,
    inputs: Sequence[CsvInput],
    columns: Sequence[TypedColumn],
    preflights: Mapping[str, Preflight],
    loaded: Mapping[str, int],
) -> dict[str, int]:
    """Gather what did not fit into the temporary table `rejected`; returns how many rows of each file."""
    _collect_refused_lines(connection, inputs, preflights)
    refused = _count_by_file(connection)
    for each in inputs:
        missing = preflights[each.path].rows - loaded.get(each.path, 0) - refused.get(each.path, 0)
        if missing or hides_rows(connection, each, columns, preflights, loaded):
            _collect_unfitting(connection, each, columns, preflights[each.path])
        if each.dialect.preamble_lines:
            connection.execute(
                f"update rejected set line = line + {each.dialect.preamble_lines} "
                f"where file = {text_literal(each.path)}"
            )
    return _count_by_file(connection)


def hides_rows(
    connection: duckdb.DuckDBPyConnection,
    each: CsvInput,
    columns: Sequence[TypedColumn],
    preflights: Mapping[str, Preflight],
    loaded: Mapping[str, int],
) -> bool:
    """Whether the reader splits more rows than were loaded, in a file where the bytes may hide that.

    A stray quote makes one record of several in the count of the bytes; the reader may take it for text.
    Rows that do not fit must not go unnoticed because that count is smaller by as many.
    """
    if not preflights[each.path].has_line_breaks_in_values:
        return False
    rows = f"select count(*) from ({relation([each], each.columns, columns, keep_rejects=False)})"
    return number(connection, rows) != loaded.get(each.path, 0)


def example(
    connection: duckdb.DuckDBPyConnection,
    inputs: Sequence[CsvInput],
    columns: Sequence[TypedColumn],
    preflights: Mapping[str, Preflight],
    loaded: Mapping[str, int],
) -> str:
    """One row that does not fit, told for a person; empty when none is found."""
    _collect_refused_lines(connection, inputs, preflights)
    refused = connection.execute(
        "select file, line, reason from rejected order by file, line limit 1"
    ).fetchone()
    above = {each.path: each.dialect.preamble_lines for each in inputs}
    if refused:
        line = refused[1] + above[refused[0]]
        return f"for example {refused[0]}, line {line}: {refused[2]}"
    for each in inputs:
        if loaded.get(each.path, 0) < preflights[each.path].rows:
            connection.execute("set preserve_insertion_order = true")
            found = connection.execute(
                f"{_unfitting_with_lines(each, columns, preflights[each.path])} limit 1"
            ).fetchone()
            if found:
                line = (
                    ""
                    if preflights[each.path].blank_lines
                    else f", line {found[0] + above[each.path]}"
                )
                return f"for example {each.path}{line}: {found[2]}"
    return ""


def _collect_refused_lines(
    connection: duckdb.DuckDBPyConnection,
    inputs: Sequence[CsvInput],
    preflights: Mapping[str, Preflight],
) -> None:
    """Put the lines that the reader refused into `rejected`, with the line where each begins."""
    connection.execute(
        "create or replace temp table rejected (file varchar, line bigint, span bigint, "
        "column_name varchar, reason varchar, original_text varchar)"
    )
    if not number(connection, "select count(*) from reject_errors"):
        return
    found = "regexp_extract(error_message, 'Columns: (\\d+) Found: (\\d+)', {group})"
    values = (
        f"'the line has ' || {found.format(group=2)} || ' values, not ' || {found.format(group=1)}"
    )
    reason = (
        "case when error_type in ('MISSING COLUMNS', 'TOO MANY COLUMNS') then "
        f"replace({values}, ' 1 values', ' 1 value') "
        "when error_type = 'UNQUOTED VALUE' then 'a quote does not close where its value ends' "
        "when error_type = 'LINE SIZE OVER MAXIMUM' then 'the line is longer than 2 MB' "
        "else split_part(error_message, chr(10), 1) end"
    )
    connection.execute(
        "create or replace temp table refused_lines as "
        f"select {name_in_lake(inputs, 'file_path')} as file, line, any_value(line_byte_position) as position, "
        "ltrim(any_value(csv_line), chr(10) || chr(13)) as original_text, "
        f"string_agg(distinct column_name, ', ') as column_name, string_agg(distinct {reason}, '; ') as reason "
        "from reject_errors join reject_scans using (scan_id, file_id) "
        "group by scan_id, file_id, file_path, line"
    )
    for each in inputs:
        if preflights[each.path].has_line_breaks_in_values:
            _find_lines(connection, each)
    connection.execute(
        "insert into rejected select file, line, "
        "1 + length(original_text) - length(replace(original_text, chr(10), '')), "
        "column_name, reason, original_text from refused_lines"
    )


def _find_lines(connection: duckdb.DuckDBPyConnection, each: CsvInput) -> None:
    """The reader counts records; where values hold line breaks, count the lines of the file instead."""
    file = text_literal(each.path)
    positions = connection.execute(
        f"select distinct position from refused_lines where file = {file} order by position"
    ).fetchall()
    line, done = 1, 0
    with each.readable.open("rb") as content:
        for (position,) in positions:
            line += content.read(max(0, position - 1 - done)).count(b"\n")
            done = max(done, position - 1)
            # The position may be that of blank lines before the record.
            while (byte := content.read(1)) in (b"\r", b"\n"):
                line += byte == b"\n"
                done += 1
            done += len(byte)
            connection.execute(
                f"update refused_lines set line = {line} "
                f"where file = {file} and position = {position}"
            )


def _unfitting_with_lines(
    each: CsvInput, columns: Sequence[TypedColumn], preflight: Preflight
) -> str:
    """SQL of the rows of one file that do not cast: column_name, reason, original_text, and the line.

    The line is that of the first record, plus one for each record before, plus the line breaks in
    their values. Blank and refused lines before it are not counted yet: `_collect_unfitting`.
    """
    texts = [identifier(name) for name in each.columns]
    breaks = " + ".join(
        f"coalesce(length({text}) - length(replace({text}, chr(10), '')), 0)" for text in texts
    )
    before = (
        f"coalesce(sum({breaks}) over (rows between unbounded preceding and 1 preceding), 0)"
        if preflight.has_line_breaks_in_values
        else "0"
    )
    start = each.head.header_lines
    numbered = (
        f"select *, (row_number() over () + {start} + {before})::bigint as line "
        f"from ({relation([each], each.columns, columns, keep_rejects=False)})"
    )
    rows, headers = "from numbered", ""
    if each.dialect.has_header:
        rows = f"from numbered where not {is_header(each)}"
        headers = (
            f" union all by name select *, null::varchar as column_name, "
            f"{text_literal(SECOND_HEADER)} as reason "
            f"from numbered where {is_header(each)}"
        )
    return (
        f"with numbered as ({numbered}) "
        f"select line, column_name, reason, {original_text(each)} as original_text from ("
        f"select * from ({unfitting_rows(rows, in_form(columns, each.dialect))}){headers})"
    )


def _collect_unfitting(
    connection: duckdb.DuckDBPyConnection,
    each: CsvInput,
    columns: Sequence[TypedColumn],
    preflight: Preflight,
) -> None:
    file = text_literal(each.path)
    blank = list(_blank_lines(each)) if preflight.blank_lines else []
    not_counted = (
        f"select line, span from rejected where file = {file} "
        "union all select unnest($blank::bigint[]) as line, 1 as span"
    )
    # `base` is the line that the next record would have without them; several may share one.
    shifts = (
        "select base, max(shift) as shift from ("
        "select line - coalesce(sum(span) over (order by line "
        "rows between unbounded preceding and 1 preceding), 0) as base, "
        f"sum(span) over (order by line) as shift from ({not_counted})) group by base"
    )
    connection.execute("set preserve_insertion_order = true")
    connection.execute(
        f"insert into rejected select {file}, found.line + coalesce(shifts.shift, 0), 1, "
        "column_name, reason, original_text "
        f"from ({_unfitting_with_lines(each, columns, preflight)}) as found "
        f"asof left join ({shifts}) as shifts on found.line >= shifts.base",
        {"blank": blank},
    )
    connection.execute("set preserve_insertion_order = false")


def _blank_lines(each: CsvInput) -> Iterator[int]:
    """The blank lines between the records of a file; only files with rows that do not fit are read so."""
    csv.field_size_limit(max(each.bytes * 4, 1 << 17))
    quote, delimiter = each.dialect.quote, each.dialect.delimiter
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
    with each.readable.open(encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(text, delimiter=delimiter, quotechar=quote or None, quoting=quoting)
        for record in reader:
            if not record:
                yield reader.line_num


def _count_by_file(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    found = connection.execute("select file, count(*) from rejected group by all").fetchall()
    return {str(path): int(count) for path, count in found}
