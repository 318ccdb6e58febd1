"""How `till rejected` prints what was not loaded; till/rejected.py finds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from till.project import open_project
from till.terminal import JsonOption, console, harmless, print_json, table_of

if TYPE_CHECKING:
    from ingest.lake.manifest import Manifest
    from till.rejected import RejectedRows

LONGEST_NAME = 120
LONGEST_REASON = 200
LONGEST_TEXT = 100
LONGEST_EXAMPLE = 40


def rejected(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCE[.TABLE]",
            help="Sources or tables; all if none.",
            show_default=False,
        ),
    ] = None,
    rows: Annotated[bool, typer.Option("--rows", help="List the rows themselves.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="Most kinds or rows to list; 0 for all.")] = 50,
    csv: Annotated[
        Path | None,
        typer.Option(
            "--csv",
            help="Write all rows to this file. A text that begins with = + - @ or a tab gets an "
            "apostrophe before it, so that no spreadsheet runs it as a formula.",
        ),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option(
            "--all",
            help="Also rows of files that were mended and loaded again since, and replayed rows.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show which rows were not loaded, and why: how many of each kind, or the rows.

    A file or a load that was refused as a whole is not among them: `till run` says why, each time.
    """
    from ingest.lake.manifest import read_manifest
    from till.rejected import open_rejected
    from till.rejected_csv import write_csv

    # Before the project is opened, which changes to its root.
    target = csv.absolute() if csv else None
    project = open_project()
    manifest = read_manifest(project.lake)
    wanted = tuple(names or ()) if manifest.records else ()
    with open_rejected(project.lake, manifest, wanted, with_settled=everything) as found:
        if target:
            write_csv(found, target)
        if as_json:
            _print_json(found, rows=rows, limit=limit)
        elif target:
            console.print(f"{_rows(found.total)} written to {target}", markup=False)
        elif not found.total:
            console.print(_nothing(manifest, wanted), markup=False)
        elif rows:
            _print_rows(found, limit, with_settled=everything)
        else:
            _print_kinds(found, limit, wanted, with_settled=everything)


def _print_json(found: RejectedRows, *, rows: bool, limit: int) -> None:
    if rows:
        print_json({"total": found.total, "rows": [asdict(one) for one in found.rows(limit)]})
    else:
        print_json({"total": found.total, "kinds": [asdict(one) for one in found.kinds()]})


def _print_kinds(
    found: RejectedRows, limit: int, names: Sequence[str], *, with_settled: bool
) -> None:
    kinds = found.kinds()
    shown = kinds[:limit] if limit else kinds
    heads = ["table", "file", "column", "reason", ">rows", "example"]
    table = table_of(*heads, *(["now"] if with_settled else []))
    for one in shown:
        line = f"line {one.example_line}: " if one.example_line is not None else ""
        table.add_row(
            harmless(f"{one.source_name}.{one.table_name}", LONGEST_NAME),
            harmless(one.file, LONGEST_NAME),
            harmless(one.column_name or "-", LONGEST_NAME),
            harmless(one.reason, LONGEST_REASON),
            f"{one.rows:,}",
            Text(line) + harmless(one.example or "", LONGEST_EXAMPLE),
            _settled(superseded=one.is_superseded, replayed=one.is_replayed),
        )
    console.print(table)
    _print_rest(len(kinds) - len(shown), "kind", "kinds")
    tables = "1 table" if found.tables == 1 else f"{found.tables:,} tables"
    verb = "is" if found.total == 1 else "are"
    chosen = "".join(f" {name}" for name in names)
    console.print(
        f"\n{_rows(found.total)} of {tables} {verb} not loaded. See the rows with "
        f"`till rejected{chosen} --rows`,\nor write all to a file with "
        f"`till rejected{chosen} --csv FILE`.",
        markup=False,
    )


def _print_rows(found: RejectedRows, limit: int, *, with_settled: bool) -> None:
    shown = found.rows(limit)
    heads = ["file", ">line", "column", "reason", "original text"]
    table = table_of(*heads, *(["now"] if with_settled else []))
    for one in shown:
        table.add_row(
            harmless(one.file, LONGEST_NAME),
            "-" if one.line is None else str(one.line),
            harmless(one.column_name or "-", LONGEST_NAME),
            harmless(one.reason, LONGEST_REASON),
            harmless(one.original_text or "", LONGEST_TEXT),
            _settled(superseded=one.is_superseded, replayed=one.replayed_at is not None),
        )
    console.print(table)
    _print_rest(found.total - len(shown), "row", "rows")


def _settled(*, superseded: bool, replayed: bool) -> str:
    """What became of a rejected row: its file was replaced, or a replay loaded it."""
    return "replaced" if superseded else "loaded" if replayed else ""


def _print_rest(number: int, one: str, many: str) -> None:
    if number:
        console.print(
            f"\n... and {number:,} more {one if number == 1 else many}: "
            "`--limit 0` shows all, `--csv FILE` writes all rows.",
            markup=False,
        )


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number:,} rows"


def _nothing(manifest: Manifest, names: Sequence[str]) -> str:
    if not manifest.records:
        return "Nothing is loaded yet: `till run` or `till ingest`."
    where = f" in {', '.join(names)}" if names else ""
    return f"No row was rejected{where}: every row of the files that count is loaded."
