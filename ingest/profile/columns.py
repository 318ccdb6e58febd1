"""The names, types and keys that columns of text probably have, found with the casts that a load uses.

A type is proposed only when every value seen fits it exactly, so a load of the same data rejects nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import duckdb

from ingest.profile.meaning import compared, roles
from ingest.profile.proposal import ProposedColumn
from ingest.rows.casting import TypedColumn, unfitting_rows
from ingest.rows.column_types import column_type
from ingest.rows.duckdb_sql import identifier, number, one, text_literal
from ingest.rows.new_columns import free_name
from ingest.rows.text_forms import PLAIN_FORM, TextForm

MONEY = ("unit_price", "line_total", "discount_amount", "unit_cost")
TIMES = ("ordered_at", "signed_up_at", "occurred_at", "updated_at")
# What tells things apart is text, whatever it looks like today: 007, 12708.0 and A-1 are all ids.
_ALWAYS_TEXT = ("order_line_id", "order_id", "customer_id", "product_id", "event_id", "session_id")
_LOOKS_LIKE_AN_ID = re.compile(
    r"(^|_)(id|no|zip|tel|ean)$|(nr|nummer|number|code|plz|phone|iban|uuid|guid)$"
)
# The sum of many such columns is money, though the first rows may be whole.
_LOOKS_LIKE_MONEY = re.compile(
    r"(price|cost|amount|total|tax|fee|preis|betrag|precio|prix|montant)$"
)
_ZONED = "(Z|[+-][0-9]{2}:?[0-9]{2})$"


def lake_names(headers: Sequence[str], taken: Collection[str] = ()) -> list[str]:
    """A name for the lake of each header: small letters, digits and `_`, each once, no word of SQL."""
    names: list[str] = []
    for header in headers:
        apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", header)
        name = free_name(apart, {*names, *taken})
        if name in _reserved_words():
            name = free_name(f"{name}_", {*names, *taken})
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
    headers: Mapping[str, str],
    *,
    form: TextForm = PLAIN_FORM,
    called: str = "",
) -> tuple[ProposedColumn, ...]:
    """Propose a column for each of `headers`, which stand under their names for the lake.

    `relation` is SQL that has them all as text, under these names; `form` is how the text is written.
    `called` is the table's name, or LINE.
    """
    of_role = roles(list(headers.values()), called)
    proposed = []
    for name, header in headers.items():
        role = of_role.get(header)
        column = identifier(name)
        found = one(
            connection,
            f"select count(*), bool_and(regexp_matches(trim({column}), '^[0-9]+[.]0$')), "
            f"bool_and(regexp_matches(trim({column}), {text_literal(_ZONED)})), "
            f"list_slice(list_sort(list(distinct {column})), 1, 3), mode(trim({column})) "
            f"from ({relation}) where trim({column}) != ''",
        )
        filled, examples = int(str(found[0])), found[3]
        shown = (
            tuple(str(each)[:_LONGEST_EXAMPLE] for each in examples)
            if isinstance(examples, list)
            else ()
        )
        text = _Text(connection, relation, name, form)
        kind = _type(text, header, role) if filled else "text"
        proposed.append(
            ProposedColumn(
                name=name,
                header=header,
                type=kind,
                role=role,
                examples=shown,
                commonest=str(found[4] or "")[:_LONGEST_EXAMPLE],
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
    names = ", ".join(identifier(column.name) for column in columns)
    filled = " and ".join(f"trim({identifier(column.name)}) != ''" for column in columns)
    apart = f"select count(*) from (select distinct {names} from ({relation}) where {filled})"
    return rows > 0 and number(connection, apart) == rows


_LONGEST_EXAMPLE = 40


@dataclass(frozen=True)
class _Text:
    """A column of text, and how it is written."""

    connection: duckdb.DuckDBPyConnection
    relation: str
    name: str
    form: TextForm

    def is_all(self, kind: str) -> bool:
        """Whether every value fits the type exactly."""
        typed = TypedColumn(self.name, column_type(kind), form=self.form)
        text = identifier(self.name)
        narrow = f"select nullif({text}, '') as {text} from ({self.relation})"
        unfitting = f"select count(*) from ({unfitting_rows(narrow, [typed])})"
        return number(self.connection, unfitting) == 0

    def has(self, pattern: str) -> bool:
        """Whether a value matches."""
        matches = f"regexp_matches({identifier(self.name)}, {text_literal(pattern)})"
        return (
            number(self.connection, f"select count(*) from ({self.relation}) where {matches}") > 0
        )


def _type(text: _Text, header: str, role: str | None) -> str:
    if role in _ALWAYS_TEXT or (role is None and _LOOKS_LIKE_AN_ID.search(text.name)):
        return "text"
    if text.has("^0[0-9]+$"):
        return "text"
    return next((kind for kind in _candidates(role, header) if text.is_all(kind)), "text")


def _candidates(role: str | None, header: str) -> tuple[str, ...]:
    """The types to try, the narrowest first; money is never a whole number, however it looks so far."""
    if role in MONEY or (role is None and _LOOKS_LIKE_MONEY.search(compared(header))):
        return ("decimal(18,4)",)
    if role == "rate":
        return ("decimal(18,8)",)
    if role == "rate_date":
        return ("date",)
    if role in TIMES:
        return ("timestamp", "date")
    if role == "quantity":
        return ("integer", "decimal(18,4)")
    return ("integer", "decimal(18,4)", "double", "date", "timestamp", "boolean")
