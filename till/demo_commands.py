"""`till demo`: the demo shop's data, and its web shop's API."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from till.project import open_project
from till.terminal import console

demo_app = typer.Typer(help="The demo shop's data and its web shop's API.")

FolderOption = Annotated[Path, typer.Option(help="Where the demo's files are.")]


@demo_app.callback(invoke_without_command=True, epilog="Example: till demo --scale 10")
def demo(
    context: typer.Context,
    scale: Annotated[
        float, typer.Option(help="1 is about 25,000 orders, 1100 about 80 million lines.")
    ] = 1,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 7,
    folder: FolderOption = Path("demo"),
) -> None:
    """Make the demo shop's data: CSV exports, and what its web shop's API serves."""
    if context.invoked_subcommand is not None:
        return
    from till.demo.generate import generate as make

    project = open_project()
    console.print(f"Making the demo shop in {folder} ...", markup=False)
    make(
        project.root / folder,
        scale=scale,
        seed=seed,
        on_file=lambda name: console.print(f"  {name}"),
    )
    console.print("Done. `till run` loads it; `till demo serve` shows its web shop's API.")


@demo_app.command("serve", epilog="Example: till demo serve --port 8765")
def demo_serve(
    port: Annotated[
        int,
        typer.Option(
            help="On 127.0.0.1; 0 takes a free one.", envvar="TILL_DEMO_API_PORT", min=0, max=65535
        ),
    ] = 8765,
    folder: FolderOption = Path("demo"),
) -> None:
    """Serve the demo web shop's API on loopback until Ctrl+C."""
    from till.demo.server import run_forever

    project = open_project()
    token = os.environ.get("TILL_DEMO_TOKEN", "demo-token")
    run_forever(
        project.root / folder,
        port,
        token,
        on_ready=lambda url: console.print(f"Serving the demo's API on {url}/v1 (Ctrl+C ends it)"),
    )
