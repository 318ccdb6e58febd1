"""The names, types and keys that columns of text probably have, found with the casts that a load uses.

A type is proposed only when every value seen fits it exactly, so a load of the same data rejects nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from functools import cache

import duckdb

from ingest.profile.meaning import compared, roles
from ingest.profile.proposal import ProposedColumn
from ingest.rows.casting import TypedColumn, unfitting_rows
from ingest.rows.column_types import column_type
from ingest.rows.duckdb_sql import identifier, number, one, text_literal

_MONEY = ("unit_price", "line_total", "discount_amount", "unit_cost")
_TIMES = ("ordered_at", "signed_up_at", "occurred_at", "updated_at")
# What tells things apart is text, whatever it looks like today: 007, 12708.0 and A-1 are all ids.
_ALWAYS_TEXT = ("order_line_id", "order_id", "customer_id", "product_id", "event_id", "session_id")
_LOOKS_LIKE_AN_ID = re.compile(r"(id|no|nr|number|code|zip|plz|phone|tel|ean|iban)$")
# The sum of many such columns is money, though the first rows may be whole.
_LOOKS_LIKE_MONEY = re.compile(
    r"(price|cost|amount|total|tax|fee|preis|betrag|precio|prix|montant)$"
)
_ZONED = "(Z|[+-][0-9]{2}:?[0-9]{2})$"
_LONGEST_NAME = 63


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
    called: str = "",
) -> tuple[ProposedColumn, ...]:
    """Propose a column for each of `headers`; `relation` is SQL that has them all as text.

    `taken` are names that none of them may have; `called` is the table's name, or LINE.
    """
    of_role = roles(headers, called)
    proposed = []
    for header, name in zip(headers, lake_names(headers, taken), strict=True):
        role = of_role.get(header)
        column = identifier(header)
        found = one(
            connection,
            f"select count(*), bool_and(regexp_matches(trim({column}), '^[0-9]+[.]0$')), "
            f"bool_and(regexp_matches(trim({column}), {text_literal(_ZONED)})), "
            f"list_slice(list_sort(list(distinct {column})), 1, 3) "
            f"from ({relation}) where trim({column}) != ''",
        )
        filled, examples = int(str(found[0])), found[3]
        shown = tuple(str(each)[:40] for each in examples) if isinstance(examples, list) else ()
        kind = _type(connection, relation, header, role) if filled else "text"
        proposed.append(
            ProposedColumn(
                name=name,
                header=header,
                type=kind,
                role=role,
                examples=shown,
                is_fractional=role in _ALWAYS_TEXT and bool(found[1]),
                is_zoned=kind == "timestamp" and bool(found[2]),
            )
        )
    return tuple(proposed)


def propose_key(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[ProposedColumn],
    wanted: Iterable[Sequence[str]],
) -> tuple[str, ...]:
    """The first set of roles of `wanted` whose columns are never empty and tell all rows apart; or none."""
    rows = number(connection, f"select count(*) from ({relation})")
    for roles_of_key in wanted:
        chosen = [column for column in columns if column.role in roles_of_key]
        if len(chosen) == len(roles_of_key) and _tell_apart(connection, relation, rows, chosen):
            return tuple(column.name for column in chosen)
    return ()


def propose_id(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[ProposedColumn]
) -> tuple[str, ...]:
    """The first column that is called an id and is one, for rows of which nothing else is known."""
    rows = number(connection, f"select count(*) from ({relation})")
    for column in columns:
        is_called = column.name in ("id", "uuid", "guid") or column.name.endswith("_id")
        if is_called and _tell_apart(connection, relation, rows, [column]):
            return (column.name,)
    return ()


def _tell_apart(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    rows: int,
    columns: Sequence[ProposedColumn],
) -> bool:
    names = ", ".join(identifier(column.header) for column in columns)
    filled = " and ".join(f"trim({identifier(column.header)}) != ''" for column in columns)
    apart = f"select count(*) from (select distinct {names} from ({relation}) where {filled})"
    return rows > 0 and number(connection, apart) == rows


def _type(
    connection: duckdb.DuckDBPyConnection, relation: str, header: str, role: str | None
) -> str:
    if role in _ALWAYS_TEXT or (role is None and _LOOKS_LIKE_AN_ID.search(compared(header))):
        return "text"
    text = identifier(header)
    if number(
        connection, f"select count(*) from ({relation}) where regexp_matches({text}, '^0[0-9]+$')"
    ):
        return "text"
    for name in _candidates(role, header):
        typed = TypedColumn(header, column_type(name))
        narrow = f"select nullif({text}, '') as {text} from ({relation})"
        if not number(connection, f"select count(*) from ({unfitting_rows(narrow, [typed])})"):
            return name
    return "text"


def _candidates(role: str | None, header: str) -> tuple[str, ...]:
    """The types to try, the narrowest first; money is never a whole number, however it looks so far."""
    if role in _MONEY or (role is None and _LOOKS_LIKE_MONEY.search(compared(header))):
        return ("decimal(18,4)",)
    if role == "rate":
        return ("decimal(18,8)",)
    if role == "rate_date":
        return ("date",)
    if role in _TIMES:
        return ("timestamp",)
    if role == "quantity":
        return ("integer", "decimal(18,4)")
    return ("integer", "decimal(18,4)", "double", "date", "timestamp", "boolean")
