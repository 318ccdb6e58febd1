"""What dbt keeps of a parse, lent to other copies of the project: parsing all of it takes seven seconds.

dbt itself holds every file against its checksum, and the variables, profile and version against those of
the parse, and parses anew what differs; a lender is only worth something to a copy with the same variables.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

KEPT = Path("target") / "partial_parse.msgpack"


@dataclass(frozen=True)
class ParsedProjects:
    """`folder` is shared by the workers of a session; `kind` says which variables dbt was told."""

    folder: Path

    def lend(self, kind: str, project: Path) -> None:
        """Give `project`, which dbt has not seen yet, what another copy kept, if there is one."""
        kept = self.folder / f"{kind}.msgpack"
        if kept.is_file():
            (project / KEPT).parent.mkdir(exist_ok=True)
            shutil.copyfile(kept, project / KEPT)

    def keep(self, kind: str, project: Path) -> None:
        """Take what dbt kept in `project`, for the others; whole at any moment."""
        self.folder.mkdir(exist_ok=True)
        taken = self.folder / f"{kind}.{os.getpid()}"
        shutil.copyfile(project / KEPT, taken)
        taken.replace(self.folder / f"{kind}.msgpack")
