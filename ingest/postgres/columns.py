"""What becomes of a database's columns that are new, gone, or of another type than the declared one.

The same for tables that are copied and for tables that are followed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from configuration.errors import PlainError
from ingest.declaration.tables import Column
from ingest.files.declared_names import quoted
from ingest.postgres.declaration import DatabaseTableBlock
from ingest.rows.casting import TypedColumn
from ingest.rows.new_columns import added_columns

# The types of the database (pg_type.typname) that are the declared one, perhaps in another width. Whatever
# stands nowhere here is text: nothing else could hold it.
_ALIKE = {
    "integer": ("int2", "int4", "int8", "oid"),
    "double": ("float4", "float8"),
    "decimal": ("numeric",),
    "boolean": ("bool",),
    "date": ("date",),
    "timestamp": ("timestamp", "timestamptz"),
}
_NOT_TEXT = frozenset(name for names in _ALIKE.values() for name in names)

Table = TypeVar("Table", bound=DatabaseTableBlock)


class AddedColumn(Column):
    """A column of the database that is loaded as text though nobody declared it."""

    @property
    def typed(self) -> TypedColumn:
        """The column as the casts want it."""
        return replace(super().typed, added_from=self.source_name)


def with_new_columns(
    table: Table, found: Sequence[str], named: Mapping[str, str], where: str
) -> tuple[Table, tuple[str, ...]]:
    """The table with the columns to add, and the names in `found` that are passed over.

    `named` are the names that former loads gave. Raises PlainError where a new column is refused.
    """
    declared = {column.source_name for column in table.columns}
    new = tuple(name for name in found if name not in declared)
    if not new or table.on_new_column == "ignore":
        return table, new
    if table.on_new_column == "refuse":
        words = ("columns", "are") if len(new) > 1 else ("column", "is")
        raise PlainError(
            f"the {words[0]} {quoted(new)} {words[1]} not declared",
            where=where,
            remedy="Add what is new to the table's columns in the sources file. With on_new_column: add it "
            "is loaded as text, with on_new_column: ignore it is passed over.",
        )
    names = [column.name for column in table.columns]
    added = [
        AddedColumn(name=typed.name, header=typed.added_from)
        for typed in added_columns(new, names, named)
    ]
    return table.model_copy(update={"columns": (*table.columns, *added)}), ()


def check_types(table: DatabaseTableBlock, types: Mapping[str, str], where: str) -> None:
    """Raise PlainError when a column has another type and the table refuses that.

    `types` is by the database's names of the columns that are there.
    """
    if table.on_type_change != "refuse":
        return
    for column in table.columns:
        stored = types.get(column.source_name)
        if stored is not None and not _is_same(column.type, stored):
            raise PlainError(
                f"the column '{column.source_name}' is {stored} in the database, not {column.type} "
                "as declared",
                where=where,
                remedy="Correct its type in the sources file, or write on_type_change: cast, which takes "
                "what fits exactly and rejects the other rows.",
            )


def _is_same(declared: str, stored: str) -> bool:
    kind = declared.partition("(")[0]
    return stored not in _NOT_TEXT if kind == "text" else stored in _ALIKE[kind]
