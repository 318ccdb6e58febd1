"""The dbt-duckdb plugin for what the macros need and SQL has no words for: files of the marts.

`profiles.yml` names it; the macro `lake_files` (macros/lake.sql) sends it requests. Every action takes
plain values and gives plain values back. On a local lake the files are renamed into place, so that a
reader sees the old file or the new one; on `s3://` an object appears whole when its upload ends, so
the macros write it under its final, unique name.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypedDict

from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.duckdb.utils import TargetConfig
from dbt_common.exceptions import DbtRuntimeError
from duckdb import DuckDBPyConnection

from analytics.blas import use_one_thread
from configuration.lake import lake_address, write_atomically
from till import object_store


class ListedFile(TypedDict):
    """A file of the lake: its address as DuckDB reads it, its size in bytes, and when it was changed.

    `changed` only tells versions apart: nanoseconds of the file system's clock, or the entity tag.
    """

    path: str
    bytes: int
    changed: str


class Plugin(BasePlugin):
    """Prepares the connection, and does the file operations that the macros ask for."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Say how linear algebra works, before a model in Python imports NumPy."""
        use_one_thread()

    def update_connection_config(self, creds: Any, config: dict[str, Any]) -> None:
        """Make the folder of the warehouse: the first run of all starts without a lake."""
        if creds.path and "://" not in creds.path and not creds.path.startswith(":"):
            Path(creds.path).parent.mkdir(parents=True, exist_ok=True)

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Let DuckDB reach the lake where that is not a local folder."""
        if object_store.is_object_store(lake_address(os.environ)):
            object_store.connect_duckdb(conn)

    def store(self, target_config: TargetConfig) -> None:
        """Do the request in `config`: {"action", "arguments"}; the answer is put beside them."""
        request = target_config.config
        action = _ACTIONS[request["action"]]
        try:
            request["answer"] = action(*request["arguments"])
        except OSError as error:
            raise DbtRuntimeError(f"{request['action']} failed: {error}") from error


def list_files(folder: str) -> list[ListedFile]:
    """Every file under `folder`, hidden ones too, or the file of that name; none where there is neither."""
    if object_store.is_object_store(folder):
        return [
            ListedFile(path=path, bytes=size, changed=tag)
            for path, size, tag in object_store.listed(folder)
        ]
    if Path(folder).is_file():
        return [_listed(Path(folder), folder)]
    return [
        _listed(path, f"{folder}/{path.relative_to(folder).as_posix()}")
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file()
    ]


def make_folder(folder: str) -> None:
    """Make `folder` and its parents; an object store has none to make."""
    if not object_store.is_object_store(folder):
        Path(folder).mkdir(parents=True, exist_ok=True)


def move_files(moves: Sequence[Sequence[str]]) -> None:
    """Rename files into place, each a pair [from, to], so that they outlast a power cut.

    What stood at the new name is replaced, never written into: a release may hold a hard link to it.
    """
    folders = set()
    for source, target in moves:
        _sync(Path(source), os.O_RDWR)
        folders.add(Path(target).parent)
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(source).replace(target)
    for folder in folders:
        if os.name != "nt":  # Windows cannot open folders and does not need it
            _sync(folder, os.O_RDONLY)


def delete_files(root: str, paths: Sequence[str]) -> int:
    """Delete files under `root`, and the folders that this leaves empty; says how many files went."""
    outside = [path for path in paths if not path.startswith(f"{root}/") or ".." in path.split("/")]
    if outside:
        raise DbtRuntimeError(f"{outside[0]} is not deleted: it is not in {root}")
    if object_store.is_object_store(root):
        return object_store.deleted(paths)
    for path in paths:
        Path(path).unlink(missing_ok=True)
    for folder in {Path(path).parent for path in paths}:
        _remove_empty(folder, Path(root))
    return len(paths)


def read_text(path: str) -> str | None:
    """The text of a small file; None when it does not exist."""
    if object_store.is_object_store(path):
        return object_store.read_text(path)
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def write_text(path: str, text: str) -> None:
    """Replace a small file by one that holds `text`; readers see the old text or the new."""
    if object_store.is_object_store(path):
        object_store.write_text(path, text)
    else:
        write_atomically(Path(path), text.encode())


def _listed(path: Path, address: str) -> ListedFile:
    status = path.stat()
    return ListedFile(path=address, bytes=status.st_size, changed=str(status.st_mtime_ns))


def _sync(path: Path, mode: int) -> None:
    descriptor = os.open(path, mode)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_empty(folder: Path, root: Path) -> None:
    while folder != root and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


_ACTIONS: dict[str, Callable[..., Any]] = {
    action.__name__: action
    for action in (list_files, make_folder, move_files, delete_files, read_text, write_text)
}
