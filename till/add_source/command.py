"""`till add-source`: looks, shows what it found, asks on a terminal, and writes."""

from __future__ import annotations

import dataclasses
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from configuration.errors import ConfigurationError
from configuration.yaml_file import nearest, read_yaml
from till.add_source.staging import Assumed
from till.project import DEFAULT_SOURCES, Project, open_project
from till.terminal import console, harmless, table_of

if TYPE_CHECKING:
    from ingest.profile.proposal import Entity, ProposedSource, ProposedTable

_LONGEST_CELL = 60
_NO_ENTITY = "none"
_ENTITY_WORDS = {
    "order_lines": "sales: a row is a line of an order, a receipt, an invoice",
    "customers": "customers",
    "products": "products",
    "events": "events, such as visits of a page",
    _NO_ENTITY: "something else: staged, but counted in no figure",
}
# Without these a table cannot be what it is said to be; of several, one.
_NEEDED = {
    "order_lines": (("order_id",), ("ordered_at",), ("unit_price", "line_total")),
    "customers": (("customer_id",),),
    "products": (("product_id",),),
    "events": (("event_type",), ("occurred_at", "ordered_at")),
    _NO_ENTITY: (),
}


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
        str | None,
        typer.Option(
            "--as",
            help="What a row is: order_lines, customers, products, events or none.",
            show_default="as it looks",
        ),
    ] = None,
    column_map: Annotated[
        list[str] | None,
        typer.Option(
            "--map", help="What a column means, as order_id=Belegnummer; may be repeated."
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
    from ingest.profile.look import look_at
    from till.add_source.files import Wanted, files_of, write_files
    from till.generated_files import write_generated

    project = open_project()
    asks = sys.stdin.isatty() and not yes
    with tempfile.TemporaryDirectory() as spool:
        source = look_at(name, place, project.root, table, Path(spool))
    source = dataclasses.replace(
        source,
        tables=tuple(
            _settled(each, what, column_map or (), asks=asks and len(source.tables) == 1)
            for each in source.tables
        ),
    )
    for each in source.tables:
        _show(source.name, each)
    assumed = Assumed(
        (currency or _variable(project, "reporting_currency", "EUR")).upper(),
        country,
        channel,
        _known_timezone(timezone or _variable(project, "business_timezone", "UTC")),
    )
    if asks:
        assumed, without_demo = _asked(project, source, assumed, without_demo=without_demo)
    files = files_of(project, source, Wanted(assumed, without_demo, replace))
    if dry_run:
        for path, text in files.items():
            console.print(f"\n{path}", style="bold", markup=False)
            console.print(text, markup=False)
        console.print("A dry run: nothing was written.")
        return
    if asks and not typer.confirm(f"Write {len(files)} files?", default=True):
        console.print("Nothing was written.")
        return
    write_files(project, files)
    written = [*files, *write_generated(project)]
    for path in dict.fromkeys(written):
        console.print(f"{path} written", markup=False)
    console.print("\nRead what was written, correct it where it guessed wrong, then: till run")


def _settled(
    table: ProposedTable, what: str | None, maps: Sequence[str], *, asks: bool
) -> ProposedTable:
    """The table with what the flags say, and what a person answers."""
    table = _mapped(table, maps)
    entity = what if what is not None else _guessed(table)
    if asks and what is None:
        entity = _ask_entity(table, entity)
    if entity not in _NEEDED:
        guess = nearest(entity, list(_NEEDED))
        raise ConfigurationError(
            f"'{entity}' is nothing that a row can be",
            remedy=f"Did you mean '{guess}'?" if guess else f"Say one of {', '.join(_NEEDED)}.",
        )
    for any_of in _NEEDED[entity]:
        if not any(table.with_role(role) for role in any_of):
            table = _with_missing(table, entity, any_of[0], asks=asks)
    found = None if entity == _NO_ENTITY else cast("Entity", entity)
    return dataclasses.replace(table, entity=found)


def _guessed(table: ProposedTable) -> str:
    return table.entity or _NO_ENTITY


def _mapped(table: ProposedTable, maps: Sequence[str]) -> ProposedTable:
    from ingest.profile.meaning import all_roles, entity_of

    for each in maps:
        role, _, header = each.partition("=")
        if role not in all_roles():
            guess = nearest(role, all_roles())
            raise ConfigurationError(
                f"'{role}' in --map {each} is no meaning that is known",
                remedy=f"Did you mean '{guess}'?"
                if guess
                else f"Known are {', '.join(all_roles())}.",
            )
        table = _with_role(table, role, header)
    if maps:
        entity = entity_of({column.role for column in table.columns if column.role})
        table = dataclasses.replace(table, entity=entity)
    return table


def _with_role(table: ProposedTable, role: str, header: str) -> ProposedTable:
    """The table in which the column called `header` plays `role`, and no other does."""
    names = [column.header for column in table.columns] + [column.name for column in table.columns]
    if header not in names:
        guess = nearest(header, names)
        raise ConfigurationError(
            f"the data has no column '{header}'",
            remedy=f"Did you mean '{guess}'?" if guess else f"It has {', '.join(names)}.",
        )
    columns = tuple(
        dataclasses.replace(column, role=role)
        if header in (column.header, column.name)
        else dataclasses.replace(column, role=None if column.role == role else column.role)
        for column in table.columns
    )
    return dataclasses.replace(table, columns=columns)


def _ask_entity(table: ProposedTable, guess: str) -> str:
    console.print(f"\nWhat is a row of {table.name}?", style="bold", markup=False)
    for name, words in _ENTITY_WORDS.items():
        console.print(f"  {name:12} {words}", markup=False)
    return str(typer.prompt("It is", default=guess))


def _with_missing(table: ProposedTable, entity: str, role: str, *, asks: bool) -> ProposedTable:
    headers = ", ".join(column.header for column in table.columns)
    if not asks:
        raise ConfigurationError(
            f"no column of {table.name} looks like {role}, which {entity} need",
            remedy=f"Say which is it: --map {role}=COLUMN (of {headers}), or --as none.",
        )
    console.print(f"Its columns: {headers}", markup=False)
    return _with_role(table, role, str(typer.prompt(f"Which of them is the {role}")))


def _asked(
    project: Project, source: ProposedSource, assumed: Assumed, *, without_demo: bool
) -> tuple[Assumed, bool]:
    """What no column says, and what becomes of the demo."""
    sales = [table for table in source.tables if table.entity == "order_lines"]
    if sales and not any(table.with_role("currency") for table in sales):
        currency = typer.prompt("Currency of its prices", default=assumed.currency)
        assumed = dataclasses.replace(assumed, currency=str(currency).upper())
    if sales and assumed.country is None and not any(table.with_role("country") for table in sales):
        country = typer.prompt(
            "Country of its sales (empty: unknown)", default="", show_default=False
        )
        assumed = dataclasses.replace(assumed, country=str(country) or None)
    if "demo" in read_yaml(project.root / DEFAULT_SOURCES) and not without_demo:
        without_demo = not typer.confirm("Keep the demo shop beside it?", default=False)
    if without_demo:
        zone = typer.prompt("Clock of the business", default=assumed.timezone)
        assumed = dataclasses.replace(assumed, timezone=_known_timezone(str(zone)))
    return assumed, without_demo


def _show(source: str, table: ProposedTable) -> None:
    entity = _ENTITY_WORDS[table.entity or _NO_ENTITY]
    key = f"; key {', '.join(table.key)}" if table.key else ""
    console.print(
        harmless(f"{source}.{table.name}: {table.rows_seen:,} rows looked at; {entity}{key}", 200)
    )
    shown = table_of("column", "name in the source", "type", "means", "for example")
    for column in table.columns:
        shown.add_row(
            column.name,
            harmless(column.header, _LONGEST_CELL),
            column.type,
            column.role or "",
            harmless(", ".join(column.examples), _LONGEST_CELL),
        )
    console.print(shown)


def _variable(project: Project, name: str, otherwise: str) -> str:
    """A variable of the set-up, as the sources file says it."""
    document = read_yaml(project.root / DEFAULT_SOURCES)
    return str(document.get("vars", {}).get(name, otherwise))


def _known_timezone(name: str) -> str:
    from zoneinfo import available_timezones

    known = available_timezones()
    if name not in known:
        guess = nearest(name, sorted(known))
        raise ConfigurationError(
            f"'{name}' is no time zone that is known",
            remedy=f"Did you mean '{guess}'?" if guess else "Say it as Europe/Madrid.",
        )
    return name
