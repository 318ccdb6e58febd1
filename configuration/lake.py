"""Where the lake is, and how one file in it is replaced without anybody seeing half of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

DEFAULT_LAKE = "lake"


def lake_address(environ: Mapping[str, str]) -> str:
    """The lake of this environment: `TILL_LAKE`, a local folder or an `s3://` prefix."""
    return environ.get("TILL_LAKE", "") or DEFAULT_LAKE


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` so that readers see the old file or the new one, also after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable; Windows cannot open folders and does not need it."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
