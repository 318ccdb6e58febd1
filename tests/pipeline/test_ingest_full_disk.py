"""A disk that is full at whatever moment loses nothing, doubles nothing, and is said in a sentence."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# From too little for the first folder to more than enough: each size fails at another moment.
KILOBYTES = [4, 8, 16, 24, 32, 40, 48, 56, 60, 64, 68, 72, 76, 4000]


@pytest.fixture(scope="module")
def namespace() -> list[str]:
    """The command that gives a program mounts of its own; as root, or where users may have namespaces."""
    for command in (["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"]):
        if (
            shutil.which("unshare")
            and not subprocess.run([*command, "true"], check=False).returncode
        ):
            return command
    pytest.skip("this machine lets nobody mount a small disk (unshare --mount)")


def test_a_full_disk_loses_nothing(namespace: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *namespace,
            sys.executable,
            "-m",
            "tests.pipeline.full_disk",
            str(tmp_path / "shop"),
            *(str(size) for size in KILOBYTES),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    attempts = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(attempts) == len(KILOBYTES)
    whole = [[f"a{number}", number] for number in range(3000)]
    for size, found in zip(KILOBYTES, attempts, strict=True):
        assert found["after"] == [], size
        assert sorted(found["rows"], key=lambda row: row[1]) == whole, size
        assert found["rejected"] == ["x,bad"], size
    full = [found["said"] for found in attempts if found["said"]]
    # The smallest fail and the largest does not: else the sizes say nothing.
    assert attempts[0]["said"]
    assert not attempts[-1]["said"]
    assert len(full) > len(KILOBYTES) // 2
    for said in full:
        assert "No space left on device" in said, said
        assert "Check that the disk has room" in said or "Set TILL_LAKE" in said, said
    assert done.stderr == "", "nothing but our own sentences"
