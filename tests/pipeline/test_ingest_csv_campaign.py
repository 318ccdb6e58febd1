"""Random files in random dialects, with random faults: none is misread. `make campaign` tries many more."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path

from configuration.errors import PlainError
from tests.pipeline.csv_campaign import make
from tests.pipeline.csv_faults import Made
from tests.pipeline.dialect_shop import DialectShop, Prepared

SEEDS = int(os.environ.get("TILL_CAMPAIGN_CSV_SEEDS", "200"))
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
        wrong = [f"refused without need: {found}"] if made.must_load else []
        if "\n" in str(found) or len(str(found)) > 600:
            wrong.append(f"the refusal is no sentence: {found}")
        return wrong
    wrong = ["loaded though nobody can know its columns"] if made.must_be_refused else []
    wrong += [f"no reason: {each}" for each in found.rejected if not each.reason]
    if made.must_load and (found.rejected or len(found.rows) != len(made.rows)):
        wrong.append(f"rejected without need: {found.rejected[:1]}")
    return wrong + _wrong_rows(made, found) + _wrong_keys(made, found)


def _wrong_rows(made: Made, found: Prepared) -> list[str]:
    """Rows that were not there, or not so."""
    wrong = []
    for row in found.rows:
        key = _bare(row[made.key_position])
        true = made.rows.get(str(key))
        if true is None:
            if not (made.is_cut and str(key) in _cut_keys(made)):
                wrong.append(f"a row that was not there: {row}")
        elif key not in made.free and not _is_true(row, true, is_damaged=key in made.damaged):
            wrong.append(f"changed: {row}, and not {true}")
    return wrong


def _is_true(row: tuple[object, ...], true: tuple[object, ...], *, is_damaged: bool) -> bool:
    """Whether the values are the true ones; of a damaged row a stray quote may stand in a text."""
    found, wanted = [None if each == "" else each for each in row], list(true)
    return found == wanted or (is_damaged and [*map(_bare, found)] == [*map(_bare, wanted)])


def _bare(value: object) -> object:
    return re.sub("[\"']", "", value) or None if isinstance(value, str) else value


def _wrong_keys(made: Made, found: Prepared) -> list[str]:
    """Rows that are neither loaded nor rejected, or loaded twice."""
    loaded = Counter(str(_bare(row[made.key_position])) for row in found.rows)
    rejected = set(re.findall(r"k\d{3}x", " ".join(each.original_text for each in found.rejected)))
    gone = [
        key for key in made.rows if key not in made.free and not loaded[key] and key not in rejected
    ]
    return [f"missing: {key}" for key in gone] + [
        f"twice: {key}" for key in made.rows if loaded[key] > 1
    ]


def _cut_keys(made: Made) -> set[str]:
    """What a key may have become that was cut off."""
    return {"None", *(key[:length] for key in made.free for length in range(len(key)))}


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
