"""The files of a source that nobody declared yet, wherever they lie, each as a plain local file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from configuration.errors import PlainError
from ingest.declaration.sources_file import SourcesFile, load_sources_file
from ingest.files.file_table import FileTask
from ingest.files.found_files import FoundFile, find_files


@dataclass(frozen=True)
class Place:
    """Where data lies: a path from `root` or an address; `spool` takes what is fetched or too large.

    `token_variable` names the environment variable that holds the token for files on the web. `dialect` are
    parts of a CSV file's dialect that somebody said, as in the sources file.
    """

    path: str
    root: Path
    spool: Path
    token_variable: str | None = None
    dialect: Mapping[str, object] = field(default_factory=dict)


def files_at(place: Place, kind: str, endings: Sequence[str]) -> list[FoundFile]:
    """Every file there, unpacked; raises PlainError when there is none, or one cannot be had."""
    task = FileTask(
        source=_NAME,
        kind=kind,
        names=(_NAME,),
        load_id="look",
        root=place.root,
        spool=place.spool,
        live=((),),
        sources=_sources(place, kind),
    )
    may_be_packed = kind in ("csv", "json")
    found = find_files(task, place.path, endings, kind.upper(), may_be_packed=may_be_packed)
    for error in found.refused.values():
        raise error
    if not found.files:
        raise PlainError("there are no files to look at", where=place.path)
    return found.files


_NAME = "looked_at"


def _sources(place: Place, kind: str) -> SourcesFile | None:
    """The declaration that a download takes its token from; nothing but that is read of it."""
    if place.token_variable is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sources.yml"
        path.write_text(
            f"version: 1\nsources:\n  - name: {_NAME}\n    kind: {kind}\n"
            f'    auth: {{type: bearer, token: "${{{place.token_variable}}}"}}\n'
            f"    tables: [{{name: {_NAME}, path: file, columns: [{{name: {_NAME}}}]}}]\n",
            encoding="utf-8",
        )
        return load_sources_file(path, os.environ)
