"""Rows as the page needs them: named, formatted columns; and the queries that fill them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import duckdb

from reports.formats import (
    NAMES_OF_NUMBERS,
    FormatName,
    Formatter,
    Value,
    default_format,
    is_numeric,
    steady,
)
from reports.language.datasets import BY_QUERY, Dataset
from reports.sql import quoted, sorts_itself

_NUMBERS = frozenset({int, float, Decimal})
Json = str | int | float | bool | list["Json"] | None


@dataclass(frozen=True)
class Field:
    """A column of a frame: its name in SQL, its label, its format and DuckDB's type."""

    name: str
    label: str
    format: FormatName
    sql_type: str

    @property
    def is_number(self) -> bool:
        """Whether it is right-aligned and can be added up."""
        return is_numeric(self.sql_type)

    @property
    def is_quantity(self) -> bool:
        """Whether it is a number that is read as one: more is further up. A weekday has a name."""
        return self.is_number and self.format not in NAMES_OF_NUMBERS

    @property
    def is_list(self) -> bool:
        """Whether each value is a list of numbers, which tables draw as a small line."""
        return self.sql_type.endswith("[]") and is_numeric(self.sql_type.removesuffix("[]"))

    @property
    def is_date(self) -> bool:
        """Whether it holds dates, with or without a time of day."""
        return self.sql_type.startswith(("DATE", "TIMESTAMP"))


@lru_cache(maxsize=4096)
def shown_as(field: Field, label: str | None, chosen: FormatName | None) -> Field:
    """The field with a label and a format of the author's, where given."""
    return replace(field, label=label or field.label, format=chosen or field.format)


@dataclass(frozen=True)
class Frame:
    """Rows with their fields."""

    fields: tuple[Field, ...]
    rows: tuple[tuple[Value, ...], ...]
    _texts: dict[tuple[int, int], list[str]] = dataclass_field(
        default_factory=dict, repr=False, compare=False
    )

    def index(self, name: str) -> int:
        """The position of a field."""
        for place, field in enumerate(self.fields):
            if field.name == name:
                return place
        raise KeyError(name)

    def column(self, name: str) -> list[Value]:
        """All values of a field."""
        index = self.index(name)
        return [row[index] for row in self.rows]

    def texts(self, name: str, formatter: Formatter) -> list[str]:
        """All values of a field as readers see them."""
        return self.texts_at(self.index(name), formatter)

    def texts_at(self, index: int, formatter: Formatter) -> list[str]:
        """The same by the place of the field: a series may have the name of another column."""
        key = (
            index,
            id(formatter),
        )  # a chart asks several times: its axis, its table, its sentence
        if key not in self._texts:
            chosen = self.fields[index].format
            self._texts[key] = [formatter.text(row[index], chosen) for row in self.rows]
        return self._texts[key]

    def select(self, wanted: Sequence[tuple[str, str | None, FormatName | None]]) -> Frame:
        """These fields only, each with a label and a format of the author's where given."""
        indexes = [self.index(name) for name, _, _ in wanted]
        fields = tuple(
            shown_as(self.fields[index], label, chosen)
            for index, (_, label, chosen) in zip(indexes, wanted, strict=True)
        )
        return Frame(fields, tuple(tuple(row[i] for i in indexes) for row in self.rows))


def label_of(name: str) -> str:
    """A column's name as words: `net_revenue` is `Net revenue`."""
    words = name.removesuffix("_pct").replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def fields_of(described: Sequence[tuple[object, ...]]) -> tuple[Field, ...]:
    """Fields from the rows of a DESCRIBE."""
    return tuple(
        Field(
            str(row[0]),
            label_of(str(row[0])),
            default_format(str(row[0]), str(row[1])),
            str(row[1]),
        )
        for row in described
    )


def describe(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Field, ...]:
    """The fields of a query, which is not run."""
    return fields_of(connection.execute(f"describe (\n{sql}\n)").fetchall())


def materialize(
    connection: duckdb.DuckDBPyConnection, table: str, dataset: Dataset, fields: Sequence[Field]
) -> Frame:
    """Run a dataset once, keep its rows as a temporary table, and return them in its order."""
    asked = []
    by_query = dataset.order == [BY_QUERY]
    for entry in [] if by_query else dataset.order:
        name, descending = order_entry(entry)
        asked.append(f"{quoted(name)} {'desc' if descending else 'asc'} nulls last")
    ties = [f"{quoted(field.name)} nulls last" for field in fields]
    limit = f" limit {dataset.limit}" if dataset.limit else ""
    # A query that sorts its rows itself keeps that order; one that does not follows all columns.
    keeps = by_query and sorts_itself(connection, dataset.query)
    order = "" if keeps else f"order by {', '.join(asked + ties)}"
    connection.execute(
        f"create or replace temp table {quoted(table)} as select * from (\n{dataset.query}\n) "
        f"{order}{limit}"
    )
    rows = connection.execute(f"select * from {quoted(table)}").fetchall()
    return Frame(tuple(fields), tuple(rows))


def order_entry(entry: str) -> tuple[str, bool]:
    """`net_revenue desc` as the name and whether it descends."""
    name, _, direction = entry.strip().partition(" ")
    return name, direction.strip().lower() == "desc"


def frame_as_json(frame: Frame) -> dict[str, Any]:
    """The rows as columns: raw values with the format in which the script writes them."""
    columns = []
    for index, field in enumerate(frame.fields):
        raw = [as_json(row[index]) for row in frame.rows]
        column: dict[str, object] = {"name": field.name, "label": field.label, "raw": raw}
        if field.is_number:
            column["number"] = True
        if field.is_list:
            column["list"] = True
        if field.is_date:
            column["date"] = True
        if field.format != "text":
            column["format"] = field.format
        columns.append(column)
    return {"columns": columns}


def sort_key(value: Value) -> tuple[float, str]:
    """Numbers by size, everything else by its text: ISO dates in their order."""
    number = as_number(value)
    return (0.0 if number is None else number, "" if number is not None else str(value))


def as_number(value: Value) -> float | None:
    """A value as a number to draw with; None for what is none."""
    if type(value) not in _NUMBERS:  # a bool is none
        return None
    number = float(value)  # type: ignore[arg-type]
    return number if math.isfinite(number) else None


def as_day(value: date) -> date:
    """The day of a date or of a moment."""
    return value.date() if isinstance(value, datetime) else value


def as_json(value: Value) -> Json:
    """A value as JSON holds it; doubles as they are shown, which no reader misses."""
    if isinstance(value, Decimal):
        whole = value.to_integral_value()
        return int(whole) if value == whole else float(value)
    if isinstance(value, float):
        return steady(value) if math.isfinite(value) else None
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [as_json(one) for one in value]
    return value
