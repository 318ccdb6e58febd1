"""The commands. Each does three things: find the project, call what does the work, print."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from configuration.errors import EXIT_FAILED, EXIT_USAGE, ConfigurationError, PlainError
from till.add_source.command import add_source
from till.compact_command import compact
from till.demo_commands import demo_app
from till.project import DEFAULT_SOURCES, Project, open_project
from till.rejected_command import rejected
from till.release_commands import release_app
from till.terminal import JsonOption, console, harmless, new_console, print_json, table_of

if TYPE_CHECKING:
    from rich.console import Console

    from ingest.declaration.sources_file import SourcesFile

app = typer.Typer(
    name="till",
    help="From the till to the report: load, build, test, draw, release.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.add_typer(demo_app, name="demo")
app.add_typer(release_app, name="release")

SourcesOption = Annotated[
    Path | None,
    typer.Option("--sources", help="The sources file.", show_default=DEFAULT_SOURCES.as_posix()),
]


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
    skip_space_check: Annotated[
        bool,
        typer.Option("--skip-space-check", help="Build even where the disk looks too small."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Load what is new, build, test, draw the pages, and release when everything passed."""
    from till.console import ConsoleReporter, print_run
    from till.run import run_all

    project = open_project()
    out = new_console(stderr=True) if as_json else console
    with _sources(project, sources, out) as loaded, ConsoleReporter(out) as reporter:
        result = run_all(
            project,
            loaded,
            full_refresh=full_refresh,
            skip_space_check=skip_space_check,
            reporter=reporter,
        )
    print_run(out, project, result)
    if as_json:
        release = asdict(result.release) if result.release else None
        print_json({"problem": result.problem, "steps": dict(result.steps), "release": release})
    if result.problem is not None:
        raise typer.Exit(EXIT_FAILED)


