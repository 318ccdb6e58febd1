"""The proposal with what the flags say, and what a person answers: what a row is, what columns mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast
from zoneinfo import available_timezones

from configuration.errors import ConfigurationError
from configuration.yaml_file import nearest
from ingest.profile.meaning import all_roles, are_lines, entity_of
from ingest.profile.proposal import (
    Columns,
    Entity,
    ProposedChild,
    ProposedColumn,
    ProposedSource,
    ProposedTable,
)
from till.add_source.questions import ask
from till.terminal import console

NO_ENTITY = "none"
ENTITY_WORDS = {
    "order_lines": "sales: a row is a line of an order, a receipt, an invoice",
    "customers": "customers",
    "products": "products",
    "events": "events, such as visits of a page",
    "exchange_rates": "exchange rates: what a currency was worth on a day",
    NO_ENTITY: "something else: staged, but counted in no figure",
}
# Without these a table cannot be what it is said to be; of several, one.
_OF_ORDER: tuple[tuple[str, ...], ...] = (("order_id",), ("ordered_at",))
_OF_LINE: tuple[tuple[str, ...], ...] = (("unit_price", "line_total"),)
_NEEDED: dict[str, tuple[tuple[str, ...], ...]] = {
    "order_lines": (*_OF_ORDER, *_OF_LINE),
    "customers": (("customer_id",),),
    "products": (("product_id",),),
    "events": (("event_id",), ("event_type",), ("occurred_at", "ordered_at")),
    "exchange_rates": (("rate",), ("currency",), ("rate_date", "ordered_at")),
    NO_ENTITY: (),
}
# The canonical table has one row of each: the newest version counts, however often one comes.
_ONE_EACH = {"customers": "customer_id", "products": "product_id", "events": "event_id"}
_ISO_LENGTH = 3


@dataclass(frozen=True)
class Said:
    """What the flags say: what a row is, by table or (under "") of all; and `meaning=column` pairs."""

    entities: dict[str, str]
    maps: Sequence[str] = ()


def said(source: ProposedSource, what: Sequence[str], maps: Sequence[str]) -> Said:
    """The flags, as far as they can be understood without the data; raises ConfigurationError."""
    entities: dict[str, str] = {}
    for each in what:
        table, equals, entity = each.rpartition("=")
        if equals and table not in {one.name for one in source.tables}:
            raise _unknown(table, [one.name for one in source.tables], "no table that was found")
        entities[table] = known_entity(entity)
    return Said(entities, maps)


def settled(source: ProposedSource, flags: Said, *, asks: bool) -> ProposedSource:
    """The source as it is to be declared; raises ConfigurationError where a flag or an answer is missing."""
    mapped: dict[str, list[str]] = {table.name: [] for table in source.tables}
    for each in flags.maps:
        before, _, _ = each.partition("=")
        table, dot, _ = before.rpartition(".")
        if dot and table not in mapped:
            raise _unknown(table, list(mapped), "no table that was found")
        if not dot and len(mapped) > 1:
            raise ConfigurationError(
                f"there are several tables, and --map {each} does not say which",
                remedy=f"Say it as --map {next(iter(mapped))}.{each}.",
            )
        mapped[table or next(iter(mapped))].append(each.removeprefix(f"{table}."))
    tables = []
    for each_table in source.tables:
        entity = flags.entities.get(each_table.name, flags.entities.get(""))
        tables.append(_settled(each_table, entity, mapped[each_table.name], asks=asks))
    return replace(source, tables=tuple(tables))


def said_so_far(source: ProposedSource) -> Said:
    """What was decided of a settled source, to be said again of another look at the same data."""
    maps = [
        f"{table.name}.{column.role}={column.name}"
        for table in source.tables
        for column in table.columns
        if column.role
    ]
    return Said({table.name: table.entity or NO_ENTITY for table in source.tables}, maps)


def known_entity(name: str) -> str:
    """The name of what a row can be; raises ConfigurationError for another."""
    if name not in _NEEDED:
        raise _unknown(name, list(_NEEDED), "nothing that a row can be")
    return name


def known_timezone(name: str) -> str:
    """The name of a time zone; raises ConfigurationError for another."""
    known = available_timezones()
    if name not in known:
        guess = nearest(name, sorted(known))
        raise ConfigurationError(
            f"'{name}' is no time zone that is known",
            remedy=f"Did you mean '{guess}'?" if guess else "Say it as Europe/Madrid.",
        )
    return name


def known_currency(code: str) -> str:
    """A currency's code in capitals; raises ConfigurationError for what cannot be one."""
    if len(code) != _ISO_LENGTH or not (code.isascii() and code.isalpha()):
        raise ConfigurationError(
            f"'{code}' is no code of a currency", remedy="Say it with three letters, as EUR."
        )
    return code.upper()


