"""Checks of the pages against the marts: every name exists, before anything is run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import duckdb

from configuration.errors import ConfigurationError, PlainError
from configuration.yaml_file import Location
from reports.expectations import date_column
from reports.filtering import filter_problems
from reports.frames import Field, Frame, describe, order_entry
from reports.language.datasets import BY_QUERY, Dataset
from reports.language.kpis import Kpis
from reports.language.named import Named
from reports.language.page import ForEach, columns_of, dataset_of, metrics_of, templates_of
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
        fields[page.id], wrong = check_page(connection, page)
        problems += wrong
    if problems:
        raise ConfigurationError("the report pages do not fit the marts", problems=problems)
    return fields


def check_page(
    connection: duckdb.DuckDBPyConnection, page: Page
) -> tuple[dict[str, tuple[Field, ...]], list[PlainError]]:
    """The fields of a page's datasets by name, and everything that is wrong in it."""
    fields, problems = _describe_datasets(connection, page)
    problems += _order_problems(page, fields)
    problems += _expect_problems(page, fields)
    problems += filter_problems(connection, page, fields)
    problems += _reference_problems(connection, page, fields)
    return fields, problems


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
        place: Location = ("datasets", name, dataset.query_key)
        missing = [table for table in page.reads[name].tables if table not in marts]
        for table in missing:
            what, remedy = unknown("mart", table, marts)
            problems.append(page.problem(place, f"dataset '{name}': {what}", remedy))
        wrong = [] if missing else list(_mart_problems(connection, page, name, dataset))
        problems += wrong
        if missing or wrong:
            continue
        try:
            fields[name] = describe(connection, dataset.query)
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


def _mart_problems(
    connection: duckdb.DuckDBPyConnection, page: Page, name: str, dataset: Dataset
) -> Iterator[PlainError]:
    """Columns that the mart has not, told at their place in the list; and a condition that fails."""
    if dataset.mart is None:
        return
    names = [field.name for field in describe(connection, f"from {quoted(dataset.mart)}")]
    for index, field in enumerate(dataset.fields):
        if field not in names:
            what, remedy = unknown("column", field, names)
            place: Location = ("datasets", name, "fields", index)
            yield page.problem(place, f"{what} in mart '{dataset.mart}'", remedy)
    if dataset.where and set(dataset.fields) <= set(names):
        try:
            describe(connection, dataset.query)
        except duckdb.Error as error:
            place = ("datasets", name, "where")
            yield page.problem(place, f"dataset '{name}': {first_line(error)}")


def _expect_problems(page: Page, fields: Fields) -> Iterator[PlainError]:
    for name, known in fields.items():
        expect = page.spec.datasets[name].expect
        if expect is None:
            continue
        place: Location = ("datasets", name, "expect")
        named = [Named(("not_null", i), column) for i, column in enumerate(expect.not_null)]
        if expect.date:
            named.append(Named(("date",), expect.date))
        for one in named:
            yield from _column_problems(page, place, name, one, known)
        if expect.days is not None and date_column(expect, Frame(tuple(known), ())) is None:
            yield page.problem((*place, "max_age"), f"dataset '{name}' has no date column")


def _order_problems(page: Page, fields: Fields) -> Iterator[PlainError]:
    for name, known in fields.items():
        order = page.spec.datasets[name].order
        for index, entry in enumerate([] if order == [BY_QUERY] else order):
            column, _ = order_entry(entry)
            if column not in [field.name for field in known]:
                yield _missing_column(page, ("datasets", name, "order", index), name, column, known)


def _reference_problems(
    connection: duckdb.DuckDBPyConnection, page: Page, fields: Fields
) -> Iterator[PlainError]:
    for location, item in page.items():
        dataset = dataset_of(item)
        known = fields.get(dataset) if dataset else None
        if dataset is not None and known is not None:
            for named in columns_of(item):
                yield from _column_problems(page, location, dataset, named, known)
            for part, name in metrics_of(item):
                place = location + part
                yield from _metric_problems(connection, page, place, name, dataset)
                if isinstance(item, Kpis) or part[-1] == "target":
                    yield from _target_problems(page, place, name, known)
        for part, text in templates_of(item):
            yield from _template_problems(page, location + part, text, fields)
    yield from _template_problems(page, ("period",), page.spec.period, fields)
    for index, section in enumerate(page.spec.sections):
        yield from _template_problems(page, ("sections", index, "intro"), section.intro, fields)
    if page.spec.for_each:
        yield from _for_each_problems(connection, page, page.spec.for_each, fields)


def _target_problems(
    page: Page, place: Location, name: str, known: Sequence[Field]
) -> Iterator[PlainError]:
    target = page.metrics[name].target
    if target is None and place[-1] == "target":
        yield page.problem(place, f"metric '{name}' has no target", "Give it one: `target: 60000`.")
    if not isinstance(target, str):
        return
    field = next((field for field in known if field.name == target), None)
    if field is None:
        what, remedy = unknown("column", target, [field.name for field in known])
        yield page.problem(place, f"the target of metric '{name}': {what}", remedy)
    elif not field.is_number:
        yield page.problem(place, f"the target of metric '{name}' is not a number")


def _for_each_problems(
    connection: duckdb.DuckDBPyConnection, page: Page, template: ForEach, fields: Fields
) -> Iterator[PlainError]:
    known = fields.get(template.dataset)
    if known is None:
        return
    named = [Named(("key",), template.key), Named(("title",), template.title)]
    for index, column in enumerate(template.columns):
        if column.field:
            named.append(Named(("columns", index, "field"), column.field))
    for one in named:
        yield from _column_problems(page, ("for_each",), template.dataset, one, known)
    if template.where:
        query = page.spec.datasets[template.dataset].query
        try:
            describe(connection, f"select 1 from (\n{query}\n) where ({template.where})")
        except duckdb.Error as error:
            yield page.problem(("for_each", "where"), f"for_each: {first_line(error)}")


def _template_problems(
    page: Page, location: Location, text: str, fields: Fields
) -> Iterator[PlainError]:
    for placeholder in placeholders(text):
        known = fields.get(placeholder.dataset) if placeholder.dataset else None
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
    connection: duckdb.DuckDBPyConnection, page: Page, place: Location, name: str, dataset: str
) -> Iterator[PlainError]:
    query = page.spec.datasets[dataset].query
    sql = f"select {page.metrics.sql(name)} as {quoted(name)} from (\n{query}\n)"
    try:
        fields = describe(connection, sql)
    except duckdb.Error as error:
        yield page.problem(place, f"metric '{name}': {first_line(error)}")
        return
    if len(fields) > 1:
        yield page.problem(
            place,
            f"'{page.metrics[name].label}' is one value, but its query has {len(fields)} columns",
        )
        return
    if not fields[0].is_number:
        yield page.problem(place, f"metric '{name}' is not a number but {fields[0].sql_type}")


def _missing_column(
    page: Page, location: Location, dataset: str, column: str, known: Sequence[Field]
) -> PlainError:
    what, remedy = unknown("column", column, [field.name for field in known])
    return page.problem(location, f"{what} in dataset '{dataset}'", remedy)
