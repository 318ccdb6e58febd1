"""An ingest of changes that is killed with SIGKILL, at whatever moment, is made good by the next."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from tests.pipeline.postgres_cdc_server import CdcLake, shop

__all__ = ["shop"]

# Besides the moments drawn by lot: before the slot is moved, and before the record is there.
CHOSEN = ("open /raw/_postgres_cdc", "os.rename /raw/_manifest")


def run_and_kill(shop: CdcLake, number: int) -> subprocess.CompletedProcess[str]:
    """Ingest in a process that dies before its `number`-th change of the lake (0: it does not)."""
    return subprocess.run(
        [sys.executable, "-m", "tests.pipeline.killed_ingest", str(shop.folder), str(number)],
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
            "SHOP_DATABASE_URL": shop.address,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_each_change_counts_once_whenever_the_ingest_was_killed(shop: CdcLake) -> None:
    shop.run("insert into orders values (0, 'copied', 1, 'a', true)")
    killed = run_and_kill(shop, 9)  # the first copy
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert shop.records() == []
    shop.load()
    expected = [("snapshot", 0)]

    def change(number: int) -> None:
        shop.run(
            f"insert into orders values ({number}, 'new', 1, 'a', true)",
            f"update orders set status = 'paid' where order_id = {number}",
        )
        expected.extend([("insert", number), ("update", number)])

    change(1)
    undisturbed = run_and_kill(shop, 0)
    done = undisturbed.stdout.splitlines()
    assert undisturbed.returncode == 0, undisturbed.stderr
    assert shop.operations() == expected
    drawn = random.Random(7).sample(range(5, len(done)), 2)
    chosen = [max(n for n, each in enumerate(done, 1) if text in each) for text in CHOSEN]
    for number, moment in enumerate([*drawn, *chosen], start=2):
        change(number)
        killed = run_and_kill(shop, moment)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert shop.ingest().failed == []
        assert shop.operations() == expected, done[moment - 1]
        assert shop.same()
    shop.load()
    assert shop.operations() == expected
