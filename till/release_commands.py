"""`till release`: the tested snapshots that readers see."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from configuration.errors import PlainError
from till.project import Project, open_project
from till.terminal import JsonOption, console, print_json, table_of

if TYPE_CHECKING:
    from till.releases import Release

release_app = typer.Typer(help="The tested snapshots that readers see.", no_args_is_help=True)


@release_app.command("list", epilog="Example: till release list --json")
def release_list(as_json: JsonOption = False) -> None:
    """List the releases, newest first; the current one is marked."""
    from till.releases import current_release_id, list_releases

    project = open_project()
    releases, current = list_releases(project), current_release_id(project)
    if as_json:
        print_json([{**asdict(one), "is_current": one.release_id == current} for one in releases])
        return
    if not releases:
        console.print("There is no release yet: `till run` makes the first.")
        return
    table = table_of("", "release", "data to", ">rows loaded", ">models", ">tests", "sources")
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
    release = _release(open_project(), release_id)
    if as_json:
        print_json(asdict(release))
        return
    console.print(f"Release {release.release_id}, made {release.created_at}")
    console.print(f"Code {release.commit or 'not in git'}, Tillhouse {release.till_version}")
    console.print(f"Data up to {release.as_of_date or '-'}, from {', '.join(release.sources)}")
    rows = release.rows
    console.print(
        f"Rows read {rows['read']:,}, loaded {rows['loaded']:,}, rejected {rows['rejected']:,}"
    )
    console.print(f"Models {release.models}, tests passed {release.tests['passed']}\n")
    table = table_of("mart", ">rows", ">files", ">KB")
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

    project = open_project()
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


@release_app.command("verify", epilog="Example: till release verify --all")
def release_verify(
    release_id: Annotated[
        str | None, typer.Argument(help="Or its beginning; the current one if none.")
    ] = None,
    all_releases: Annotated[bool, typer.Option("--all", help="Every release.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Read every file of a release again and compare its hash with the record; exit 1 if one differs."""
    from till.release_upkeep import verify
    from till.releases import list_releases

    project = open_project()
    chosen = list_releases(project) if all_releases else [_release(project, release_id)]
    found = {release.release_id: verify(project, release) for release in chosen}
    if as_json:
        print_json({one: [asdict(damage) for damage in damages] for one, damages in found.items()})
    for release in () if as_json else chosen:
        damages = found[release.release_id]
        for damage in damages:
            console.print(f"{damage.path}: {damage.what}")
        said = f"{len(damages)} damaged" if damages else "all as they were made"
        console.print(f"Release {release.release_id}: {len(release.all_files())} files, {said}.")
    if any(found.values()):
        raise typer.Exit(1)


@release_app.command("prune", epilog="Example: till release prune --keep 3")
def release_prune(
    keep: Annotated[int, typer.Option("--keep", min=1, help="How many of the newest stay.")],
    as_json: JsonOption = False,
) -> None:
    """Remove old releases; the current one stays, and so does one that somebody reads."""
    from till.lake_lock import lake_lock
    from till.release_upkeep import prune

    project = open_project()
    with lake_lock(project.lake, "till release prune"):
        pruned = prune(project, keep)
    if as_json:
        print_json(asdict(pruned))
        return
    for release_id in pruned.in_use:
        console.print(f"Release {release_id} stays: a program has it open.")
    removed, freed = len(pruned.removed), pruned.bytes_freed / 1e6
    console.print(f"{removed} {_counted(removed)} removed, {freed:,.0f} MB set free.")


@release_app.command("views", epilog="Example: till release views")
def release_views() -> None:
    """Write marts.duckdb of every release again: its views name their files by absolute path."""
    from till.lake_lock import lake_lock
    from till.release_database import write_databases

    project = open_project()
    with lake_lock(project.lake, "till release views"):
        written = len(write_databases(project))
    console.print(f"marts.duckdb of {written} {_counted(written)} written.")


def _release(project: Project, release_id: str | None) -> Release:
    """The release of that id, or the current one; raises PlainError when there is none."""
    from till.releases import current_release, find_release

    release = find_release(project, release_id) if release_id else current_release(project)
    if release is None:
        raise PlainError("there is no release yet", remedy="`till run` makes the first.")
    return release


def _counted(number: int) -> str:
    return "release" if number == 1 else "releases"
