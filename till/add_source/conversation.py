"""What is asked on a terminal, and what flags say instead: all that a look at the data cannot tell."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from configuration.errors import ConfigurationError
from ingest.profile.answers import Asker, WantsTokenError
from ingest.profile.api_look import cursor_column, try_cursor, with_cursor
from ingest.profile.csv_look import UnclearError, check_clear, dialect_block
from ingest.profile.look import Wanted as WantedLook
from ingest.profile.look import look_at
from ingest.profile.proposal import ProposedSource
from till.add_source.expressions import Assumed
from till.add_source.questions import ask, ask_hidden, confirm
from till.add_source.settle import known_currency, known_timezone, said, said_so_far, settled
from till.add_source.shown import show
from till.add_source.sources_block import Declared
from till.terminal import console


def looked(
    name: str, look: WantedLook, flags: tuple[Sequence[str], Sequence[str]], *, asks: bool
) -> tuple[ProposedSource, WantedLook]:
    """The source as it is to be declared; on a terminal, what stands in its way is asked for."""
    decided = None
    while True:
        try:
            source = look_at(name, look)
            if asks and decided is None:
                for table in source.tables:
                    show(source.name, table)
            source = settled(source, decided or said(source, *flags), asks=asks and decided is None)
            decided = said_so_far(source)
            for table in source.tables:
                if source.kind == "csv":
                    check_clear(table.columns, table.path)
                if not asks:
                    show(source.name, table)
            return source, look
        except (WantsTokenError, UnclearError) as error:
            if not asks:
                raise
            console.print(str(error), markup=False)
            if isinstance(error, UnclearError):
                look = replace(look, dialect={**look.dialect, **_asked_dialect(error)})
            else:
                look = replace(look, asker=_asked_token(look))


def _asked_dialect(error: UnclearError) -> dict[str, object]:
    """What a person says of the parts of the dialect that are not clear; what is left empty stays so."""

    def read(key: str, value: str) -> dict[str, object]:
        said = pins([f"{key}={value}"]) if value else {}
        dialect_block(said)
        return said

    found: dict[str, object] = {}
    for key in error.keys:
        found |= ask(f"{key} (empty: not said)", partial(read, key))
    if not found:
        raise error
    return found


def _asked_token(look: WantedLook) -> Asker:
    """Whoever knows the token of an API, which wants one or refuses the one that it got."""
    variable = ask("Environment variable that holds the token", _known_variable)
    token = os.environ.get(variable)
    if token is None or look.asker.token == token:
        token = ask_hidden(
            f"{variable} is not set, or wrong; the token (used now, written nowhere)"
        )
        console.print(f"Set {variable} before the next run.", markup=False)
    return Asker(token, variable)


def pins(flags: Sequence[str]) -> dict[str, object]:
    """Parts of a dialect as flags say them, with the types that YAML would give them."""
    found: dict[str, object] = {}
    for flag in flags:
        name, _, value = flag.partition("=")
        words = {"true": True, "false": False}
        is_number = name.endswith(("_row", "_rows", "_lines")) and value.isdecimal()
        found[name] = int(value) if is_number else words.get(value, value)
    return found


def with_cursors(source: ProposedSource, look: WantedLook) -> ProposedSource:
    """The tables of an API with the parameter that asks for what changed, where a person knows it."""
    able = [each for each in source.tables if cursor_column(each) and "cursor" not in each.options]
    if source.kind != "rest_api" or not able:
        return source
    names = ", ".join(each.name for each in able)
    console.print(f"\nThe records of {names} say when they changed.", markup=False)

    def read(param: str) -> str:
        for each in able:
            if param:
                try_cursor(source, each, look.asker, param)
        return param

    param = ask("Parameter that asks for what changed since a moment (empty: none)", read)
    if not param:
        return source
    tables = tuple(with_cursor(each, param) if each in able else each for each in source.tables)
    return replace(source, tables=tables)


def asked(
    declared: Declared, source: ProposedSource, assumed: Assumed, *, without_demo: bool
) -> tuple[Assumed, bool]:
    """What no column says, and what becomes of the demo."""
    sales = [table for table in source.tables if table.entity == "order_lines"]
    if sales and not any(table.with_role("currency") for table in sales):
        currency = ask("Currency of its prices", known_currency, assumed.currency)
        assumed = replace(assumed, currency=currency)
    if sales and assumed.country is None and not any(table.with_role("country") for table in sales):
        country = ask("Country of its sales (empty: unknown)", str)
        assumed = replace(assumed, country=country or None)
    if declared.has_demo and not without_demo:
        without_demo = not confirm("Keep the demo shop beside it?", default=False)
    if without_demo:
        zone = ask("Clock of the business", known_timezone, assumed.timezone)
        assumed = replace(assumed, timezone=zone)
    return assumed, without_demo


def token_in(variable: str | None) -> str | None:
    """The token, which stays in the environment."""
    if variable is None:
        return None
    token = os.environ.get(_known_variable(variable))
    if not token:
        raise ConfigurationError(
            f"the environment variable {variable} is not set",
            remedy=f"Set it: export {variable}=... (never write the token into a file of the project).",
        )
    return token


def _known_variable(name: str) -> str:
    if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name):
        raise ConfigurationError(
            "this is no name of an environment variable",
            remedy="Give its name, such as SHOP_TOKEN, and never the token itself.",
        )
    return name


def usual_currency(source: ProposedSource) -> str:
    """The currency of most sales, where a column says it."""
    codes = (
        column.commonest
        for table in source.tables
        if table.entity == "order_lines" and (column := table.with_role("currency"))
    )
    return next((code for code in codes if re.fullmatch("[A-Za-z]{3}", code)), "")
