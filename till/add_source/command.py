"""`till add-source`: looks, shows what it found, asks on a terminal, and writes."""

from __future__ import annotations

import dataclasses
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from till.project import DEFAULT_SOURCES, open_project
from till.terminal import console


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
        bool, typer.Option("--replace", help="Write a source of this name anew, with its models.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it and write nothing.")] = False,
) -> None:
    """Look at a file or an API, propose how to declare it, and write all that it needs."""
    from ingest.profile.answers import Asker
    from ingest.profile.look import Wanted as WantedLook
    from till.add_source.conversation import (
        asked,
        looked,
        pins,
        token_in,
        usual_currency,
        with_cursors,
    )
    from till.add_source.expressions import Assumed
    from till.add_source.files import Wanted, files_of, has_rates, stale_files, write_files
    from till.add_source.questions import confirm, nothing_written_if_stopped
    from till.add_source.settle import known_currency, known_timezone
    from till.add_source.shown import show_files, tell
    from till.add_source.sources_block import read_declared
    from till.generated_files import write_generated

    project = open_project()
    declared = read_declared(project.root / DEFAULT_SOURCES)
    asks = sys.stdin.isatty() and not yes
    zone = known_timezone(timezone or declared.variable("business_timezone", "UTC"))
    known_currency(currency or "EUR")
    with nothing_written_if_stopped(), tempfile.TemporaryDirectory() as spool:
        look = WantedLook(
            place,
            project.root,
            Path(spool),
            table,
            tuple(paths or ()),
            Asker(token_in(token_env), token_env),
            cursor_param,
            pins(dialect or ()),
        )
        source, look = looked(name, look, (what or (), column_map or ()), asks=asks)
        usual = usual_currency(source) if without_demo or asks else ""
        usual = currency or usual or declared.variable("reporting_currency", "EUR")
        assumed = Assumed(known_currency(usual), country, channel, zone)
        if asks:
            source = with_cursors(source, look)
            assumed, without_demo = asked(declared, source, assumed, without_demo=without_demo)
        rates = has_rates(project, declared, source, without_demo=without_demo)
        assumed = dataclasses.replace(assumed, has_rates=rates)
        tell(source, assumed)
        files = files_of(project, declared, source, Wanted(assumed, without_demo, replace))
        stale = stale_files(project, source.name, files) if replace else []
        if dry_run:
            show_files(project.root, files)
            for path in stale:
                console.print(f"{path} would be removed", markup=False)
            console.print("A dry run: nothing was written.")
            return
        if asks and not confirm(f"Write {len(files)} files?", default=True):
            console.print("Nothing was written.")
            return
    write_files(project, files)
    for path in stale:
        (project.root / path).unlink()
        console.print(f"{path} removed", markup=False)
    for path in dict.fromkeys([*files, *write_generated(project)]):
        console.print(f"{path} written", markup=False)
    console.print("\nRead what was written, correct it where it guessed wrong, then: till run")
