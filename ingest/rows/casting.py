"""A relation split into the rows that fit the declared columns and those that do not.

Both halves are SQL over the same relation, so each row is in exactly one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ingest.rows.column_types import Cast, ColumnType
from ingest.rows.duckdb_sql import identifier, text_literal
from ingest.rows.exact_casts import TEXT, cast_of_stored, is_kept
from ingest.rows.rules import NO_RULES, Condition, Rules, conditions
from ingest.rows.text_forms import PLAIN_FORM, TextForm, cast_in_form


@dataclass(frozen=True)
class TypedColumn:
    """A column as declared: its name, its type, whether it may be empty, and the rules of its values.

    `stored` is the DuckDB type in which the relation has it: text, unless a file has types of its own.
    `form` is how that text is written.
    `added_from` is the header of a column that nobody declared, and that is loaded nevertheless.
    """

    name: str
    type: ColumnType
    nullable: bool = True
    stored: str = TEXT
    form: TextForm = PLAIN_FORM
    rules: Rules = NO_RULES
    added_from: str | None = None


def fitting_rows(relation: str, columns: Sequence[TypedColumn], keep: Sequence[str]) -> str:
    """SQL of the rows of `relation` that fit: `columns` in their types, then the columns `keep`."""
    chosen = [f"{_typed(column)} as {identifier(column.name)}" for column in columns]
    chosen += [identifier(name) for name in keep]
    conditions = [_fits(column) for column in columns if _can_fail(column)]
    where = f" where {' and '.join(conditions)}" if conditions else ""
    return f"select {', '.join(chosen)} from ({_cast(relation, columns)}){where}"


def unfitting_rows(relation: str, columns: Sequence[TypedColumn]) -> str:
    """SQL of the other rows: all of `relation`, with `column_name` and `reason` (several with `; `)."""
    failing = [column for column in columns if _can_fail(column)]
    if not failing:
        return f"select *, null::varchar as column_name, null::varchar as reason from ({relation}) limit 0"
    names = ", ".join(
        f"case when not ({_fits(column)}) then {text_literal(column.name)} end"
        for column in failing
    )
    reasons = ", ".join(
        f"case when not ({_fits(column)}) then {_reason(column)} end" for column in failing
    )
    helpers = ", ".join(_helpers(columns))
    exclude = f" exclude ({helpers})" if helpers else ""
    condition = " and ".join(_fits(column) for column in failing)
    return (
        f"select *{exclude}, concat_ws(', ', {names}) as column_name, concat_ws('; ', {reasons}) as reason "
        f"from ({_cast(relation, columns)}) where not ({condition})"
    )


def _cast(relation: str, columns: Sequence[TypedColumn]) -> str:
    casts = [(column, _cast_of(column)) for column in columns]
    steps = [f"{sql} as {name}" for _, cast in casts for name, sql in cast.steps]
    values = [f"{cast.value} as {_typed(column)}" for column, cast in casts if _is_cast(column)]
    first = f"select {', '.join(['*', *steps])} from ({relation})"
    return f"select {', '.join(['*', *values])} from ({first})"


def _helpers(columns: Sequence[TypedColumn]) -> list[str]:
    steps = [name for column in columns for name, _ in _cast_of(column).steps]
    return steps + [_typed(column) for column in columns if _is_cast(column)]


def _typed(column: TypedColumn) -> str:
    return identifier(f"{column.name}:typed" if _is_cast(column) else column.name)


def _is_cast(column: TypedColumn) -> bool:
    return not is_kept(column.type, column.stored)


def _cast_of(column: TypedColumn) -> Cast:
    if column.stored == TEXT:
        return cast_in_form(column.name, column.type, column.form)
    return cast_of_stored(column.name, column.type, column.stored)


def _can_fail(column: TypedColumn) -> bool:
    return _is_cast(column) or not column.nullable or column.rules != NO_RULES


def _fits(column: TypedColumn) -> str:
    """SQL that is true or false, never null."""
    if column.rules == NO_RULES:
        return _is_of_type(column)
    kept = [f"({_is_empty(column)} or {each.sql})" for each in _conditions(column)]
    return f"({' and '.join([_is_of_type(column), *kept])})"


def _is_of_type(column: TypedColumn) -> str:
    if not column.nullable:
        return f"{_typed(column)} is not null"
    return f"({identifier(column.name)} is null) = ({_typed(column)} is null)"


def _conditions(column: TypedColumn) -> list[Condition]:
    return conditions(_typed(column), column.type, column.rules)


def _is_empty(column: TypedColumn) -> str:
    """An empty text is no value either: whether there must be one is said by `nullable`."""
    empty = f"{_typed(column)} is null"
    return f"{empty} or trim({_typed(column)}) = ''" if column.type.duckdb == TEXT else empty


def _reason(column: TypedColumn) -> str:
    text = f"{identifier(column.name)}::varchar"
    short = f"case when length({text}) > 60 then left({text}, 57) || '...' else {text} end"
    empty = text_literal(f"{column.name} is empty")
    before = text_literal(f"{column.name}: '")
    meaning = column.type.meaning
    if column.form.changes(column.type):
        meaning = column.form.meaning(column.type)
    after = text_literal(f"' is not {meaning}")
    wrong = [
        f"when {_is_of_type(column)} and not ({_is_empty(column)} or {each.sql}) "
        f"then {before} || {short} || " + text_literal(f"' is not {each.meaning}")
        for each in _conditions(column)
    ]
    return (
        f"case when {text} is null then {empty} {' '.join(wrong)} "
        f"else {before} || {short} || {after} end"
    )
