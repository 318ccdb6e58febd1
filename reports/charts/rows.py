"""The rows of a chart: from a dataset's table to one row per x and one column per measure or series."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import duckdb

from configuration.errors import PlainError
from configuration.yaml_file import Location
from reports.formats import FormatName, Formatter, Value
from reports.frames import Field, Frame, describe
from reports.language.items import Axis, Measure
from reports.language.metrics import Metrics
from reports.sql import quoted


@dataclass(frozen=True)
class Source:
    """Where an item's rows come from: the dataset's table, already sorted, and its fields.

    `place` gives the author's file:line:column of a part of the item, for errors.
    """

    connection: duckdb.DuckDBPyConnection
    table: str
    fields: tuple[Field, ...]
    metrics: Metrics
    place: Callable[[Location], str]

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
        sql = f"select {', '.join(columns)} from {relation or quoted(self.table)}"
        if where:
            sql += f" where {where}"
        if group:
            sql += f" group by {', '.join(group)}"
        if order:
            sql += f" order by {', '.join(order)}"
        return self.connection.execute(sql).fetchall()

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
        return replace(field, label=label or field.label, format=chosen or field.format)

    def axis_field(self, axis: Axis) -> Field:
        """The column along an axis."""
        return self.field(axis.field, axis.label, axis.format)

    def measure_field(self, measure: Measure) -> Field:
        """A measure as a field of a frame."""
        if measure.field:
            return self.field(measure.field, measure.label, measure.format)
        name = measure.metric or ""
        metric = self.metrics[name]
        sql = f"select {self.metrics.sql(name)} as {quoted(name)} from {quoted(self.table)}"
        field = describe(self.connection, sql)[0]
        return replace(
            field, label=measure.label or metric.label, format=measure.format or metric.format
        )

    def has_several(self, keys: Sequence[str]) -> bool:
        """Whether several rows have the same values in these columns."""
        names = [quoted(key) for key in keys]
        counts = self.select(["count(*) > 1"], group=names, order=["count(*) > 1 desc"])
        return bool(counts and counts[0][0])

    def refuse_adding_up(self, metrics: Sequence[str | None], keys: Sequence[str]) -> None:
        """Distinct customers of two days are not the sum of both: such a figure takes one row per point."""
        exact = [name for name in metrics if name and not self.metrics[name].additive]
        if not exact:
            return
        if self.has_several(keys):
            raise PlainError(
                f"'{exact[0]}' cannot be added up, but the dataset has several rows for one "
                f"{' and '.join(keys)}",
                where=self.place(()),
                remedy="Compute it in the dataset's SQL, at the grain of the chart.",
            )


def grouped(source: Source, x: str, y: str, measure: Measure) -> list[tuple[Value, ...]]:
    """One row of x, y and value for each pair, in the dataset's order."""
    source.refuse_adding_up([measure.metric], [x, y])
    columns = [quoted(x), quoted(y), source.aggregate_sql(measure)]
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
