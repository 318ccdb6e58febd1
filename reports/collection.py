"""Garbage collection while a site is made: seldom, and not over what was there before.

A page is many small objects that are dropped with it. Python would look through all that lives,
dbt's manifest too, again and again, and find next to nothing.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_NEW_OBJECTS = 100_000  # those of about five pages; Python's own limit is 700


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Within it collections are rare and leave out what was there before; then all is as it was."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
