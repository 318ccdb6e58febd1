"""One look at data, whatever kind it is of."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path, PurePosixPath

from configuration.errors import ConfigurationError, PlainError
from ingest.profile.columns import lake_names
from ingest.profile.csv_look import look_at_csv
from ingest.profile.json_look import look_at_json
from ingest.profile.parquet_look import look_at_parquet
from ingest.profile.proposal import ProposedSource

_TABLE_NAMES = {
    "order_lines": "sales",
    "customers": "customers",
    "products": "products",
    "events": "events",
}
_LOOKS = {"csv": look_at_csv, "json": look_at_json, "parquet": look_at_parquet}
_ENDINGS = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
}
_NAME = re.compile("[a-z][a-z0-9_]{0,62}")


def look_at(name: str, place: str, root: Path, table: str | None, spool: Path) -> ProposedSource:
    """Propose the source `name` for what is at `place`, a path from `root` or an address.

    `table` is what to call its table; by default as the file or folder is called. `spool` is a folder for
    what is too large for memory. Raises ConfigurationError and PlainError in sentences for people.
    """
    for each in (name, table):
        if each is not None and not _NAME.fullmatch(each):
            raise ConfigurationError(
                f"'{each}' cannot be a name",
                remedy="Take small letters, digits and _, beginning with a letter.",
            )
    place = place.replace("\\", "/").rstrip("/") or "/"
    if Path(place).is_absolute() and Path(place).is_relative_to(root):
        place = Path(place).relative_to(root).as_posix()
    called = table or lake_names([re.sub(r"[*?\[\]]+", " ", PurePosixPath(place).stem)])[0]
    kind = _kind_of(place, root)
    found = _LOOKS[kind](place, root, called, spool)
    if table is None and called == name:
        # The folder is called as the source is: a table is called for what is in it.
        found = replace(found, name=_TABLE_NAMES[found.entity] if found.entity else "rows")
    return ProposedSource(name, kind, (found,))


def _kind_of(place: str, root: Path) -> str:
    """The kind of source by how the files are called; raises PlainError for files of no known kind."""
    where = root / place
    names = [each.name for each in where.iterdir()] if where.is_dir() else [place]
    kinds = {kind for name in names if (kind := _ENDINGS.get(PurePosixPath(name).suffix.lower()))}
    if len(kinds) > 1:
        raise PlainError(
            f"files of several kinds are there ({', '.join(sorted(kinds))})",
            where=place,
            remedy="Name one kind with a pattern, such as exports/*.csv.",
        )
    if not kinds:
        raise PlainError(
            "no file is there whose kind is known",
            where=place,
            remedy=f"Its name must end in {', '.join(_ENDINGS)}.",
        )
    return kinds.pop()
