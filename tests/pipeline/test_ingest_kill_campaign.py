"""Dozens of kills at seeded moments, of ingests that load four kinds of sources side by side."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipeline.scripted_api import Asked, Reply, page, scripted_api

ROOT = Path(__file__).resolve().parents[2]
# TILL_CAMPAIGN_SEEDS asks for more: `make campaign`.
SEEDS = int(os.environ.get("TILL_CAMPAIGN_SEEDS", "10"))


def visits(asked: Asked) -> Reply:
    """Two pages; what is asked for by the cursor is still all of them, within the lookback."""
    records = [{"visit": f"V{n}", "seen_at": f"2026-03-0{n}T10:00:00Z"} for n in range(1, 5)]
    if asked.parameters.get("cursor"):
        return page(records[2:])
    return page(records[:2], "more")


@pytest.mark.timeout(90 + 20 * SEEDS)
def test_killed_ingests_lose_double_and_invent_nothing(tmp_path: Path) -> None:
    with scripted_api(visits) as api:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "tests.pipeline.kill_campaign",
                str(tmp_path),
                api.url,
                *(str(seed) for seed in range(SEEDS)),
            ],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60 + 20 * SEEDS,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    alone, *attempts = [json.loads(line) for line in done.stdout.splitlines()]
    # The figures by hand: a changed file counts once, a rejected row is kept beside what was loaded.
    assert {name: len(texts) for name, texts in alone["rows"].items()} == {
        "market.orders": 2,
        "market.orders__lines": 3,
        "rejected market.orders": 1,
        "rejected shop.sales": 1,
        "shop.sales": 5,
        "stock.counts": 3,
        "web.visits": 4,
    }
    assert len(attempts) == SEEDS
    assert [one for one in attempts if not one["same"]] == []
    kills = sum(one["killed"] for one in attempts)
    assert kills >= SEEDS, "most of the moments must come about, else they prove nothing"
