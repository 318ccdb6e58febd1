"""`till add-source`: looks, shows what it found, asks on a terminal, and writes."""

from __future__ import annotations

import dataclasses
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from configuration.errors import ConfigurationError
from till.add_source.expressions import Assumed
from till.project import DEFAULT_SOURCES, open_project
from till.terminal import console

if TYPE_CHECKING:
    from ingest.profile.answers import Asker
    from ingest.profile.csv_look import UnclearError
    from ingest.profile.look import Wanted as WantedLook
    from ingest.profile.proposal import ProposedSource
    from till.add_source.sources_block import Declared


def add_source(
    name: Annotated[str, typer.Argument(help="What to call the source: small letters, digits, _.")],
    place: Annotated[
        str,
        typer.Argument(metavar="PATH_OR_URL", help="A file, a folder, a pattern or an address."),
    ],
    table: Annotated[
        str | None,
        typer.Option(help="What to call its table.", show_default="from the file's name"),
    ] = None,
    what: Annotated[
        list[str] | None,
        typer.Option(
            "--as",
            help="What a row is: order_lines, customers, products, events, exchange_rates or none; "
            "of several tables, as orders=none.",
            show_default="as it looks",
        ),
    ] = None,
    column_map: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            help="What a column means, as order_id=Belegnummer; of several tables, as "
            "orders.order_id=number. May be repeated.",
        ),
    ] = None,
    paths: Annotated[
        list[str] | None,
        typer.Option("--path", help="Of an API: a resource below the address. May be repeated."),
    ] = None,
    token_env: Annotated[
        str | None,
        typer.Option(help="Environment variable with the token that an API or a server wants."),
    ] = None,
    cursor_param: Annotated[
        str | None,
        typer.Option(
            help="Of an API: the parameter that asks for what changed since a moment.",
            show_default="none; all is loaded each time",
        ),
    ] = None,
    dialect: Annotated[
        list[str] | None,
        typer.Option(
            help="How CSV files are written, as date_format=dd/mm/yyyy; may be repeated.",
            show_default="as it is found",
        ),
    ] = None,
    currency: Annotated[
        str | None,
        typer.Option(
            help="Currency of all rows where no column says it.", show_default="reporting"
        ),
    ] = None,
    country: Annotated[
        str | None, typer.Option(help="Country of all rows where no column says it.")
    ] = None,
    channel: Annotated[str, typer.Option(help="Channel where no column says it.")] = "store",
    timezone: Annotated[
        str | None,
        typer.Option(help="Clock of the business, as Europe/Madrid.", show_default="the project's"),
    ] = None,
    without_demo: Annotated[
        bool, typer.Option("--without-demo", help="Put it in the place of the demo shop.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Write a source of this name anew, also its models.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it and write nothing.")] = False,
) -> None:
    """Look at a file or an API, propose how to declare it, and write all that it needs."""
    from ingest.profile.answers import Asker
    from ingest.profile.look import Wanted as WantedLook
    from till.add_source.files import Wanted, files_of, has_rates, write_files
    from till.add_source.questions import confirm
    from till.add_source.settle import known_currency, known_timezone, said, settled
    from till.add_source.shown import show, show_files, tell
    from till.add_source.sources_block import read_declared
    from till.generated_files import write_generated

    project = open_project()
    declared = read_declared(project.root / DEFAULT_SOURCES)
    asks = sys.stdin.isatty() and not yes
    zone = known_timezone(timezone or declared.variable("business_timezone", "UTC"))
    known_currency(currency or "EUR")
    with tempfile.TemporaryDirectory() as spool:
        look = WantedLook(
            place,
            project.root,
            Path(spool),
            table,
            tuple(paths or ()),
            Asker(_token(token_env), token_env),
            cursor_param,
            _pins(dialect or ()),
        )
        source, look = _looked(name, look, asks=asks)
        flags = said(source, what or (), column_map or ())
        if asks:
            for each in source.tables:
                show(source.name, each)
        source = settled(source, flags, asks=asks)
        if not asks:
            for each in source.tables:
                show(source.name, each)
        usual = _usual_currency(source) if without_demo or asks else ""
        usual = currency or usual or declared.variable("reporting_currency", "EUR")
        assumed = Assumed(known_currency(usual), country, channel, zone)
        if asks:
            source = _with_cursors(source, look)
            assumed, without_demo = _asked(declared, source, assumed, without_demo=without_demo)
    rates = has_rates(project, declared, source, without_demo=without_demo)
    assumed = dataclasses.replace(assumed, has_rates=rates)
    tell(source, assumed)
    files = files_of(project, declared, source, Wanted(assumed, without_demo, replace))
    if dry_run:
        show_files(project.root, files)
        console.print("A dry run: nothing was written.")
        return
    if asks and not confirm(f"Write {len(files)} files?", default=True):
        console.print("Nothing was written.")
        return
    write_files(project, files)
    for path in dict.fromkeys([*files, *write_generated(project)]):
        console.print(f"{path} written", markup=False)
    console.print("\nRead what was written, correct it where it guessed wrong, then: till run")


