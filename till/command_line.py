"""The commands. Each does three things: find the project, call what does the work, print."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from configuration.errors import EXIT_FAILED, EXIT_USAGE, PlainError
from till.project import DEFAULT_SOURCES, Project, find_project, prepare_environment

if TYPE_CHECKING:
    from ingest.sources_file import SourcesFile

app = typer.Typer(
    name="till",
    help="From the till to the report: load, build, test, draw, release.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
demo_app = typer.Typer(help="The demo shop's data and its web shop's API.")
release_app = typer.Typer(help="The tested snapshots that readers see.", no_args_is_help=True)
app.add_typer(demo_app, name="demo")
app.add_typer(release_app, name="release")

console = Console(highlight=False, soft_wrap=True)

SourcesOption = Annotated[
    Path | None,
    typer.Option("--sources", help="The sources file.", show_default=DEFAULT_SOURCES.as_posix()),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
FolderOption = Annotated[Path, typer.Option(help="Where the demo's files are.")]


@app.callback()
def _main(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Hold the options of every command; `--debug` is read in till/__main__.py."""


@app.command(epilog="Example: till run --sources examples/online_retail/sources.yml")
def run(
    sources: SourcesOption = None,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Build every mart from the whole raw lake.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Load what is new, build, test, draw the pages, and release when everything passed."""
    from till.console import ConsoleReporter, print_run
    from till.run import run_all

    project = _project()
    out = Console(stderr=True, highlight=False, soft_wrap=True) if as_json else console
    with _sources(project, sources) as loaded:
        result = run_all(project, loaded, full_refresh=full_refresh, reporter=ConsoleReporter(out))
    print_run(out, project, result)
    if as_json:
        release = asdict(result.release) if result.release else None
        _print_json({"problem": result.problem, "steps": dict(result.steps), "release": release})
    if result.problem is not None:
        raise typer.Exit(EXIT_FAILED)


@app.command(epilog="Example: till ingest shop")
def ingest(
    source: Annotated[
        list[str] | None, typer.Argument(help="Sources to load; all if none.")
    ] = None,
    sources: SourcesOption = None,
) -> None:
    """Load what is new into the raw lake, and stop there."""
    from till.console import print_ingested
    from till.run import ingest_only

    project = _project()
    with _sources(project, sources) as loaded:
        result = ingest_only(project, loaded, only=tuple(source or ()), on_progress=console.print)
    print_ingested(console, result)
    if any(table.error is not None for table in result.tables):
        raise typer.Exit(EXIT_FAILED)


@app.command(epilog="Example: till report --out /tmp/preview")
def report(
    page: Annotated[
        list[str] | None, typer.Argument(help="Pages to check for; all if none.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to draw into.", show_default="preview/ in the lake")
    ] = None,
) -> None:
    """Draw the pages again from the current release, for a look; the release stays as it is."""
    from reports.pages import load_pages
    from till.releases import current_release
    from till.run import render

    project = _project()
    release = current_release(project)
    if release is None:
        raise PlainError("there is no release to draw from", remedy="Make one first: `till run`.")
    known = [one.id for one in load_pages(project.pages)]
    for name in page or []:
        if name not in known:
            raise PlainError(
                f"there is no page '{name}'", remedy=f"The pages are: {', '.join(known)}."
            )
    target = out or project.lake / "preview"
    render(project, release, project.releases / release.release_id, target)
    for name in page or ["index"]:
        console.print(str(target / f"{name}.html"), markup=False)


@app.command(epilog="Example: till check")
def check() -> None:
    """Check every configuration file and the environment, and say what to mend."""
    from till.checks import problems

    found = problems(_project(), os.environ)
    for problem in found:
        console.print(str(problem), markup=False)
    if found:
        raise typer.Exit(EXIT_USAGE)
    console.print("Everything that can be checked without a run is in order.")


@app.command(epilog="Example: till status --json")
def status(as_json: JsonOption = False) -> None:
    """Show the loads, their rows, and the releases."""
    from till.status import read_status

    state = read_status(_project())
    if as_json:
        _print_json(asdict(state))
        return
    table = _table("table", ">loads", ">read", ">loaded", ">rejected", "last load (UTC)")
    for one in state.tables:
        table.add_row(
            f"{one.source_name}.{one.table_name}",
            *(f"{n:,}" for n in (one.loads, one.rows_read, one.rows_loaded, one.rows_rejected)),
            one.last_loaded_at[:19].replace("T", " "),
        )
    console.print(table if state.tables else "Nothing is loaded yet: `till run` or `till ingest`.")
    console.print(f"\nReleases: {state.releases}; current: {state.current_release_id or 'none'}")


@app.command(epilog="Example: till generate --check")
def generate(
    check_only: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail when a file has drifted.")
    ] = False,
) -> None:
    """Write the files that follow from others: dbt sources, exposures, JSON Schemas."""
    from till.generated_files import drifted_files, write_generated

    project = _project()
    paths = drifted_files(project) if check_only else write_generated(project)
    for path in paths:
        console.print(f"{path.as_posix()} {'has drifted' if check_only else 'written'}")
    if check_only and paths:
        console.print("Run `till generate`, and commit what it wrote.")
        raise typer.Exit(EXIT_FAILED)
    if not paths:
        console.print("Every generated file follows from its source.")


@demo_app.callback(invoke_without_command=True, epilog="Example: till demo --scale 10")
def demo(
    context: typer.Context,
    scale: Annotated[float, typer.Option(help="1 is about 25,000 orders.")] = 1,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 7,
    folder: FolderOption = Path("demo"),
) -> None:
    """Make the demo shop's data: CSV exports, and what its web shop's API serves."""
    if context.invoked_subcommand is not None:
        return
    from till.demo.generate import generate as make

    project = _project()
    make(project.root / folder, scale=scale, seed=seed)
    console.print(f"The demo shop's files are in {folder}")


@demo_app.command("serve", epilog="Example: till demo serve --port 8765")
def demo_serve(
    port: Annotated[int, typer.Option(help="On 127.0.0.1.")] = 8765,
    folder: FolderOption = Path("demo"),
) -> None:
    """Serve the demo web shop's API on loopback until Ctrl+C."""
    from till.demo.server import run_forever

    project = _project()
    token = os.environ.get("TILL_DEMO_TOKEN", "demo-token")
    run_forever(
        project.root / folder,
        port,
        token,
        on_ready=lambda url: console.print(f"Serving the demo's API on {url}/v1 (Ctrl+C ends it)"),
    )


@release_app.command("list", epilog="Example: till release list --json")
def release_list(as_json: JsonOption = False) -> None:
    """List the releases, newest first; the current one is marked."""
    from till.releases import current_release_id, list_releases

    project = _project()
    releases, current = list_releases(project), current_release_id(project)
    if as_json:
        _print_json([{**asdict(one), "is_current": one.release_id == current} for one in releases])
        return
    if not releases:
        console.print("There is no release yet: `till run` makes the first.")
        return
    table = _table("", "release", "data to", ">rows loaded", ">models", ">tests", "sources")
    for one in releases:
        table.add_row(
            "*" if one.release_id == current else "",
            one.release_id,
            one.as_of_date or "-",
            f"{one.rows['loaded']:,}",
            str(one.models),
            str(one.tests["passed"]),
            ", ".join(one.sources),
        )
    console.print(table)


@release_app.command("show", epilog="Example: till release show 20261120T221500Z-3fa9c1")
def release_show(
    release_id: Annotated[
        str | None, typer.Argument(help="Or its beginning; the current one if none.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a release holds: its marts with rows and files, its loads, its tests."""
    from till.releases import current_release, find_release

    project = _project()
    release = find_release(project, release_id) if release_id else current_release(project)
    if release is None:
        raise PlainError("there is no release yet", remedy="`till run` makes the first.")
    if as_json:
        _print_json(asdict(release))
        return
    console.print(f"Release {release.release_id}, made {release.created_at}")
    console.print(f"Code {release.commit or 'not in git'}, Tillhouse {release.till_version}")
    console.print(f"Data up to {release.as_of_date or '-'}, from {', '.join(release.sources)}")
    rows = release.rows
    console.print(
        f"Rows read {rows['read']:,}, loaded {rows['loaded']:,}, rejected {rows['rejected']:,}"
    )
    console.print(f"Models {release.models}, tests passed {release.tests['passed']}\n")
    table = _table("mart", ">rows", ">files", ">KB")
    for name, mart in release.marts.items():
        size = sum(file.bytes for file in mart.files) / 1e3
        table.add_row(name, f"{mart.rows:,}", str(len(mart.files)), f"{size:,.0f}")
    console.print(table)


@release_app.command("rollback", epilog="Example: till release rollback 20261120T221500Z-3fa9c1")
def release_rollback(
    release_id: Annotated[
        str | None, typer.Argument(help="Or its beginning; the one before the current if none.")
    ] = None,
) -> None:
    """Let readers use an earlier release (or a later one again)."""
    from till.lake_lock import lake_lock
    from till.releases import current_release_id, find_release, list_releases, switch_to

    project = _project()
    with lake_lock(project.lake, "till release rollback"):
        if release_id is None:
            current = current_release_id(project) or ""
            older = [one for one in list_releases(project) if one.release_id < current]
            if not older:
                raise PlainError(
                    "there is no release before the current one", remedy="See `till release list`."
                )
            release = older[0]
        else:
            release = find_release(project, release_id)
        switch_to(project, release)
    console.print(f"Readers now see release {release.release_id}.")


def _project() -> Project:
    project = find_project(Path.cwd(), os.environ)
    prepare_environment(project)
    return project


@contextmanager
def _sources(project: Project, path: Path | None) -> Iterator[SourcesFile]:
    """The sources file, with the demo made and served while the block runs, if it asks for that."""
    from ingest.sources_file import load_sources_file

    file = path or DEFAULT_SOURCES
    loaded = load_sources_file(file, os.environ)
    with ExitStack() as stack:
        if loaded.demo is not None and "TILL_DEMO_API" not in os.environ:
            from till.demo.generate import make_if_missing
            from till.demo.server import serve

            folder = project.root / loaded.demo.folder
            if make_if_missing(folder):
                console.print("[bold]Made the demo shop's data[/bold]")
            token = os.environ.get("TILL_DEMO_TOKEN", "demo-token")
            os.environ["TILL_DEMO_API"] = stack.enter_context(serve(folder, 0, token))
            loaded = load_sources_file(file, os.environ)
        yield loaded


def _table(*names: str) -> Table:
    """A plain table; a heading that begins with `>` is for figures."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(name.lstrip(">"), justify="right" if name.startswith(">") else "left")
    return table


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, indent=1, ensure_ascii=False, default=str))
