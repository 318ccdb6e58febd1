"""How the commands print: one console, tables without frames, JSON for scripts."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table


def new_console(*, stderr: bool = False) -> Console:
    """A console that cuts nothing off: the terminal itself wraps what is too long for it."""
    return Console(highlight=False, soft_wrap=True, width=1000, stderr=stderr)


console = new_console()

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


def table_of(*names: str) -> Table:
    """A plain table; a heading that begins with `>` is for figures."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(
            name.lstrip(">"), justify="right" if name.startswith(">") else "left", no_wrap=True
        )
    return table


def print_json(value: object) -> None:
    """Print `value` as JSON to standard output; dates and paths as text."""
    typer.echo(json.dumps(value, indent=1, ensure_ascii=False, default=str))
