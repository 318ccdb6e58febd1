"""The demo's generator: the same bytes from the same seed, and nothing but those."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from configuration.errors import PlainError
from till.demo.generate import generate, make_if_missing

SCALE = 0.3  # more rows than a row group has, so that threads have something to disagree on


def checksums(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def first_seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seed 1, by one thread."""
    return generate(tmp_path_factory.mktemp("first"), SCALE, seed=1, threads=1).folder


@pytest.fixture(scope="module")
def second_seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seed 2, by two threads."""
    return generate(tmp_path_factory.mktemp("second"), SCALE, seed=2, threads=2).folder


def test_the_same_seed_gives_the_same_bytes_whatever_the_threads(
    first_seed: Path, tmp_path: Path
) -> None:
    generate(tmp_path, SCALE, seed=1, threads=5)
    assert checksums(tmp_path) == checksums(first_seed)


def test_generating_again_replaces_the_files_and_leaves_nothing_else(
    first_seed: Path, second_seed: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "demo"
    shutil.copytree(first_seed, folder)
    generate(folder, SCALE, seed=2)
    assert checksums(folder) == checksums(second_seed)


def test_another_seed_gives_other_shoppers(first_seed: Path, second_seed: Path) -> None:
    one, two = checksums(first_seed), checksums(second_seed)
    assert one.keys() == two.keys()
    the_same = {name for name in one if one[name] == two[name]}
    assert the_same == {"webshop/products.parquet"}  # the catalogue is no matter of chance


def test_a_demo_that_is_there_is_not_made_again(first_seed: Path) -> None:
    before = checksums(first_seed)
    assert make_if_missing(first_seed) is False
    assert checksums(first_seed) == before


def test_memory_that_is_short_is_made_up_for_by_the_disk(first_seed: Path, tmp_path: Path) -> None:
    generate(tmp_path, SCALE, seed=1, memory_limit="100MB")
    assert checksums(tmp_path) == checksums(first_seed)


@pytest.mark.parametrize("scale", [0, -1, 2001])
def test_a_scale_out_of_range_is_refused_before_anything_is_written(
    tmp_path: Path, scale: float
) -> None:
    with pytest.raises(PlainError, match="scale of the demo"):
        generate(tmp_path / "demo", scale=scale)
    assert not (tmp_path / "demo").exists()
