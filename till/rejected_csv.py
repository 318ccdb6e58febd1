"""`till rejected --csv`: the rejected rows as a file that a spreadsheet opens without running any of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import duckdb

from configuration.errors import ConfigurationError, PlainError
from ingest.rows.duckdb_sql import text_literal
from till.rejected import COLUMNS, NEWEST_FIRST, TEXTS, RejectedRows

# What a spreadsheet takes for a formula, also in the wide letters of Asian keyboards, and what it
# skips before one.
_FORMULA = r"^[=+\-@\t\r\n\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]"


def write_csv(found: RejectedRows, path: Path) -> None:
    """Write all rows as CSV in UTF-8; a text that a spreadsheet would run gets an apostrophe."""
    _check_target(path)
    cells = ", ".join(
        f"case when regexp_matches({name}, {text_literal(_FORMULA)}) then '''' || {name} "
        f"else {name} end as {name}"
        if name in TEXTS
        else name
        for name in COLUMNS
    )
    half = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        found.connection.execute(
            f"copy (select {cells} from rejected order by {NEWEST_FIRST}) "
            f"to {text_literal(str(half))} "
            f"(format csv, header, compression none, force_quote ({', '.join(TEXTS)}))"
        )
        half.replace(path)
    except (OSError, duckdb.IOException) as error:
        raise PlainError(
            "the file cannot be written", where=str(path), remedy="Name another place."
        ) from error
    finally:
        half.unlink(missing_ok=True)


def _check_target(path: Path) -> None:
    """Refuse to write over anything but a former list: a slip must not cost somebody an export."""
    if not path.parent.is_dir():
        raise ConfigurationError(
            "there is no such folder", where=str(path.parent), remedy="Make it, or name another."
        )
    if path.is_dir():
        raise ConfigurationError(
            "this is a folder", where=str(path), remedy="Name a file, such as rejected.csv."
        )
    if path.exists():
        with path.open("rb") as file:
            start = file.readline(1000).strip()
        if start != ",".join(_quoted_header()).encode():
            raise ConfigurationError(
                "the file is there already, and is no list of rejected rows",
                where=str(path),
                remedy="Name another file, or remove this one first.",
            )


def _quoted_header() -> Iterator[str]:
    for name in COLUMNS:
        yield f'"{name}"' if name in TEXTS else name
