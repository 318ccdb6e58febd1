"""Run as a program: one compaction of a CsvShop that kills itself at the n-th change it makes to the lake.

python -m tests.pipeline.killed_compact FOLDER NUMBER
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from ingest.compact import compact, tables_of
from ingest.lake.manifest import read_manifest
from tests.pipeline.killed_ingest import Killer


def main() -> None:
    lake, number = Path(sys.argv[1]) / "lake", int(sys.argv[2])
    manifest = read_manifest(lake)
    killer = Killer(lake, number)
    sys.addaudithook(killer)
    done = compact(lake, manifest, tables_of(manifest.records), keep=timedelta())
    if number == 0:
        sys.stdout.write("\n".join(killer.seen) + "\n")
    sys.exit(1 if any(one.error for one in done) else 0)


if __name__ == "__main__":
    main()
