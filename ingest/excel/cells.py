"""What a second, much simpler reading of a workbook finds in a sheet: where cells with content are.

calamine gives the values, but error cells come as empty ones, and a count that checks a reader must not be
its own. So each format's cells are walked once more, without understanding their values.
"""

from __future__ import annotations

from dataclasses import dataclass, field

# By the code that .xls and .xlsb store (MS-XLS 2.5.10, BErr).
ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}
# calamine keeps a place for each cell up to the last, and one that was typed far out makes millions.
_MOST_CELLS = 30_000_000


class TooLargeError(Exception):
    """A sheet that would not fit into memory: `rows` by `columns`."""

    def __init__(self, rows: int, columns: int) -> None:
        super().__init__(f"{rows:,} rows by {columns:,} columns")


def refuse_too_large(rows: int, columns: int) -> None:
    """Raise TooLargeError for a sheet with so many cells."""
    if rows * columns > _MOST_CELLS:
        raise TooLargeError(rows, columns)


@dataclass
class SheetCells:
    """Rows and columns from 1; `rows` are those with any content, in order, `errors` what such cells show."""

    rows: list[int] = field(default_factory=list)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    last_column: int = 0

    def add(self, row: int, column: int, error: str | None = None) -> None:
        """A cell with content."""
        if not self.rows or self.rows[-1] != row:
            self.rows.append(row)
        self.last_column = max(self.last_column, column)
        if error is not None:
            self.errors[row, column] = error
