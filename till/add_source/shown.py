"""What was found, as it is shown to whoever asked."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import unified_diff
from pathlib import Path

from ingest.profile.proposal import Columns, ProposedSource, ProposedTable
from till.add_source.expressions import Assumed
from till.add_source.settle import ENTITY_WORDS, NO_ENTITY
from till.terminal import console, harmless, table_of

_LONGEST_CELL = 60
_LONGEST_LINE = 200


def show(source: str, table: ProposedTable) -> None:
    """Print what was found in a table."""
    entity = ENTITY_WORDS[table.entity or NO_ENTITY]
    if table.lines:
        entity = f"orders, whose lines are in {table.lines}"
    key = f"; key {', '.join(table.key)}" if table.key else ""
    console.print(
        harmless(
            f"{source}.{table.name}: {table.rows_seen:,} rows looked at; {entity}{key}",
            _LONGEST_LINE,
        )
    )
    _show_columns(table)
    for child in table.children:
        console.print(harmless(f"{source}.{child.name}: the list {child.path}", _LONGEST_LINE))
        _show_columns(child)


def _show_columns(table: Columns) -> None:
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


def tell(source: ProposedSource, assumed: Assumed) -> None:
    """What a person must know of the proposal."""
    for table in source.tables:
        if table.entity == "order_lines" and table.with_role("currency") and not assumed.has_rates:
            console.print(
                f"{source.name}.{table.name}: what is sold in another currency than the reporting one is "
                "set aside, because no source says what it is worth. Add one with exchange rates, then "
                "write this source anew with --replace.",
                markup=False,
            )
        for note in table.notes:
            console.print(f"{source.name}.{table.name}: {note}", markup=False)
        if source.kind == "rest_api" and "cursor" not in table.options:
            console.print(
                f"{source.name}.{table.name} is loaded whole each time; with --cursor-param NAME only "
                "what changed, if the API has such a parameter.",
                markup=False,
            )


def show_files(root: Path, files: Mapping[Path, str]) -> None:
    """Print what would be written: new files whole, of others what would change in them."""
    for path, text in files.items():
        target = root / path
        lines = text.splitlines()
        if target.is_file():
            before = target.read_text(encoding="utf-8").splitlines()
            lines = list(unified_diff(before, lines, n=1, lineterm=""))[2:]
        console.print(f"\n{path}", style="bold", markup=False)
        console.print("\n".join(lines), markup=False)
