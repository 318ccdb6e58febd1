"""One writer at a time, and a lock that dies with its holder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from configuration.errors import BusyError, PlainError
from till.lake_lock import lake_lock

HOLD = """
import sys
from pathlib import Path
from till.lake_lock import lake_lock
with lake_lock(Path(sys.argv[1]), "till run"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process_holding(lake: Path) -> Iterator[subprocess.Popen[str]]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lake)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    try:
        yield holder
    finally:
        holder.kill()
        holder.communicate()


def test_the_second_writer_is_told_who_the_first_is(tmp_path: Path) -> None:
    with (
        another_process_holding(tmp_path) as holder,
        pytest.raises(BusyError) as busy,
        lake_lock(tmp_path, "till ingest"),
    ):
        pass
    assert f"`till run` (process {holder.pid}, since " in str(busy.value)
    assert busy.value.exit_code == 3


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    with another_process_holding(tmp_path) as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with lake_lock(tmp_path, "till ingest"):
            pass


def test_the_lock_is_free_after_the_block_also_when_it_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyError), lake_lock(tmp_path, "till run"):
        raise KeyError
    with lake_lock(tmp_path, "till run"):
        assert str(os.getpid()) in (tmp_path / ".lock").read_text()


def test_a_file_in_the_place_of_the_lake_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("no folder")
    with pytest.raises(PlainError, match="cannot be written"), lake_lock(tmp_path / "lake", "x"):
        pass
