"""What `make assets` has built with Node, where it has: a small Plotly, and the parts of Explore.

The folder is not committed. A build whose recipe (the lock and the build's own files) is no longer
that of the checkout is not used, so that pages never mix versions.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

ASSETS = Path(__file__).parent / "assets"


@dataclass(frozen=True)
class BuiltAssets:
    """A current build: its folder, and the version of Plotly in it."""

    folder: Path
    plotly_version: str

    @property
    def plotly(self) -> Path:
        """Plotly with the traces that our charts use."""
        return self.folder / "plotly.js"

    @property
    def plotly_notice(self) -> Path:
        """The licences of what is bundled."""
        return self.folder / "plotly.NOTICE.txt"


def built_assets(assets: Path = ASSETS) -> BuiltAssets | None:
    """The build below this folder of assets; none where there is none, or an old one."""
    folder = assets / "built"
    try:
        record = json.loads((folder / "built.json").read_text(encoding="utf-8"))
        if record["recipe"] != recipe(assets):
            return None
        return BuiltAssets(folder, record["plotly"])
    except (OSError, ValueError, KeyError):
        return None


def recipe(assets: Path = ASSETS) -> str:
    """A hash of what a build follows from, as assets/build.mjs computes it."""
    digest = hashlib.sha256()
    made_by = sorted(path.name for path in (assets / "make").iterdir())
    for name in ["package-lock.json", *(f"make/{name}" for name in made_by)]:
        digest.update(f"{name}\n".encode())
        digest.update((assets / name).read_bytes())
    return digest.hexdigest()
