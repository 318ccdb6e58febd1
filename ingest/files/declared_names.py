"""Whether a file's columns are those that the table declares, and how a person is told when not."""

from __future__ import annotations

import json
from collections.abc import Sequence

from configuration.errors import PlainError
from configuration.yaml_file import nearest
from ingest.rows.new_columns import STRICT, ColumnPolicy


def check_names(
    found: Sequence[str],
    declared: Sequence[str],
    where: str,
    *,
    hint: str = "",
    if_none: str = "",
    policy: ColumnPolicy = STRICT,
) -> None:
    """Raise PlainError unless the file has exactly the declared columns, in any order.

    `hint` is the remedy when the caller knows the cause; `if_none` is one for a file with no declared name.
    `policy` says which of them may be missing, and whether others may be there; a file that has no declared
    column at all is another table's.
    """
    is_other = not set(found) & set(declared)
    gone = [name for name in declared if name not in found]
    new = [name for name in found if name not in declared]
    if not is_other:
        gone = [name for name in gone if name not in policy.optional]
        new = new if policy.on_new == "refuse" else []
    if not gone and not new:
        return
    parts = []
    if gone:
        parts.append(
            f"{_columns(gone)} {quoted(gone)} {'is' if len(gone) == 1 else 'are'} not there"
        )
    if new:
        parts.append(
            f"{_columns(new)} {quoted(new)} {'is' if len(new) == 1 else 'are'} not declared"
        )
    none = if_none if is_other else ""
    remedy = hint or _renamed(gone, new) or none or _added_or_gone(new)
    raise PlainError(" and ".join(parts), where=where, remedy=remedy)


def quoted(names: Sequence[str]) -> str:
    """The names as a message shows them."""
    return ", ".join(f"'{name}'" for name in names)


def _renamed(gone: Sequence[str], new: Sequence[str]) -> str:
    for name in new:
        guess = nearest(name, gone)
        if guess:
            header = name if name.isidentifier() else json.dumps(name, ensure_ascii=False)
            return (
                f"If '{name}' is the new name of '{guess}', write header: {header} at that column."
            )
    return ""


def _added_or_gone(new: Sequence[str]) -> str:
    if not new:
        return (
            "Export it again with all columns, or remove them from the sources file. With "
            "on_missing_column: null, those that may be empty are."
        )
    return (
        "Add what is new to the table's columns in the sources file, or leave it out of the export. "
        "With on_new_column: add it is loaded as text, with on_new_column: ignore it is passed over."
    )


def _columns(names: Sequence[str]) -> str:
    return "the column" if len(names) == 1 else "the columns"
