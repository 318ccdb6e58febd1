"""Checks of the pages against the marts: every name exists, before anything is run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import duckdb

from configuration.errors import ConfigurationError, PlainError
from configuration.yaml_file import Location
from reports.frames import Field, describe, order_entry
from reports.language.items import Named
from reports.language.page import AnyItem, columns_of, metrics_of, templates_of
from reports.language.texts import Text
from reports.pages import Page, unknown
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
            for named in columns_of(item):
                yield from _column_problems(page, location, item.dataset, named, known)
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


def _column_problems(
    page: Page, location: Location, dataset: str, named: Named, known: Sequence[Field]
) -> Iterator[PlainError]:
    field = next((field for field in known if field.name == named.column), None)
    if field is None:
        yield _missing_column(page, location + named.part, dataset, named.column, known)
    elif named.kind and not _is_a(field, named.kind):
        yield page.problem(
            location + named.part, f"'{field.name}' is not {named.kind} but {field.sql_type}"
        )


def _is_a(field: Field, kind: str) -> bool:
    if kind == "a number":
        return field.is_number
    return field.sql_type == ("DATE" if kind == "a date" else "BOOLEAN")


def _metric_problems(
    connection: duckdb.DuckDBPyConnection, page: Page, location: Location, item: AnyItem
) -> Iterator[PlainError]:
    if isinstance(item, Text):
        return
    for part, name in metrics_of(item):
        query = page.spec.datasets[item.dataset].sql
        sql = f"select {page.metrics.sql(name)} as {quoted(name)} from (\n{query}\n)"
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
