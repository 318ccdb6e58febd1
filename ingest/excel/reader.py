"""The rows of a sheet to text, column by column in SQL, and through the casts that CSV files have too.

A number of Excel has 15 digits that count, and that is how it is written: 0.1 + 0.2 is 0.3 here as it is on the
screen. Only for a `double` all its bits are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import duckdb
import pyarrow as pa

from ingest.excel.declaration import ExcelTable
from ingest.excel.sheet import SheetRows
from ingest.files.input_files import FILE_COLUMN
from ingest.rows.casting import TypedColumn, fitting_rows, unfitting_rows
from ingest.rows.duckdb_sql import identifier, number, text_literal
from ingest.rows.new_columns import added_columns

_LINE, _ORIGINAL, _CELLS = ":row", ":original", ":cells"
_WHOLE = "1e18"
# Each type that a cell may have: its Arrow type, and SQL that writes it as text.
_KINDS: dict[type, tuple[str, pa.DataType, str]] = {
    str: ("text", pa.string(), "{0}"),
    float: (
        "number",
        pa.float64(),
        f"case when {{0}} = trunc({{0}}) and abs({{0}}) < {_WHOLE} then {{0}}::hugeint::varchar "
        "else printf('%.15g', {0}) end",
    ),
    bool: ("truth", pa.bool_(), "{0}::varchar"),
    date: ("day", pa.date32(), "{0}::varchar"),
    datetime: (
        "moment",
        pa.timestamp("us"),
        "case when {0} = {0}::date then {0}::date::varchar else {0}::varchar end",
    ),
    time: ("time", pa.time64("us"), "{0}::varchar"),
    timedelta: ("span", pa.duration("us"), "{0}::varchar"),
}
_ALL_BITS = "{0}::varchar"


@dataclass(frozen=True)
class SheetColumn:
    """A column of the load, and its name in a header."""

    header: str
    typed: TypedColumn


@dataclass
class Room:
    """The temporary tables `loaded` and `rejected`, which `add_rows` fills; `columns` are those to load.

    With each file they may become more. `named` are the names that headers had in former loads; `ignored`
    are those that were passed over.
    """

    connection: duckdb.DuckDBPyConnection
    table: ExcelTable
    named: Mapping[str, str]
    columns: list[SheetColumn] = field(default_factory=list)
    ignored: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for column in self.table.columns:
            self.columns.append(SheetColumn(column.source_name, column.typed))
        columns = ", ".join(
            f"{identifier(each.typed.name)} {each.typed.type.duckdb}" for each in self.columns
        )
        self.connection.execute(
            f"create or replace temp table loaded ({columns}, {FILE_COLUMN} varchar)"
        )
        self.connection.execute(
            "create or replace temp table rejected (file varchar, line bigint, column_name varchar, "
            "reason varchar, original_text varchar, carried varchar)"
        )

    @property
    def typed(self) -> tuple[TypedColumn, ...]:
        """The columns of the load."""
        return tuple(each.typed for each in self.columns)

    def take_new(self, headers: Iterable[str]) -> None:
        """Make room for headers that are not declared, if they are to be added."""
        known = {each.header for each in self.columns}
        new = [header for header in headers if header not in known]
        if self.table.on_new_column != "add":
            self.ignored.update(new)
            return
        former = {each.header: each.typed.name for each in self.columns if each.typed.added_from}
        declared = [column.name for column in self.table.columns]
        for typed in added_columns(new, declared, {**self.named, **former}):
            self.columns.append(SheetColumn(str(typed.added_from), typed))
            self.connection.execute(
                f"alter table loaded add column {identifier(typed.name)} {typed.type.duckdb}"
            )


def add_rows(room: Room, rows: SheetRows, path: str) -> tuple[int, int]:
    """Put each row of the sheet into `loaded` or `rejected`; returns how many into each."""
    connection = room.connection
    room.take_new(rows.undeclared(room.table))
    problems = _problems(rows, room.columns)
    doubles = {each.header for each in room.columns if each.typed.type.name == "double"}
    arrays: dict[str, Any] = {"row": pa.array(rows.numbers, pa.int64())}
    texts = []
    for place, values in enumerate(zip(*rows.values, strict=True) if rows.values else ()):
        texts.append(_add_column(arrays, place, values, all_bits=rows.header[place] in doubles))
    for place, name in enumerate(("problem_column", "problem")):
        told = [problems.get(row, (None, None))[place] for row in rows.numbers]
        arrays[name] = pa.array(told, pa.string())
    connection.register("cells", pa.table(arrays))
    try:
        connection.execute(
            "create or replace temp view written as select row, problem_column, problem"
            + "".join(f", {sql} as c{place}" for place, sql in enumerate(texts))
            + " from cells"
        )
        return _split(connection, rows, room.columns, path) if rows.values else (0, 0)
    finally:
        connection.execute("drop view if exists written")
        connection.unregister("cells")


def _add_column(
    arrays: dict[str, Any], place: int, values: Sequence[Any], *, all_bits: bool
) -> str:
    """Add the values of one column, an array per type; returns SQL that writes them as text."""
    written = []
    for kind in sorted(set(map(type, values)), key=lambda each: each.__name__):
        as_kind = float if kind is int else kind
        name, arrow, sql = _KINDS[as_kind]
        own = [value if type(value) is kind else None for value in values]
        column = f"c{place}_{name}{'_whole' if kind is int else ''}"
        arrays[column] = pa.array(own, arrow)
        if as_kind is float and all_bits:
            sql = _ALL_BITS
        text = sql.format(column)
        written.append(f"nullif({text}, '')" if kind is str else text)
    return f"coalesce({', '.join(written)})"


def _split(
    connection: duckdb.DuckDBPyConnection,
    rows: SheetRows,
    columns: Sequence[SheetColumn],
    path: str,
) -> tuple[int, int]:
    typed = [each.typed for each in columns]
    relation = f"{_relation(rows, columns)} where problem is null"
    before = number(connection, "select count(*) from rejected")
    loaded = number(
        connection,
        f"insert into loaded by name select *, {text_literal(path)} as {FILE_COLUMN} "
        f"from ({fitting_rows(relation, typed, [])})",
    )
    # What no declaration could mend has nothing to be tried again with.
    connection.execute(
        f"insert into rejected select {text_literal(path)}, {identifier(_LINE)}, column_name, "
        f"reason, {identifier(_ORIGINAL)}, {identifier(_CELLS)} "
        f"from ({unfitting_rows(relation, typed)}) "
        f"union all select {text_literal(path)}, row, problem_column, problem, {_csv(rows)}, null "
        "from written where problem is not null"
    )
    return loaded, number(connection, "select count(*) from rejected") - before


def _relation(rows: SheetRows, columns: Sequence[SheetColumn]) -> str:
    places = {name: f"c{place}" for place, name in enumerate(rows.header) if name}
    chosen = [
        f"{_value(places.get(each.header, 'null::varchar'), each.typed)} "
        f"as {identifier(each.typed.name)}"
        for each in columns
    ]
    cells = ", ".join(f"{text_literal(name)}, {place}" for name, place in places.items())
    return (
        f"select {', '.join(chosen)}, row as {identifier(_LINE)}, "
        f"{_csv(rows)} as {identifier(_ORIGINAL)}, "
        f"json_object({cells})::varchar as {identifier(_CELLS)} from written"
    )


def _value(place: str, column: TypedColumn) -> str:
    if column.type.duckdb != "VARCHAR":
        return f"nullif(trim({place}), '')"
    return place if column.nullable else f"case when trim({place}) != '' then {place} end"


def _csv(rows: SheetRows) -> str:
    """SQL of the row as a line of CSV."""
    cells = [
        f"case when regexp_matches(c{place}, '[,\"\\r\\n]') "
        f"then '\"' || replace(c{place}, '\"', '\"\"') || '\"' else coalesce(c{place}, '') end"
        for place in range(len(rows.header))
    ]
    return f"concat_ws(',', {', '.join(cells)})"


def _problems(rows: SheetRows, columns: Sequence[SheetColumn]) -> dict[int, tuple[str | None, str]]:
    """Rows that cannot be loaded whatever their types: row number -> column and reason.

    Writes what an error cell shows into its place, so that the original text has it.
    """
    names = {each.header: each.typed.name for each in columns}
    found: dict[int, list[tuple[str, str]]] = {}
    at = {row: place for place, row in enumerate(rows.numbers)}
    for (row, column), shown in sorted(rows.errors.items()):
        if row in at and column <= len(rows.header):
            rows.values[at[row]][column - 1] = shown
            name = names.get(rows.header[column - 1], "")
            if name:
                reason = f"{name}: '{shown}' is an error of the workbook, no value"
                found.setdefault(row, []).append((name, reason))
    for place, name in enumerate(rows.header):
        if not name:
            for row, values in zip(rows.numbers, rows.values, strict=True):
                if values[place] != "":
                    reason = f"there is a value in column {_letters(place)}, which has no header"
                    found.setdefault(row, []).append(("", reason))
    for row in rows.repeated:
        found[row] = [("", "the row is the header again")]
    return {
        row: (", ".join(name for name, _ in each if name) or None, "; ".join(r for _, r in each))
        for row, each in found.items()
    }


def _letters(place: int) -> str:
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
