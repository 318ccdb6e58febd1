"""An ingest that is killed with SIGKILL, at whatever moment, is made good by the next, without hand work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipeline.csv_shop import CsvShop

HEAD = "id,amount\n"
GOOD = [("a", 1), ("b", 20), ("c", 3), ("n", 9)]

# What the ingest was about to do to the lake when it was killed, and which time it did that.
MOMENTS = {
    "the spool of the run before is swept": ("shutil.rmtree /raw/_spool", 0),
    "dlt's state is put in its place": ("state.json", -1),
    "dlt's schema is put in its place": ("schemas/shop.schema.json", 0),
    "dlt makes its folder of packages": ("os.mkdir /raw/_dlt/shop/load/new", 0),
    "dlt makes the source's folder": ("open /raw/shop/init", 0),
    "the rows' folder is made": ("os.mkdir /raw/shop/sales/load_id=", -1),
    "the rows are copied to their place": ("open /raw/shop/sales/load_id=", -1),
    "dlt's package is recorded": ("open /raw/shop/_dlt_loads", -1),
    "dlt's package is completed": ("-> /raw/_dlt/shop/load/loaded/", -1),
    "the rejected rows are put in their place": ("-> /rejected/shop/sales/load_id=", -1),
    "the record is begun": ("open /raw/_manifest/.", -1),
    "the record is put in its place": ("os.rename /raw/_manifest/.", -1),
    "the spool is swept at the end": ("shutil.rmtree /raw/_spool/shop.sales", -1),
}


def exports(folder: Path, *, loaded_before: bool) -> CsvShop:
    """A shop with dirty files to load; with a load before it, one of them is a changed file."""
    shop = CsvShop(folder)
    shop.drop("b.csv", HEAD + "c,3\n")
    if loaded_before:
        shop.drop("a.csv", HEAD + "a,1\nb,2\n")
        shop.ingest()
    shop.drop("a.csv", HEAD + "a,1\nb,20\nx,bad\n")
    shop.drop("n.csv", HEAD + "n,9\nm,oops\n")
    return shop


def run_and_kill(shop: CsvShop, number: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.pipeline.killed_ingest", str(shop.folder), str(number)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def changes(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, list[str]]:
    """Every change that an undisturbed ingest makes, in an empty lake and in one with a load."""
    found = {}
    for loaded_before in (False, True):
        shop = exports(tmp_path_factory.mktemp("good") / "shop", loaded_before=loaded_before)
        done = run_and_kill(shop, 0)
        assert done.returncode == 0, done.stderr
        assert shop.rows() == GOOD
        found[loaded_before] = done.stdout.splitlines()
    return found


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_ingest_is_made_good_by_the_next(
    moment: str, changes: dict[bool, list[str]], tmp_path: Path
) -> None:
    text, which = MOMENTS[moment]
    # dlt makes its folders in the first load only; all else is harder with a load before it.
    loaded_before = any(text in change for change in changes[True])
    numbers = [n for n, change in enumerate(changes[loaded_before], start=1) if text in change]
    assert numbers, f"the ingest never does this: {text}"
    shop = exports(tmp_path / "shop", loaded_before=loaded_before)
    records_before = len(shop.manifest().records)

    killed = run_and_kill(shop, numbers[which])

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    committed = moment == "the spool is swept at the end"
    assert len(shop.manifest().records) == records_before + committed
    assert shop.ingest().failed == []
    assert shop.rows() == GOOD
    assert [each.original_text for each in shop.rejected()] == ["x,bad", "m,oops"]
    assert shop.ingest().tables[0].load_id is None
    assert load_folders_without_record(shop) == []


def load_folders_without_record(shop: CsvShop) -> list[str]:
    known = {record.load_id for record in shop.manifest().records}
    folders = [*shop.lake.glob("raw/shop/sales/*"), *shop.lake.glob("rejected/shop/sales/*")]
    return [each.name for each in folders if each.name.removeprefix("load_id=") not in known]


def test_files_of_dlt_that_a_power_cut_emptied_do_not_matter(tmp_path: Path) -> None:
    shop = exports(tmp_path / "shop", loaded_before=True)
    # As a run that did not end leaves them: its mark, and files whose bytes never reached the disk.
    (shop.lake / "raw" / "_dlt" / "shop.under-way").touch()
    emptied = [*shop.lake.glob("raw/_dlt/shop/**/*"), *shop.lake.glob("raw/shop/_dlt*/*")]
    for file in [*emptied, shop.lake / "raw" / "shop" / "init"]:
        if file.is_file():
            file.write_bytes(b"")
    assert shop.ingest().failed == []
    assert shop.rows() == GOOD
