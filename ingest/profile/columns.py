"""The names, types and keys that columns of text probably have, found with the casts that a load uses.

A type is proposed only when every value seen fits it exactly, so a load of the same data rejects nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from functools import cache
from itertools import combinations

import duckdb

from ingest.profile.meaning import compared, roles
from ingest.profile.proposal import ProposedColumn
from ingest.rows.casting import TypedColumn, unfitting_rows
from ingest.rows.column_types import column_type
from ingest.rows.duckdb_sql import identifier, number, one

_MONEY = ("unit_price", "line_total", "discount_amount", "unit_cost")
_TIMES = ("ordered_at", "signed_up_at", "occurred_at")
# What tells things apart is text, whatever it looks like today: 007, 12708.0 and A-1 are all ids.
_ALWAYS_TEXT = ("order_line_id", "order_id", "customer_id", "product_id", "event_id", "session_id")
_LOOKS_LIKE_AN_ID = re.compile(r"(id|no|nr|number|code|zip|plz|phone|tel|ean|iban)$")
_ZONED = re.compile(r"(Z|[+-]\d\d:?\d\d)$")
_LONGEST_NAME = 63
_LONGEST_KEY = 3


def lake_names(headers: Sequence[str], taken: Collection[str] = ()) -> list[str]:
    """A name for the lake of each header: small letters, digits and `_`, each once, no word of SQL."""
    names: list[str] = []
    for header in headers:
        plain = unicodedata.normalize("NFKD", header.replace("ß", "ss"))
        plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain).casefold()
        plain = plain.encode("ascii", "ignore").decode()
        name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_") or "column"
        name = name if name[0].isalpha() else f"c_{name}"
        name = f"{name}_" if name in _reserved_words() else name
        name = wanted = name[:_LONGEST_NAME]
        again = 2
        while name in names or name in taken:
            name = f"{wanted[: _LONGEST_NAME - 4]}_{again}"
            again += 1
        names.append(name)
    return names


@cache
def _reserved_words() -> frozenset[str]:
    """Words that no column may be called without quotes."""
    found = duckdb.execute(
        "select keyword_name from duckdb_keywords() where keyword_category = 'reserved'"
    ).fetchall()
    return frozenset(str(word) for (word,) in found)


def propose_columns(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    headers: Sequence[str],
    taken: Collection[str] = (),
) -> tuple[ProposedColumn, ...]:
    """Propose a column for each of `headers`; `relation` is SQL that has them all as text.

    `taken` are names that none of them may have.
    """
    of_role = roles(headers)
    proposed = []
    for header, name in zip(headers, lake_names(headers, taken), strict=True):
        role = of_role.get(header)
        column = identifier(header)
        found = one(
            connection,
            f"select count(*) filter (where nullif(trim({column}), '') is null), count(*), "
            f"bool_and(regexp_matches(trim({column}), '^[0-9]+[.]0$')) filter (where trim({column}) != ''), "
            f"list_slice(list_sort(list(distinct {column}) filter (where trim({column}) != '')), 1, 3) "
            f"from ({relation})",
        )
        empty, rows, examples = int(str(found[0])), int(str(found[1])), found[3]
        shown = tuple(str(each)[:40] for each in examples) if isinstance(examples, list) else ()
        kind = _type(connection, relation, header, role) if empty < rows else "text"
        proposed.append(
            ProposedColumn(
                name=name,
                header=header,
                type=kind,
                nullable=True,
                role=role,
                examples=shown,
                is_fractional=role in _ALWAYS_TEXT and bool(found[2]),
                is_zoned=kind == "timestamp" and any(_ZONED.search(each) for each in shown),
            )
        )
    return tuple(proposed)


def propose_key(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[ProposedColumn],
    wanted: Sequence[str],
) -> tuple[str, ...]:
    """The fewest of the columns with one of the roles `wanted` that are never empty and tell all rows apart."""
    able = [column for column in columns if column.role in wanted]
    rows = number(connection, f"select count(*) from ({relation})")
    for many in range(1, min(_LONGEST_KEY, len(able)) + 1):
        for chosen in combinations(able, many):
            names = ", ".join(identifier(column.header) for column in chosen)
            filled = " and ".join(f"trim({identifier(column.header)}) != ''" for column in chosen)
            apart = (
                f"select count(*) from (select distinct {names} from ({relation}) where {filled})"
            )
            if rows and number(connection, apart) == rows:
                return tuple(column.name for column in chosen)
    return ()


def _type(
    connection: duckdb.DuckDBPyConnection, relation: str, header: str, role: str | None
) -> str:
    if role in _ALWAYS_TEXT or (role is None and _LOOKS_LIKE_AN_ID.search(compared(header))):
        return "text"
    text = identifier(header)
    if number(
        connection, f"select count(*) from ({relation}) where regexp_matches({text}, '^0[0-9]')"
    ):
        return "text"
    for name in _candidates(role):
        typed = TypedColumn(header, column_type(name))
        narrow = f"select nullif({text}, '') as {text} from ({relation})"
        if not number(connection, f"select count(*) from ({unfitting_rows(narrow, [typed])})"):
            return name
    return "text"


def _candidates(role: str | None) -> tuple[str, ...]:
    """The types to try, the narrowest first; money is never a whole number, however it looks so far."""
    if role in _MONEY:
        return ("decimal(18,4)",)
    if role in _TIMES:
        return ("timestamp",)
    if role == "quantity":
        return ("integer", "decimal(18,4)")
    return ("integer", "decimal(18,4)", "double", "date", "timestamp", "boolean")
