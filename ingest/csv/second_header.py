"""A header that comes again between the rows, as in exports that were put one after the other into one file."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.csv.inputs import CsvInput
from ingest.rows.casting import TypedColumn
from ingest.rows.duckdb_sql import identifier, text_literal

SECOND_HEADER = "the header comes again"
_MARK = "\ufeff"  # of the second file, where files were put together as they were


def is_header(each: CsvInput) -> str:
    """SQL, true for a row whose values are the names of the columns."""
    conditions = []
    for number, (column, name) in enumerate(zip(each.columns, each.head.header, strict=True)):
        value, texts = identifier(column), [text_literal(name)]
        if number == 0:
            texts.append(text_literal(_MARK + name))
            # Behind a mark a quote does not open a value, but stands in it.
            quote = each.dialect.quote
            texts.append(text_literal(f"{_MARK}{quote}{name}{quote}"))
        conditions.append(f"coalesce({value} in ({', '.join(texts)}), false)")
    return f"({' and '.join(conditions)})"


def may_fit(each: CsvInput, columns: Sequence[TypedColumn]) -> bool:
    """Whether a second header could pass for a row; where a number is wanted, a name is none."""
    if not each.dialect.has_header:
        return False
    names = dict(zip(each.columns, each.head.header, strict=True))
    return all(
        column.name not in names
        or column.type.name in ("text", "boolean")
        or not names[column.name].strip()[:1].isalpha()
        for column in columns
    )
