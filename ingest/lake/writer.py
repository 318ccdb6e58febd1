"""Bringing finished files into the raw lake: through dlt, made durable, checked; and sweeping what died.

dlt keeps the schema, the state and the load packages of each source under raw/_dlt and raw/<source>/_dlt_*.
Whether a load counts is not its business: ingest.lake.manifest.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyarrow import parquet

from configuration.errors import PlainError
from ingest.lake.manifest import LakeFile, Manifest

_DLT_SETTINGS = {
    "runtime.dlthub_telemetry": False,
    "runtime.log_level": "CRITICAL",  # what goes wrong is raised, and told in our words
    "schema.naming": "direct",  # names are checked by the sources file; dlt changes none
    "load.delete_completed_jobs": True,  # else each file is kept twice
}

# dlt keeps its running pipeline in the process; a hand-over takes a fraction of a second.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Staged:
    """A table's finished Parquet file, still in the spool; `path` is None when there are no rows."""

    table: str
    path: Path | None
    rows: int


def spool_folder(lake: Path) -> Path:
    """Where loads are prepared; swept at the start of each run."""
    return lake / "raw" / "_spool"


def sweep(lake: Path, manifest: Manifest) -> list[str]:
    """Remove what a load that died left behind: its folders have no record. The caller holds the lock.

    Returns the swept load folders, relative to the lake.
    """
    shutil.rmtree(spool_folder(lake), ignore_errors=True)
    committed = {
        (record.source_name, record.table_name, record.load_id) for record in manifest.records
    }
    swept = []
    for layer in ("raw", "rejected"):
        for folder in sorted((lake / layer).glob("*/*/load_id=*")):
            load = (folder.parts[-3], folder.parts[-2], folder.name.removeprefix("load_id="))
            if load not in committed:
                shutil.rmtree(folder)
                swept.append(folder.relative_to(lake).as_posix())
    return swept


def hand_over(
    lake: Path, source: str, load_id: str, staged: Sequence[Staged], state: Mapping[str, Any]
) -> dict[str, tuple[LakeFile, ...]]:
    """Give the staged files to dlt, which brings them to raw/<source>/<table>/load_id=<load id>/.

    Returns the files of each table, synced to disk. `state` is kept in dlt's state for this source.
    """
    files = [each for each in staged if each.path is not None]
    if files:
        with _ONE_AT_A_TIME:
            _run_dlt(lake, source, load_id, files, state)
    arrived = {}
    for each in staged:
        folder = lake / "raw" / source / each.table / f"load_id={load_id}"
        arrived[each.table] = tuple(
            described(path, lake) for path in sorted(folder.glob("*.parquet"))
        )
        rows = sum(file.rows for file in arrived[each.table])
        if rows != each.rows:
            raise PlainError(
                f"{rows} rows arrived in the lake, {each.rows} were sent",
                where=f"{source}.{each.table}",
                remedy="Run it again; if it stays so, the disk may be failing.",
            )
    return arrived


def bring(
    path: Path, lake: Path, source: str, table: str, load_id: str, name: str = "rejected.parquet"
) -> LakeFile:
    """Move a file of rejected rows from the spool to rejected/<source>/<table>/load_id=<load id>/."""
    target = lake / "rejected" / source / table / f"load_id={load_id}" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    path.replace(target)
    return described(target, lake)


def import_dlt(lake: Path) -> None:
    """Import dlt, with its folder in the lake and not at home."""
    os.environ.setdefault("DLT_DATA_DIR", str(lake / "raw" / "_dlt"))
    import dlt  # noqa: F401, PLC0415 - it reads the environment, and takes a second
    from dlt.common.configuration.providers.toml import SettingsTomlProvider  # noqa: PLC0415 - as above

    # It would import all of Streamlit, where that is installed, to look for secrets of that too.
    SettingsTomlProvider._read_streamlit_secrets = _no_secrets  # type: ignore[method-assign,assignment]


def _no_secrets(_provider: object, _name: str, _file_name: str) -> None:
    """Secrets are those of the sources file alone."""


