"""A CSV file, or a folder of them, that nobody declared yet: its dialect first, then its columns.

What is not plain is pinned in the declaration, but for what each file may have of its own: an encoding that a
load finds in the bytes, lines above the header, a footer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb
from pydantic import ValidationError

from configuration.errors import ConfigurationError, PlainError
from configuration.yaml_file import nearest
from ingest.csv.declaration import CsvTable
from ingest.csv.dialect_declaration import DialectBlock
from ingest.csv.dialect_guess import DialectGuess, guess_dialect
from ingest.csv.header import check_header
from ingest.csv.inputs import CsvInput, open_input
from ingest.csv.plain_copy import write_plain
from ingest.csv.reader import reader_options
from ingest.csv.value_forms import may_be_day, may_be_number
from ingest.declaration.tables import Column
from ingest.files.found_files import FoundFile
from ingest.profile.columns import MONEY, TIMES, lake_names, propose_columns, propose_key
from ingest.profile.found import Place, files_at
from ingest.profile.meaning import KEYS, entity_of
from ingest.profile.proposal import ProposedColumn, ProposedTable
from ingest.rows.duckdb_sql import connect, exact_path, identifier, number, text_literal
from ingest.rows.text_forms import PLAIN_FORM, TextForm

_ROWS_LOOKED_AT = 500_000
_FILES_LOOKED_AT = 50
_FILES_GUESSED = 10
# How sentences tell what to write into the sources file.
_PIN = re.compile(r"dialect: \{(\w+): ([^}]*)\}")
_OF_EACH_FILE = ("line_ends", "encoding", "footer_rows", "footer", "header_row", "preamble_lines")


class UnclearError(PlainError):
    """Two readings are plausible; `keys` are those of the dialect that say which is meant."""

    def __init__(self, what: str, *, where: str, remedy: str, keys: Sequence[str]) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.keys = tuple(keys)


def look_at_csv(place: Place, table: str) -> ProposedTable:
    """Propose the table `table` for the files there; raises PlainError when they cannot be read.

    Raises UnclearError where a load would want a word in the sources file.
    """
    try:
        return _proposed(place, table)
    except PlainError as error:
        keys = _PIN.findall(error.remedy)
        if isinstance(error, ConfigurationError) or not keys:
            raise
        remedy = _PIN.sub(lambda pin: f"--dialect {pin[1]}={pin[2]}", error.remedy)
        remedy = remedy.replace("Write --dialect", "Say --dialect").replace(" at its table", "")
        names = list(dict.fromkeys(name for name, _ in keys))
        raise UnclearError(error.what, where=error.where, remedy=remedy, keys=names) from error


def _proposed(place: Place, table: str) -> ProposedTable:
    files = files_at(place, "csv", (".csv",))
    pinned = dialect_block(place.dialect)
    guesses = [
        guess_dialect(each.location, each.path, pinned) for each in _some(files, _FILES_GUESSED)
    ]
    guess = guesses[0]
    if not guess.dialect.has_header and pinned.header:
        raise UnclearError(
            f"the first line ({', '.join(guess.sample[0] if guess.sample else ())[:60]}) looks like a row, "
            "not like the names of the columns",
            where=files[0].path,
            remedy="Say --dialect header=false if it is a row, --dialect header_row=1 if it names them.",
            keys=("header", "header_row"),
        )
    check_header(guess.header, guess.header, files[0].path)
    headers = dict(zip(lake_names(guess.header), guess.header, strict=True))
    dialect = {**_pins(guesses), **place.dialect}
    try:
        look = _Look(files, _declared(table, headers, dialect))
    except PlainError:
        # Where the header stands is told by its names alone, unless something above it looks like it.
        dialect = {**(guess.dialect.recorded() or {}), **dialect}
        dialect = {
            name: each for name, each in dialect.items() if name not in ("line_ends", "footer_rows")
        }
        look = _Look(files, _declared(table, headers, dialect))
    connection = connect(place.spool)
    try:
        rows = look.read(connection, place)
        form = _form(look.table.dialect)
        columns = propose_columns(
            connection, "select * from seen", headers, form=form, called=table
        )
        entity = entity_of({column.role for column in columns if column.role})
        key = propose_key(connection, "select * from seen", columns, KEYS.get(entity or "", ()))
    finally:
        connection.close()
    check_clear(columns, files[0].path)
    # A load must be as sure of each file as this look is.
    types = {column.name: column.type for column in columns}
    _Look(files, _declared(table, headers, dialect, types))
    doubts = [each for each in guess.doubts if not place.dialect]
    return ProposedTable(
        table,
        place.path,
        columns,
        key,
        rows_seen=rows,
        entity=entity,
        options={"dialect": dialect} if dialect else {},
        notes=tuple(doubts),
    )


def dialect_block(pins: Mapping[str, object]) -> DialectBlock:
    """The pins as the sources file reads them; raises ConfigurationError for what it would refuse."""
    for name in pins:
        if name not in DialectBlock.model_fields:
            guess = nearest(name, list(DialectBlock.model_fields))
            raise ConfigurationError(
                f"'{name}' is no part of a dialect",
                remedy=f"Did you mean '{guess}'?"
                if guess
                else f"Known are {', '.join(DialectBlock.model_fields)}.",
            )
    try:
        return DialectBlock.model_validate(dict(pins))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(each) for each in first["loc"])
        raise ConfigurationError(
            f"--dialect {name}: {first['msg'].removeprefix('Value error, ')}"
        ) from None


@dataclass(frozen=True)
class _Look:
    """The files of a table as a load opens them; made only if each of them is the table's."""

    files: Sequence[FoundFile]
    table: CsvTable

    def __post_init__(self) -> None:
        for file in self.files:
            open_input(file, self.table)

    def read(self, connection: duckdb.DuckDBPyConnection, place: Place) -> int:
        """Make the table `seen` of the first rows, all as text; gives how many."""
        names = ", ".join(identifier(column.name) for column in self.table.columns)
        some = _some(self.files, _FILES_LOOKED_AT)
        queries = [
            f"select {names} from {self._reader(open_input(file, self.table), number, place)}"
            for number, file in enumerate(some)
        ]
        connection.execute(
            f"create table seen as select * from ({' union all '.join(queries)}) "
            f"limit {_ROWS_LOOKED_AT}"
        )
        return number(connection, "select count(*) from seen")

    def _reader(self, each: CsvInput, place_number: int, place: Place) -> str:
        path = each.location
        if each.dialect.needs_copy:
            path = place.spool / "plain" / f"{place_number}.csv"
            write_plain(
                each.location,
                path,
                each.dialect,
                each.path,
                header_lines=each.head.header_lines,
                is_found_out=self.table.dialect.encoding is None,
            )
        kinds = ", ".join(f"{text_literal(name)}: 'VARCHAR'" for name in each.columns)
        return (
            f"read_csv({text_literal(exact_path(path.as_posix()))}, columns = {{{kinds}}}, "
            f"{reader_options(each.dialect)}, ignore_errors = true)"
        )


