"""What an ingest would load and why, told without loading: nothing is written, no data is fetched.

Servers of files are asked which versions they have; APIs, databases and streams are not asked.

The decisions are those of the load itself. CSV files are read to their end, so a broken one is refused here
too; whether each row fits its types, only a load finds out, and so it is with what is broken within a
Parquet or JSON file or a workbook.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ingest.declaration.sources_file import SourcesFile
from ingest.lake.manifest import read_manifest
from ingest.plans import TablePlan
from ingest.results import PlanContext, Window
from ingest.run import check_window, wanted_tables


def plan(
    sources: SourcesFile,
    lake: Path,
    root: Path,
    only: Sequence[str] = (),
    *,
    reload: bool = False,
    window: Window | None = None,
) -> list[TablePlan]:
    """One plan per table, in the order of the sources file; the arguments are those of `ingest`.

    Needs no lock: records appear in one piece, and a load that is under way does not count yet.
    """
    wanted = wanted_tables(sources, only)
    check_window(wanted, window)
    context = PlanContext(
        sources=sources,
        lake=lake,
        root=root,
        manifest=read_manifest(lake),
        reload=reload,
        window=window,
    )
    return [work.plan(context) for work in wanted]