def _run_dlt(
    lake: Path, source: str, load_id: str, files: Sequence[Staged], state: Mapping[str, Any]
) -> None:
    import_dlt(lake)
    import dlt  # noqa: PLC0415 - see import_dlt

    for name, value in _DLT_SETTINGS.items():
        dlt.config[name] = value
    # The setting comes too late for what dlt says while it starts, and for what it says of its own traces.
    logging.getLogger("dlt").setLevel(logging.CRITICAL)
    raw = (lake / "raw").absolute()
    if (raw / source).is_dir():
        # dlt makes the folder, then this file, and refuses a folder without it: as after a kill between.
        (raw / source / "init").touch()
    with _fresh_after_a_crash(raw, source):
        pipeline = dlt.pipeline(
            source,
            pipelines_dir=str(raw / "_dlt"),
            dataset_name=source,
            destination=dlt.destinations.filesystem(
                bucket_url=str(raw),
                layout=f"{{table_name}}/load_id={load_id}/{{file_id}}.{{ext}}",
                warn_unsafe_layout_separators=False,
            ),
        )
        try:
            pipeline.run(
                [_resource(dlt, each, load_id, state) for each in files],
                schema=dlt.Schema(source),
                loader_file_format="parquet",
            ).raise_on_failed_jobs()
        except dlt.common.exceptions.DltException as error:
            raise _first_cause(error) from error


@contextmanager
def _fresh_after_a_crash(raw: Path, source: str) -> Iterator[None]:
    """Clear what dlt knows about this source when its last run did not end.

    dlt cannot take up again from everything that a kill or a power cut leaves there. Nothing is lost: what
    counts is in the manifest, and rows without a record are loaded again.
    """
    under_way = raw / "_dlt" / f"{source}.under-way"
    if under_way.exists():
        known = raw / source / "_dlt_version", raw / source / "_dlt_pipeline_state"
        for folder in (raw / "_dlt" / source, *known):
            shutil.rmtree(folder, ignore_errors=True)
    under_way.parent.mkdir(parents=True, exist_ok=True)
    under_way.touch()
    sync(under_way.parent)
    yield
    under_way.unlink()


def _first_cause(error: BaseException) -> OSError:
    """What the system said: dlt wraps it into pages of its own words.

    After a full disk dlt stumbles over what it could not write, so that is looked for first.
    """
    found: list[BaseException] = []
    ahead: list[BaseException | None] = [error]
    while ahead:
        link = ahead.pop()
        if link is not None and link not in found:
            found.append(link)
            ahead += [link.__context__, link.__cause__]
    said = [each for each in found if isinstance(each, OSError)]
    full = [each for each in said if each.errno == errno.ENOSPC]
    return (full or said or [OSError(str(found[-1]).splitlines()[0])])[-1]


def _resource(dlt: Any, staged: Staged, load_id: str, state: Mapping[str, Any]) -> Any:
    schema = parquet.read_schema(staged.path)
    naive = {
        field.name: {
            "name": field.name,
            "data_type": "timestamp",
            "timezone": False,
            "precision": 6,
        }
        for field in schema
        if str(field.type).startswith("timestamp")
    }

    def file() -> Iterator[Any]:
        dlt.current.resource_state().update(state, load_id=load_id)
        yield dlt.mark.with_file_import(
            str(staged.path), "parquet", staged.rows, hints=schema.empty_table()
        )

    return dlt.resource(
        file, name=staged.table, table_name=staged.table, write_disposition="append", columns=naive
    )


def described(path: Path, lake: Path) -> LakeFile:
    """The file as the manifest names it; synced, so that a record never outlives its file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(4 << 20):
            digest.update(chunk)
        size = file.tell()
    sync(path)
    sync(path.parent)
    rows: int = parquet.read_metadata(path).num_rows
    return LakeFile(path.relative_to(lake).as_posix(), rows, size, digest.hexdigest())


def sync(path: Path) -> None:
    """Make a file or a folder's entries durable; Windows cannot open folders and does not need it."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