def _some(files: Sequence[FoundFile], most: int) -> Sequence[FoundFile]:
    """An export changes over time, so both ends are looked at."""
    return files if len(files) <= most else [*files[: most // 2], *files[-(most // 2) :]]


def _declared(
    table: str,
    headers: Mapping[str, str],
    dialect: Mapping[str, object],
    types: Mapping[str, str] | None = None,
) -> CsvTable:
    columns = tuple(
        Column(name=name, header=header, type=(types or {}).get(name, "text"))
        for name, header in headers.items()
    )
    return CsvTable(name=table, path=table, columns=columns, dialect=dialect_block(dialect))


def _pins(guesses: Sequence[DialectGuess]) -> dict[str, object]:
    """What is not plain in the files, under the names that it has in the sources file."""
    found: dict[str, object] = {}
    for guess in reversed(guesses):
        for name, value in (guess.dialect.recorded() or {}).items():
            if name not in _OF_EACH_FILE:
                found[name] = value[0] if isinstance(value, list) and len(value) == 1 else value
    return found


def _form(pinned: DialectBlock) -> TextForm:
    """How numbers and dates are written."""
    decimal = pinned.decimal or ("," if pinned.thousands == "." else PLAIN_FORM.decimal)
    return replace(
        PLAIN_FORM,
        decimal=decimal,
        thousands=pinned.thousands or "",
        date_formats=pinned.date_format or (),
        timestamp_formats=pinned.timestamp_format or (),
    )


def check_clear(columns: Sequence[ProposedColumn], where: str) -> None:
    """Raise UnclearError where a column that figures need may be read in two ways."""
    for column in columns:
        example = next(iter(column.examples), "")
        if column.type != "text" or not example:
            continue
        if column.role in TIMES and all(may_be_day(each) for each in column.examples):
            has_time = any(":" in each for each in column.examples)
            key = "timestamp_format" if has_time else "date_format"
            time = " hh:mm" if has_time else ""
            raise UnclearError(
                f"the dates of '{column.header}', such as {example}, may be read in more than one way",
                where=where,
                remedy=f"Say how they are written, as --dialect '{key}=dd/mm/yyyy{time}'.",
                keys=(key,),
            )
        if column.role in MONEY and all(may_be_number(each) for each in column.examples):
            raise UnclearError(
                f"the numbers of '{column.header}', such as {example}, may be read in more than one way",
                where=where,
                remedy="Say what stands before the decimals, as --dialect decimal=, (and --dialect "
                "thousands=. where digits are grouped).",
                keys=("decimal", "thousands"),
            )
