"""Run as a program in a mount namespace of its own: ingests into disks that are too small, then large enough.

    unshare --mount python -m tests.pipeline.full_disk FOLDER KILOBYTES [KILOBYTES ...]

Prints one JSON object per size: whether the small disk sufficed, what was said, and the rows in the end.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.pipeline.csv_shop import CsvShop


def attempt(shop: CsvShop, kilobytes: int) -> dict[str, object]:
    """One lake on a disk of `kilobytes`; the second load finds it as the first left it, with room."""
    shop.lake.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(shop.lake)]
    subprocess.run(mount, timeout=60, check=True)
    try:
        said = ""
        try:
            result = shop.ingest()
            said = "".join(str(table.error) for table in result.failed)
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
        subprocess.run(
            ["mount", "-o", "remount,size=64m", "tmpfs", str(shop.lake)],
            check=True,
        )
        after = [str(table.error) for table in shop.ingest().failed]
        rejected = sorted(row.original_text for row in shop.rejected())
        return {"said": said, "after": after, "rows": shop.rows(), "rejected": rejected}
    finally:
        subprocess.run(["umount", "--lazy", str(shop.lake)], check=True)


def main() -> None:
    shop = CsvShop(Path(sys.argv[1]))
    shop.drop("a.csv", "id,amount\n" + "".join(f"a{n},{n}\n" for n in range(3000)) + "x,bad\n")
    for kilobytes in sys.argv[2:]:
        sys.stdout.write(json.dumps(attempt(shop, int(kilobytes))) + "\n")


if __name__ == "__main__":
    main()
