"""Whether a build has room: looked at before it begins, because a full disk half-way costs a whole run."""

from __future__ import annotations

import shutil
from pathlib import Path

from configuration.errors import PlainError
from till.project import Project
from till.working_copy import STATE_FOLDER

# A whole build of 1 to 80 million order lines writes 3.0 times its raw files as marts and 0.4 times as
# intermediate files (docs/benchmarks/scale.md); dbt's database, pages and docs take the fixed rest.
_WRITTEN_PER_RAW_BYTE = 4
_FIXED = 100_000_000
# An increment writes the marts of one file anew, and of those by month the touched months.
_TOUCHED_MONTHS = 0.25


def check_space(project: Project, *, whole: bool) -> None:
    """Raise PlainError when the lake's disk has less room than the build is likely to write.

    `whole` is whether all is computed anew; so it is too while there are no marts.
    """
    needed = space_needed(project, whole=whole)
    free = shutil.disk_usage(project.lake).free
    if free < needed:
        raise PlainError(
            f"the build needs about {needed / 1e9:,.1f} GB of disk, and {free / 1e9:,.1f} GB are free",
            where=str(project.lake),
            remedy="Make room (`till release prune --keep 3` removes old releases), "
            "or go on without this check: `till run --skip-space-check`.",
        )


def space_needed(project: Project, *, whole: bool) -> int:
    """Bytes that a build is likely to write, from what is there."""
    marts = _sizes(project.marts)
    if whole or not marts:
        return _FIXED + _WRITTEN_PER_RAW_BYTE * sum(_sizes(project.lake / "raw").values())
    single = sum(size for path, size in marts.items() if len(path.parts) == 1)
    by_month = sum(
        size
        for path, size in marts.items()
        if len(path.parts) > 1 and path.parts[0] != STATE_FOLDER
    )
    return _FIXED + single + int(_TOUCHED_MONTHS * by_month)


def _sizes(folder: Path) -> dict[Path, int]:
    """Bytes of each Parquet file, by its path below the folder."""
    return {
        path.relative_to(folder): path.stat().st_size
        for path in folder.rglob("*.parquet")
        if path.is_file()
    }
