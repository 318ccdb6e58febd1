"""What becomes of columns that an input has and the sources file has not, and the other way round.

A column that is added is loaded as text. Its name in the lake follows from its header, and stays once it was
given: what a load's record says of a header holds for all later loads.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ingest.rows.casting import TypedColumn
from ingest.rows.column_types import column_type

_LONGEST = 63
_PLAIN = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


@dataclass(frozen=True)
class ColumnPolicy:
    """`on_new` is add, ignore or refuse; `optional` are the headers of the columns that may be missing.

    `may_lack_all`: so few rows come at once that there may be no declared column in any of them. Else what has
    none of them is another table's.
    """

    on_new: str = "refuse"
    optional: frozenset[str] = frozenset()
    may_lack_all: bool = False


STRICT = ColumnPolicy()


def added_columns(
    headers: Iterable[str], declared: Collection[str], named: Mapping[str, str]
) -> tuple[TypedColumn, ...]:
    """The new columns called `headers`, with names that no other has; `named` are those of former loads."""
    names: dict[str, str] = {}
    for header in sorted(set(headers)):
        known = named.get(header)
        taken = {
            *declared,
            *names.values(),
            *(name for each, name in named.items() if each != header),
        }
        names[header] = known if known and known not in declared else free_name(header, taken)
    return tuple(
        TypedColumn(name, column_type("text"), added_from=header) for header, name in names.items()
    )


def told_added(columns: Sequence[TypedColumn]) -> str:
    """What a person reads of the columns that were added, and how to declare them."""
    new = [column for column in columns if column.added_from is not None]
    blocks = ", ".join(_block(column) for column in new)
    what = "a new column was" if len(new) == 1 else f"{len(new)} new columns were"
    return f"{what} added as text; to declare it, write under columns: {blocks}"


def _block(column: TypedColumn) -> str:
    if column.added_from == column.name:
        return f"{{name: {column.name}}}"
    header = str(column.added_from).replace("\\", "\\\\").replace('"', '\\"')
    return f'{{name: {column.name}, header: "{header}"}}'


def free_name(header: str, taken: Collection[str]) -> str:
    """A name for the lake that follows from `header`, and that is none of `taken`."""
    plain = unicodedata.normalize("NFKD", header.replace("ß", "ss")).encode("ascii", "ignore")
    name = re.sub("[^a-z0-9]+", "_", plain.decode().lower()).strip("_")
    if _PLAIN.fullmatch(header.lower()):
        name = header.lower()
    if not _PLAIN.fullmatch(name):
        name = f"column_{name}".rstrip("_")
    name, number = name[:_LONGEST], 1
    free = name
    while free in taken:
        number += 1
        free = f"{name[: _LONGEST - 1 - len(str(number))]}_{number}"
    return free
