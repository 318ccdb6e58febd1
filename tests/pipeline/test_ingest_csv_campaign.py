"""Random files in random dialects, with random faults: none is misread. `make campaign` tries many more."""

from __future__ import annotations

import collections
import os
import re
from pathlib import Path

from configuration.errors import PlainError
from tests.pipeline.csv_campaign import Made, make
from tests.pipeline.dialect_shop import DialectShop, Prepared

SEEDS = int(os.environ.get("TILL_CAMPAIGN_CSV_SEEDS", "150"))
FIRST = int(os.environ.get("TILL_CAMPAIGN_CSV_FIRST", "1"))


def load(made: Made, folder: Path) -> Prepared | PlainError:
    shop = DialectShop(folder)
    shop.declare(made.table())
    shop.drop(made.name, made.content)
    try:
        return shop.prepare()
    except PlainError as error:
        return error


def broken_laws(made: Made, found: Prepared | PlainError) -> list[str]:
    """What of the law does not hold, in words; empty when all does."""
    if isinstance(found, PlainError):
        wrong = []
        if "\n" in str(found) or len(str(found)) > 600:
            wrong.append(f"the refusal is no sentence: {found}")
        if made.must_load:
            wrong.append(f"refused without need: {found}")
        return wrong
    wrong = ["loaded though nobody can know its columns"] if made.must_be_refused else []
    position = [name for name, _, _ in made.columns].index("id")
    loaded = collections.Counter()
    for row in found.rows:
        key = str(row[position])
        loaded[key] += 1
        true = made.rows.get(key)
        if true is None and made.is_cut and key in _cut_keys(made):
            continue
        if true is None:
            wrong.append(f"a row that was not there: {row}")
        elif [v or None if isinstance(v, str) else v for v in row] != list(true) and key not in made.free:
            wrong.append(f"changed: {row}, and not {true}")
        elif key in made.damaged and not _as_true(row, true):
            wrong.append(f"damaged and loaded: {row}")
    rejected = " ".join(f"{each.original_text}" for each in found.rejected)
    mentioned = collections.Counter(re.findall(r"k\d{3}x", rejected))
    for key in made.rows:
        if loaded[key] + (mentioned[key] > 0) < 1 and key not in made.free:
            wrong.append(f"missing: {key}")
        if loaded[key] > 1:
            wrong.append(f"twice: {key}")
    for each in found.rejected:
        if not each.reason:
            wrong.append(f"no reason: {each}")
    if made.must_load and (found.rejected or len(found.rows) != len(made.rows)):
        wrong.append(f"rejected without need: {found.rejected[:1]}")
    return wrong


def _cut_keys(made: Made) -> set[str]:
    """What a key may have become that was cut off."""
    return {"None", *(key[:length] for key in made.free for length in range(len(key)))}


def _as_true(row: tuple[object, ...], true: tuple[object, ...]) -> bool:
    return [v or None if isinstance(v, str) else v for v in row] == list(true)


def test_no_file_is_misread(tmp_path: Path) -> None:
    wrong, whole = [], 0
    for seed in range(FIRST, FIRST + SEEDS):
        made = make(seed)
        found = load(made, tmp_path / str(seed))
        whole += isinstance(found, Prepared)
        wrong += [f"seed {seed} {made.faults}: {each}" for each in broken_laws(made, found)]
    assert not wrong, f"{len(wrong)} in {SEEDS}:\n" + "\n".join(wrong[:40])
    # A campaign in which everything is refused would prove nothing.
    assert whole > SEEDS / 3
