"""The rows of a chart: from a dataset's table to one row per x and one column per measure or series."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from functools import cached_property

import duckdb

from configuration.errors import PlainError
from configuration.yaml_file import Location
from reports.formats import FormatName, Formatter, Value
from reports.frames import Field, Frame, as_number, describe, shown_as
from reports.language.annotations import Annotation
from reports.language.items import Axis, Measure
from reports.language.metrics import Metrics
from reports.sql import quoted

_GRAIN_FORMATS: dict[str, FormatName] = {"month": "month", "quarter": "month", "year": "year"}


@dataclass
class Answers:
    """What queries gave, kept while the pages of one file are made.

    The pages of a template ask the same of different keys: a query runs once, for all of them.
    """

    rows: dict[str, list[tuple[Value, ...]]] = dataclass_field(default_factory=dict)
    by_key: dict[str, dict[Value, list[tuple[Value, ...]]]] = dataclass_field(default_factory=dict)
    fields: dict[str, tuple[Field, ...]] = dataclass_field(default_factory=dict)


@dataclass(frozen=True)
class Split:
    """Of a template's page: the column with its key, and the key."""

    column: str
    key: Value


@dataclass(frozen=True)
class Source:
    """Where an item's rows come from: the dataset's table, already sorted, and its fields.

    `split` says which of its rows are this page's; all where there is none. `place` gives
    the author's file:line:column of a part of the item, for errors. `frame` are this page's rows,
    where they have been fetched already.
    """

    connection: duckdb.DuckDBPyConnection
    table: str
    fields: tuple[Field, ...]
    metrics: Metrics
    place: Callable[[Location], str]
    words: Mapping[str, str]
    answers: Answers
    annotations: Sequence[Annotation] = ()
    split: Split | None = None
    is_filterable: bool = False
    frame: Frame | None = None

    def select(
        self,
        columns: Sequence[str],
        *,
        where: str = "",
        group: Sequence[str] = (),
        order: Sequence[str] = (),
        relation: str = "",
    ) -> list[tuple[Value, ...]]:
        """Rows of SQL expressions over the dataset; in its own order where none is asked.

        `relation` stands in for the dataset's table where a query needs more than that.
        """
        if self.frame is not None and not (where or group or order or relation):
            places = [self._places.get(column) for column in columns]
            known = [place for place in places if place is not None]
            if len(known) == len(places):
                return [tuple([row[place] for place in known]) for row in self.frame.rows]
        key = self.key_sql
        sql = f"select {', '.join([*key, *columns])} from {relation or quoted(self.table)}"
        if where:
            sql += f" where {where}"
        if group:
            sql += f" group by {', '.join([*key, *group])}"
        if order:
            sql += f" order by {', '.join(order)}"
        if self.split is None:
            if sql not in self.answers.rows:
                self.answers.rows[sql] = self.connection.execute(sql).fetchall()
            return self.answers.rows[sql]
        if sql not in self.answers.by_key:
            found: dict[Value, list[tuple[Value, ...]]] = {}
            for row in self.connection.execute(sql).fetchall():
                found.setdefault(row[0], []).append(row[1:])
            self.answers.by_key[sql] = found
        return self.answers.by_key[sql].get(self.split.key, [])

    @cached_property
    def _places(self) -> dict[str, int]:
        """The places of the fields by the SQL of their columns."""
        return {quoted(field.name): index for index, field in enumerate(self.fields)}

    @property
    def key_sql(self) -> list[str]:
        """The column that splits the dataset into pages, if one does."""
        return [quoted(self.split.column)] if self.split else []

    def measure_sql(self, measure: Measure) -> str:
        """The SQL of a measure: a column, or the aggregate of a metric."""
        return self.metrics.sql(measure.metric) if measure.metric else quoted(measure.field or "")

    def aggregate_sql(self, measure: Measure) -> str:
        """The SQL of a measure where several rows fall on one point: columns are added up."""
        sql = self.measure_sql(measure)
        return sql if measure.metric else f"sum({sql})"

    def field(self, name: str, label: str | None, chosen: FormatName | None) -> Field:
        """A column of the dataset with the author's label and format."""
        field = next(field for field in self.fields if field.name == name)
        return shown_as(field, label, chosen)

    def axis_sql(self, axis: Axis) -> str:
        """The SQL of a place on an axis."""
        column = quoted(axis.field)
        return f"cast(date_trunc('{axis.grain}', {column}) as date)" if axis.grain else column

    def axis_field(self, axis: Axis) -> Field:
        """The column along an axis."""
        whole = _GRAIN_FORMATS.get(axis.grain or "")
        return self.field(axis.field, axis.label, axis.format or whole)

    def measure_field(self, measure: Measure) -> Field:
        """A measure as a field of a frame."""
        if measure.field:
            return self.field(measure.field, measure.label, measure.format)
        name = measure.metric or ""
        metric = self.metrics[name]
        sql = f"select {self.metrics.sql(name)} as {quoted(name)} from {quoted(self.table)}"
        if sql not in self.answers.fields:
            self.answers.fields[sql] = describe(self.connection, sql)
        found = self.answers.fields[sql][0]
        return shown_as(found, measure.label or metric.label, measure.format or metric.format)

    def target_of(self, metric: str, by: str) -> float | None:
        """What a metric aims at: its number, or its column's value at the last place of `by`."""
        target = self.metrics[metric].target
        if not isinstance(target, str):
            return target
        rows = self.select([f"max({quoted(target)})"], group=[by], order=[by])
        return as_number(rows[-1][0]) if rows else None

    def has_several(self, keys: Sequence[str]) -> bool:
        """Whether several rows have the same values of these expressions."""
        names = list(keys)
        counts = self.select(["count(*) > 1"], group=names, order=["count(*) > 1 desc"])
        return bool(counts and counts[0][0])

    def refuse_adding_up_by(self, metrics: Sequence[str | None], columns: Sequence[str]) -> None:
        """The same for columns as they are."""
        self.refuse_adding_up(metrics, [Axis(field=name) for name in columns])

    def refuse_adding_up(self, metrics: Sequence[str | None], keys: Sequence[Axis]) -> None:
        """Distinct customers of two days are not the sum of both: such a figure takes one row per point."""
        exact = [name for name in metrics if name and not self.metrics[name].additive]
        if not exact:
            return
        if self.has_several([self.axis_sql(key) for key in keys] or ["true"]):
            raise PlainError(
                f"'{exact[0]}' cannot be added up, but the dataset has several rows for one "
                f"{' and '.join(key.field for key in keys)}",
                where=self.place(()),
                remedy="Compute it in the dataset's SQL, at the grain of the chart.",
            )


def grouped(source: Source, x: Axis, y: Axis, measure: Measure) -> list[tuple[Value, ...]]:
    """One row of x, y and value for each pair, in the dataset's order."""
    source.refuse_adding_up([measure.metric], [x, y])
    columns = [source.axis_sql(x), source.axis_sql(y), source.aggregate_sql(measure)]
    return source.select(columns, group=columns[:2], order=["min(rowid)"])


def pivot(
    rows: Sequence[tuple[Value, ...]],
    names: Sequence[Value],
    x: Field,
    y: Field,
    value: Field,
    formatter: Formatter,
    *,
    other: str = "",
) -> Frame:
    """Rows of x, y and value as one row per x with a field per name of y; None is `other`."""
    found = {(row[0], row[1]): row[2] for row in rows}
    order = list(dict.fromkeys(row[0] for row in rows))
    fields = tuple(
        replace(value, name=other or "other", label=other)
        if name is None
        else replace(value, name=str(name), label=formatter.text(name, y.format))
        for name in names
    )
    return Frame(
        (x, *fields),
        tuple((place, *[found.get((place, name)) for name in names]) for place in order),
    )
