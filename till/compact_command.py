"""`till compact`: what it prints, and which old files may go; ingest/compact.py does the work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from configuration.errors import EXIT_FAILED
from till.project import Project, open_project
from till.terminal import JsonOption, console, harmless, print_json, table_of

if TYPE_CHECKING:
    from ingest.compact import CompactedTable

LONGEST_ERROR = 4_000
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be put together; change nothing.")
]


def compact(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCE[.TABLE]", help="Sources or tables; all if none.", show_default=False
        ),
    ] = None,
    dry_run: DryRunOption = False,
    keep_days: Annotated[
        float,
        typer.Option(
            "--keep-days", min=0, help="Leave replaced files for readers for so many days."
        ),
    ] = 1,
    as_json: JsonOption = False,
) -> None:
    """Put many small files of the raw lake into few: the same rows, quicker to read.

    Whoever is reading goes on undisturbed: the old files are removed by a later `till compact`.
    """
    from ingest.compact import compact as compact_tables
    from ingest.compact import tables_of
    from ingest.lake.manifest import read_manifest
    from till.lake_lock import lake_lock
    from till.rejected import chosen_records

    project = open_project()
    manifest = read_manifest(project.lake)
    tables = tables_of(chosen_records(manifest, tuple(names or ()) if manifest.records else ()))
    keep = timedelta(days=keep_days)
    if dry_run:
        in_use = files_in_use(project)
        done = compact_tables(
            project.lake, manifest, tables, keep=keep, in_use=in_use, dry_run=True
        )
    else:
        with lake_lock(project.lake, "till compact"):
            manifest = read_manifest(project.lake)
            in_use = files_in_use(project)
            done = compact_tables(project.lake, manifest, tables, keep=keep, in_use=in_use)
    if as_json:
        print_json([_as_json(one) for one in done])
    else:
        _print(done)
    if any(one.error is not None for one in done):
        raise typer.Exit(EXIT_FAILED)


class _Everything(frozenset[str]):
    """When nobody can say which files are read, all of them are."""

    def __contains__(self, item: object) -> bool:
        return True


def files_in_use(project: Project) -> frozenset[str]:
    """The raw files that the views of the warehouse name; all there are while a program has it open."""
    import duckdb

    if not project.warehouse.is_file():
        return frozenset()
    try:
        with duckdb.connect(str(project.warehouse), read_only=True) as connection:
            found = connection.execute("select distinct path from till.load_files").fetchall()
    except duckdb.CatalogException:
        return frozenset()  # no dbt run has made views yet
    except duckdb.Error:
        return _Everything()
    return frozenset(str(row[0]) for row in found)


def _print(done: Sequence[CompactedTable]) -> None:
    if not done:
        console.print("Nothing is loaded yet: `till run` or `till ingest`.", markup=False)
        return
    heads = [">files", ">then", ">bytes", ">then", ">rows moved", ">files removed"]
    table = table_of("table", *heads)
    for one in done:
        name = f"{one.source_name}.{one.table_name}"
        if one.error is not None:
            continue
        after = "" if one.bytes_after is None else f"{one.bytes_after:,}"
        counts = [one.files_before, one.files_after, one.bytes_before]
        table.add_row(
            name,
            *(f"{count:,}" for count in counts),
            after,
            f"{one.rows_moved:,}",
            f"{one.files_removed:,}",
        )
    console.print(table)
    for one in done:
        if one.error is not None:
            console.print(harmless(str(one.error), LONGEST_ERROR), style="red")


def _as_json(one: CompactedTable) -> dict[str, Any]:
    return asdict(replace(one, error=None)) | {"error": str(one.error) if one.error else None}
