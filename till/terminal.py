"""How the commands print: one console, tables without frames, JSON for scripts."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text


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
    """Print `value` as JSON to standard output; dates and paths as text.

    Characters that could steer a terminal stand in strings only, so JSON's own escapes can replace them.
    """
    text = json.dumps(value, indent=1, ensure_ascii=False, default=str)
    typer.echo(
        "".join(one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in text)
    )


def harmless(text: str, length: int) -> Text:
    """Text of data for one cell: no markup, no control characters, no line breaks, cut to `length`."""
    shown = text if len(text) <= length else f"{text[: length - 1]}…"
    return Text("".join(one if one.isprintable() else "?" for one in shown))