def _settled(
    table: ProposedTable, what: str | None, maps: Sequence[str], *, asks: bool
) -> ProposedTable:
    for each in maps:
        role, _, header = each.partition("=")
        table = _with_role(table, known_role(role), header)
    if maps:
        table = _guessed_again(table)
    entity = what or table.entity or NO_ENTITY
    if asks and what is None:
        entity = _ask_entity(table, entity)
    if table.lines and entity != "order_lines":
        table = replace(table, lines=None)
    if entity == "order_lines" and table.lines:
        table = _complete(table, entity, _OF_ORDER, asks=asks)
    else:
        table = _complete(table, entity, _NEEDED[entity], asks=asks)
    only = table.with_role("order_id" if table.lines else _ONE_EACH.get(entity, ""))
    if only is not None:
        table = replace(table, key=(only.name,))
    if table.children and len(table.key) != 1:
        # Rows of a list carry the key of the record around them, which staging wants to be one column.
        lists = ", ".join(child.path for child in table.children)
        note = f"Left out: {lists}. No column tells the records apart to which these lists belong."
        table = replace(table, children=(), lines=None, notes=(*table.notes, note))
    return replace(table, entity=None if entity == NO_ENTITY else cast("Entity", entity))


def _complete(
    table: ProposedTable, entity: str, needed: Sequence[Sequence[str]], *, asks: bool
) -> ProposedTable:
    for any_of in needed:
        if not any(table.with_role(role) for role in any_of):
            table = _with_missing(table, entity, any_of[0], asks=asks)
    return table


def known_role(name: str) -> str:
    """What a column can mean; raises ConfigurationError for something else."""
    if name not in all_roles():
        raise _unknown(name, all_roles(), "no meaning that is known")
    return name


def _guessed_again(table: ProposedTable) -> ProposedTable:
    roles = {column.role for column in table.columns if column.role}
    lines = next(
        (
            child.name
            for child in table.children
            if {"order_id", "ordered_at"} <= roles
            and are_lines({column.role for column in child.columns if column.role})
        ),
        None,
    )
    return replace(table, entity="order_lines" if lines else entity_of(roles), lines=lines)


def _with_role(table: ProposedTable, role: str, header: str) -> ProposedTable:
    """The table in which the column called `header`, its own or of a list, plays `role` and no other does."""
    here = _renamed(table, role, header)
    if here is not None:
        return replace(table, columns=here)
    for index, child in enumerate(table.children):
        found = _renamed(child, role, header.removeprefix(f"{child.path}."))
        if found is not None:
            changed = (*table.children[:index], replace(child, columns=found))
            return replace(table, children=(*changed, *table.children[index + 1 :]))
    raise _unknown(header, _names(table), "no column of the data")


def _renamed(
    table: ProposedTable | ProposedChild, role: str, header: str
) -> tuple[ProposedColumn, ...] | None:
    if header not in [name for column in table.columns for name in (column.header, column.name)]:
        return None
    return tuple(
        replace(column, role=role)
        if header in (column.header, column.name)
        else replace(column, role=None if column.role == role else column.role)
        for column in table.columns
    )


def _names(table: Columns) -> list[str]:
    return [column.header for column in table.columns]


def _ask_entity(table: ProposedTable, guess: str) -> str:
    console.print(f"\nWhat is a row of {table.name}?", style="bold", markup=False)
    for name, words in ENTITY_WORDS.items():
        console.print(f"  {name:15} {words}", markup=False)
    return ask("It is", known_entity, guess)


def _with_missing(table: ProposedTable, entity: str, role: str, *, asks: bool) -> ProposedTable:
    headers = ", ".join(_names(table))
    if not asks:
        raise ConfigurationError(
            f"no column of {table.name} looks like {role}, which {entity} need",
            remedy=f"Say which is it: --map {role}=COLUMN (of {headers}), or --as none.",
        )
    console.print(f"Its columns: {headers}", markup=False)
    return ask(f"Which of them is the {role}", lambda header: _with_role(table, role, header))


def _unknown(name: str, known: Sequence[str], what: str) -> ConfigurationError:
    guess = nearest(name, list(known))
    return ConfigurationError(
        f"'{name}' is {what}",
        remedy=f"Did you mean '{guess}'?" if guess else f"Say one of {', '.join(known)}.",
    )
