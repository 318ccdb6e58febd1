"""Checks of the pages against the marts: every name exists, before anything is run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import duckdb

from configuration.errors import ConfigurationError, PlainError
from reports.frames import Field, describe, order_entry
from reports.page_file import AnyItem, HeatmapChart, Kpis, Table, Text, XyChart
from reports.pages import Location, Page, columns_of, measures_of, templates_of, unknown
from reports.placeholders import placeholders
from reports.sql import PERSONAL_COLUMNS, first_line, quoted

Fields = Mapping[str, tuple[Field, ...]]


def check_pages(
    connection: duckdb.DuckDBPyConnection, pages: Sequence[Page]
) -> dict[str, dict[str, tuple[Field, ...]]]:
    """The fields of every dataset by page and name.

    Raises ConfigurationError with everything that is wrong in all pages. An item is not blamed for a
    dataset that is broken itself.
    """
    problems: list[PlainError] = []
    fields: dict[str, dict[str, tuple[Field, ...]]] = {}
    for page in pages:
        found, wrong = _describe_datasets(connection, page)
        fields[page.id] = found
        problems += wrong
        problems += _order_problems(page, found)
        problems += _reference_problems(connection, page, found)
    if problems:
        raise ConfigurationError("the report pages do not fit the marts", problems=problems)
    return fields


def _describe_datasets(
    connection: duckdb.DuckDBPyConnection, page: Page
) -> tuple[dict[str, tuple[Field, ...]], list[PlainError]]:
    marts = [
        str(row[0])
        for row in connection.execute(
            "select view_name from duckdb_views() where not internal"
        ).fetchall()
    ]
    fields: dict[str, tuple[Field, ...]] = {}
    problems: list[PlainError] = []
    for name, dataset in page.spec.datasets.items():
        place: Location = ("datasets", name, "sql")
        missing = [table for table in page.reads[name].tables if table not in marts]
        for table in missing:
            what, remedy = unknown("mart", table, marts)
            problems.append(page.problem(place, f"dataset '{name}': {what}", remedy))
        if missing:
            continue
        try:
            fields[name] = describe(connection, dataset.sql)
        except duckdb.Error as error:
            problems.append(page.problem(place, f"dataset '{name}': {first_line(error)}"))
            continue
        shown = {field.name for field in fields[name]} | page.reads[name].columns
        personal = sorted(shown & PERSONAL_COLUMNS)
        if personal and not dataset.personal_data:
            problems.append(
                page.problem(
                    place,
                    f"dataset '{name}' reads personal data ({', '.join(personal)})",
                    "Leave it out, or write `personal_data: true` in the dataset.",
                )
            )
    return fields, problems


def _order_problems(page: Page, fields: Fields) -> Iterator[PlainError]:
    for name, known in fields.items():
        for index, entry in enumerate(page.spec.datasets[name].order):
            column, _ = order_entry(entry)
            if column not in [field.name for field in known]:
                yield _missing_column(page, ("datasets", name, "order", index), name, column, known)


def _reference_problems(
    connection: duckdb.DuckDBPyConnection, page: Page, fields: Fields
) -> Iterator[PlainError]:
    for location, item in page.items():
        known = None if isinstance(item, Text) else fields.get(item.dataset)
        if known is not None and not isinstance(item, Text):
            for part, column in columns_of(item):
                if column not in [field.name for field in known]:
                    yield _missing_column(page, location + part, item.dataset, column, known)
            yield from _type_problems(page, location, item, known)
            yield from _metric_problems(connection, page, location, item)
        for part, text in templates_of(item):
            yield from _template_problems(page, location + part, text, fields)
    yield from _template_problems(page, ("period",), page.spec.period, fields)
    for index, section in enumerate(page.spec.sections):
        yield from _template_problems(page, ("sections", index, "intro"), section.intro, fields)


def _template_problems(
    page: Page, location: Location, text: str, fields: Fields
) -> Iterator[PlainError]:
    for placeholder in placeholders(text):
        known = fields.get(placeholder.dataset)
        if known is not None and placeholder.column not in [field.name for field in known]:
            yield _missing_column(page, location, placeholder.dataset, placeholder.column, known)


def _type_problems(
    page: Page, location: Location, item: AnyItem, known: Sequence[Field]
) -> Iterator[PlainError]:
    types = {field.name: field for field in known}
    wanted: list[tuple[Location, str | None, str]] = [
        ((*part, "field"), measure.field, "a number") for part, measure in measures_of(item)
    ]
    if isinstance(item, Kpis):
        wanted += [
            (("time",), item.time, "a date"),
            (("incomplete",), item.incomplete, "true or false"),
        ]
    if isinstance(item, (XyChart, Table)):
        wanted.append((("faded",), item.faded, "true or false"))
    for part, name, kind in wanted:
        field = types.get(name or "")
        if field and not _is_a(field, kind):
            yield page.problem(
                location + part, f"'{field.name}' is not {kind} but {field.sql_type}"
            )


def _is_a(field: Field, kind: str) -> bool:
    if kind == "a number":
        return field.is_number
    return field.sql_type == ("DATE" if kind == "a date" else "BOOLEAN")


def _metric_problems(
    connection: duckdb.DuckDBPyConnection,
    page: Page,
    location: Location,
    item: Kpis | XyChart | HeatmapChart | Table,
) -> Iterator[PlainError]:
    used: list[tuple[Location, str]] = [
        ((*part, "metric"), measure.metric) for part, measure in measures_of(item) if measure.metric
    ]
    if isinstance(item, Kpis):
        used += [(("metrics", index), name) for index, name in enumerate(item.metrics)]
    for part, name in used:
        query = page.spec.datasets[item.dataset].sql
        sql = f"select {page.metric_sql(name)} as {quoted(name)} from (\n{query}\n)"
        try:
            fields = describe(connection, sql)
        except duckdb.Error as error:
            yield page.problem(location + part, f"metric '{name}': {first_line(error)}")
            continue
        if not fields[0].is_number:
            yield page.problem(
                location + part, f"metric '{name}' is not a number but {fields[0].sql_type}"
            )


def _missing_column(
    page: Page, location: Location, dataset: str, column: str, known: Sequence[Field]
) -> PlainError:
    what, remedy = unknown("column", column, [field.name for field in known])
    return page.problem(location, f"{what} in dataset '{dataset}'", remedy)