def _looked(name: str, look: WantedLook, *, asks: bool) -> tuple[ProposedSource, WantedLook]:
    """The proposal; on a terminal, what stands in its way is asked for."""
    from ingest.profile.answers import WantsTokenError
    from ingest.profile.csv_look import UnclearError
    from ingest.profile.look import look_at

    while True:
        try:
            return look_at(name, look), look
        except (WantsTokenError, UnclearError) as error:
            if not asks:
                raise
            console.print(str(error), markup=False)
            if isinstance(error, UnclearError):
                look = dataclasses.replace(look, dialect={**look.dialect, **_asked_dialect(error)})
            else:
                look = dataclasses.replace(look, asker=_asked_token(look))


def _asked_dialect(error: UnclearError) -> dict[str, object]:
    """What a person says of the parts of the dialect that are not clear; what is left empty stays so."""
    from ingest.profile.csv_look import dialect_block
    from till.add_source.questions import ask

    def read(key: str, value: str) -> dict[str, object]:
        said = _pins([f"{key}={value}"]) if value else {}
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
    from ingest.profile.answers import Asker
    from till.add_source.questions import ask, ask_hidden

    variable = ask("Environment variable that holds the token", _known_variable)
    token = os.environ.get(variable)
    if token is None or look.asker.token == token:
        token = ask_hidden(
            f"{variable} is not set, or wrong; the token (used now, written nowhere)"
        )
        console.print(f"Set {variable} before the next run.", markup=False)
    return Asker(token, variable)


def _pins(flags: Sequence[str]) -> dict[str, object]:
    """Parts of a dialect as flags say them, with the types that YAML would give them."""
    found: dict[str, object] = {}
    for flag in flags:
        name, _, value = flag.partition("=")
        words = {"true": True, "false": False}
        is_number = name.endswith(("_row", "_rows", "_lines")) and value.isdecimal()
        found[name] = int(value) if is_number else words.get(value, value)
    return found


def _with_cursors(source: ProposedSource, look: WantedLook) -> ProposedSource:
    """The tables of an API with the parameter that asks for what changed, where a person knows it."""
    from ingest.profile.api_look import cursor_column, try_cursor, with_cursor
    from till.add_source.questions import ask

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
    return dataclasses.replace(source, tables=tables)


def _asked(
    declared: Declared, source: ProposedSource, assumed: Assumed, *, without_demo: bool
) -> tuple[Assumed, bool]:
    """What no column says, and what becomes of the demo."""
    from till.add_source.questions import ask, confirm
    from till.add_source.settle import known_currency, known_timezone

    sales = [table for table in source.tables if table.entity == "order_lines"]
    if sales and not any(table.with_role("currency") for table in sales):
        currency = ask("Currency of its prices", known_currency, assumed.currency)
        assumed = dataclasses.replace(assumed, currency=currency)
    if sales and assumed.country is None and not any(table.with_role("country") for table in sales):
        country = ask("Country of its sales (empty: unknown)", str)
        assumed = dataclasses.replace(assumed, country=country or None)
    if declared.has_demo and not without_demo:
        without_demo = not confirm("Keep the demo shop beside it?", default=False)
    if without_demo:
        zone = ask("Clock of the business", known_timezone, assumed.timezone)
        assumed = dataclasses.replace(assumed, timezone=zone)
    return assumed, without_demo


def _token(variable: str | None) -> str | None:
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


def _usual_currency(source: ProposedSource) -> str:
    """The currency of most sales, where a column says it."""
    codes = (
        column.commonest
        for table in source.tables
        if table.entity == "order_lines" and (column := table.with_role("currency"))
    )
    return next((code for code in codes if re.fullmatch("[A-Za-z]{3}", code)), "")
