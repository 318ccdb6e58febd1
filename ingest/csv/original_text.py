"""The text of a row as its file had it, put together again from its values."""

from __future__ import annotations

import re

from ingest.csv.inputs import CsvInput
from ingest.rows.duckdb_sql import identifier, text_literal


def original_text(each: CsvInput) -> str:
    """SQL that joins the values of a row with the file's delimiter, quoted where they must be."""
    dialect = each.dialect
    quote, escape = text_literal(dialect.quote), text_literal(dialect.escape)
    pattern = text_literal("[" + re.escape(dialect.delimiter + dialect.quote) + "\\r\\n]")
    texts = []
    for name in each.columns:
        value = identifier(name)
        text = f"coalesce({value}, '')"
        if dialect.quote:
            inner = value
            if dialect.escape != dialect.quote:
                inner = f"replace({inner}, {escape}, {escape} || {escape})"
            inner = f"{quote} || replace({inner}, {quote}, {escape} || {quote}) || {quote}"
            text = f"case when regexp_matches({value}, {pattern}) then {inner} else {text} end"
        texts.append(text)
    return f"array_to_string([{', '.join(texts)}], {text_literal(dialect.delimiter)})"