@app.command(
    epilog="Example: till ingest shop; till ingest --dry-run; "
    "till ingest --reload shop.purchases --from 2024-03-01 --to 2024-03-31 --dry-run; "
    "till ingest --replay-rejected shop"
)
def ingest(
    source: Annotated[
        list[str] | None,
        typer.Argument(help="Sources (shop) or tables (shop.purchases) to load; all if none."),
    ] = None,
    sources: SourcesOption = None,
    reload: Annotated[
        bool,
        typer.Option(
            "--reload",
            help="Load the named sources or tables again, in place of what was loaded.",
        ),
    ] = False,
    from_date: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DATE",
            help="Only from this day on (2024-03-09): rows by the cursor, files by their names.",
        ),
    ] = None,
    to_date: Annotated[
        str | None,
        typer.Option("--to", metavar="DATE", help="Only up to this day, and with it."),
    ] = None,
    replay_rejected: Annotated[
        bool,
        typer.Option(
            "--replay-rejected",
            help="Try the rejected rows again after a change of the sources file, and nothing else.",
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Say what would be loaded and why; write nothing, ask no API."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Load what is new into the raw lake, and stop there."""
    from ingest.dry_run import plan
    from till.console import (
        LONGEST_LINE,
        ingested_as_json,
        print_ingested,
        print_plan,
        print_replayed,
    )
    from till.load_bars import LoadBars
    from till.run import ingest_only
    from till.window_options import window_of

    project = open_project()
    only = tuple(source or ())
    if reload and not only:
        raise ConfigurationError(
            "--reload needs the name of a source or a table",
            remedy="Name what to load again, for example `till ingest --reload shop.purchases`.",
        )
    window = window_of(from_date, to_date)
    others = {"--reload": reload, "--dry-run": dry_run, "--from and --to": window is not None}
    if replay_rejected and any(others.values()):
        other = next(name for name, is_given in others.items() if is_given)
        raise ConfigurationError(
            f"--replay-rejected and {other} do not go together",
            remedy="`till rejected` shows which rows there are; `--reload` reads the sources again.",
        )
    out = new_console(stderr=True) if as_json else console
    with _sources(project, sources, out) as loaded:
        if dry_run:
            plans = plan(loaded, project.lake, project.root, only, reload=reload, window=window)
            print_plan(out, plans)
            if as_json:
                print_json([asdict(one) for one in plans])
            if any(one.is_refused for one in plans):
                raise typer.Exit(EXIT_FAILED)
            return
        with LoadBars(out) as bars:
            result = ingest_only(
                project,
                loaded,
                only=only,
                reload=reload,
                window=window,
                replay_rejected=replay_rejected,
                on_progress=lambda line: bars.print(harmless(line, LONGEST_LINE)),
                on_start=bars.add,
            )
    (print_replayed if replay_rejected else print_ingested)(out, result)
    if as_json:
        print_json(ingested_as_json(result))
    if any(table.error is not None for table in result.tables):
        raise typer.Exit(EXIT_FAILED)


@app.command(epilog="Example: till report --serve; till report --single-file overview")
def report(
    page: Annotated[
        list[str] | None, typer.Argument(help="Pages to check for; all if none.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to draw into.", show_default="preview/ in the lake")
    ] = None,
    single_file: Annotated[
        bool,
        typer.Option("--single-file", help="Write each page as one HTML file, to send by mail."),
    ] = False,
    explore: Annotated[
        bool,
        typer.Option("--explore", help="Add a page for questions in SQL; needs `make assets`."),
    ] = False,
    gallery: Annotated[
        bool,
        typer.Option(
            "--gallery", help="Draw the gallery instead: every kind of item beside its YAML."
        ),
    ] = False,
    serve: Annotated[
        bool, typer.Option("--serve", help="Show the pages in a browser, and anew after each save.")
    ] = False,
    port: Annotated[
        int | None, typer.Option(help="With --serve: the port on this machine; 0 for a free one.")
    ] = None,
) -> None:
    """Draw the pages again from the current release, for a look; the release stays as it is."""
    from reports.pages import load_pages
    from till.releases import current_release
    from till.report_command import draw_gallery, draw_single_files
    from till.run import render

    project = open_project()
    for name, is_there in (
        ("--out", out is not None), ("--single-file", single_file), ("--explore", explore),
        ("--gallery", gallery),
    ):  # fmt: skip
        if serve and is_there:
            raise ConfigurationError(
                f"--serve and {name} do not go together", remedy="Leave one of them out."
            )
    if port is not None and not serve:
        raise ConfigurationError("--port goes with --serve", remedy="Add --serve, or leave it out.")
    if serve:
        from till.report_server import DEFAULT_PORT, serve_report

        serve_report(project, DEFAULT_PORT if port is None else port, page or [], say=_said)
        return
    release = current_release(project)
    if release is None:
        raise PlainError("there is no release to draw from", remedy="Make one first: `till run`.")
    if gallery:
        page_to_open = draw_gallery(project, release, out or project.lake / "preview" / "gallery")
        console.print(str(page_to_open), markup=False)
        return
    pages = load_pages(project.pages)
    known = [one.id for one in pages]
    for name in page or []:
        if name not in known:
            raise PlainError(
                f"there is no page '{name}'", remedy=f"The pages are: {', '.join(known)}."
            )
    target = out or project.lake / "preview"
    if single_file:
        for path in draw_single_files(project, release, page or known, target):
            size = path.stat().st_size / 1e6
            console.print(f"{path}  {size:.1f} MB", markup=False, soft_wrap=True)
        return
    folder = project.releases / release.release_id
    render(project, release, folder, target, explore=explore, loaded=pages)
    for name in [*(page or ["index"]), *(["explore"] if explore else [])]:
        console.print(str(target / f"{name}.html"), markup=False)


def _said(line: str) -> None:
    console.print(line, markup=False, soft_wrap=True)


@app.command(epilog="Example: till dashboard --port 8501")
def dashboard(
    host: Annotated[
        str, typer.Option(help="Address to serve on; others than this machine's open it to others.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 for one that is free.")] = 8501,
) -> None:
    """Show the pages live on the current release, with their filters; needs `tillhouse[dashboard]`."""
    from till.dashboard_command import serve_dashboard

    serve_dashboard(open_project(), host, port, say=_said)


@app.command(epilog="Example: till check")
def check() -> None:
    """Check every configuration file and the environment, and say what to mend."""
    from till.checks import problems

    found = problems(open_project(), os.environ)
    for problem in found:
        console.print(str(problem), markup=False)
    if found:
        raise typer.Exit(EXIT_USAGE)
    console.print("Everything that can be checked without a run is in order.")


@app.command(epilog="Example: till status --json")
def status(as_json: JsonOption = False) -> None:
    """Show the loads, their rows, and the releases."""
    from till.status import read_status

    state = read_status(open_project())
    if as_json:
        print_json(asdict(state))
        return
    table = table_of("table", ">loads", ">read", ">loaded", ">rejected", "last load (UTC)")
    for one in state.tables:
        table.add_row(
            f"{one.source_name}.{one.table_name}",
            *(f"{n:,}" for n in (one.loads, one.rows_read, one.rows_loaded, one.rows_rejected)),
            one.last_loaded_at[:19].replace("T", " "),
        )
    if state.tables:
        console.print(table)
    else:
        console.print("Nothing is loaded yet: `till run` or `till ingest`.")
    console.print(f"\nReleases: {state.releases}; current: {state.current_release_id or 'none'}")


app.command(epilog="Example: till rejected shop.purchases --rows")(rejected)
app.command(epilog="Example: till compact shop --dry-run")(compact)
app.command(
    "add-source",
    epilog="Example: till add-source market data/market; "
    "till add-source market data/market --as order_lines --map order_id=Ticket --yes",
)(add_source)


@app.command(epilog="Example: till generate --check")
def generate(
    check_only: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail when a file has drifted.")
    ] = False,
) -> None:
    """Write the files that follow from others: dbt sources, exposures, JSON Schemas."""
    from till.generated_files import drifted_files, write_generated

    project = open_project()
    paths = drifted_files(project) if check_only else write_generated(project)
    for path in paths:
        console.print(f"{path.as_posix()} {'has drifted' if check_only else 'written'}")
    if check_only and paths:
        console.print("Run `till generate`, and commit what it wrote.")
        raise typer.Exit(EXIT_FAILED)
    if not paths:
        console.print("Every generated file follows from its source.")


@contextmanager
def _sources(project: Project, path: Path | None, out: Console) -> Iterator[SourcesFile]:
    """The sources file, with the demo made and served while the block runs, if it asks for that."""
    from ingest.declaration.sources_file import load_sources_file

    file = path or DEFAULT_SOURCES
    loaded = load_sources_file(file, os.environ)
    with ExitStack() as stack:
        if loaded.demo is not None and "TILL_DEMO_API" not in os.environ:
            from till.demo.generate import make_if_missing
            from till.demo.server import serve

            folder = project.root / loaded.demo.folder
            if make_if_missing(folder):
                out.print("[bold]Made the demo shop's data[/bold]")
            token = os.environ.get("TILL_DEMO_TOKEN", "demo-token")
            os.environ["TILL_DEMO_API"] = stack.enter_context(serve(folder, 0, token))
            loaded = load_sources_file(file, os.environ)
        yield loaded
