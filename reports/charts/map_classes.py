"""Classes of a map's values: at most five, between limits that are round numbers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

Scale = Literal["linear", "log", "quantile"]
_CLASSES = 5
_MOST_DIGITS = 9


def limits_of(values: Sequence[float], scale: Scale) -> list[float]:
    """The limits between the classes, ascending; a value on a limit belongs to the class above it.

    `linear` makes classes of the same width, `log` of the same ratio (of the same width where a value is
    not above zero), `quantile` of about as many values each. Equal values share a class.
    """
    ranked = sorted(values)
    if not ranked or ranked[0] == ranked[-1]:
        return []
    if scale == "quantile":
        return _between_ranks(ranked)
    low, high = ranked[0], ranked[-1]
    parts = [step / _CLASSES for step in range(1, _CLASSES)]
    if scale == "log" and low > 0:
        exact = [low * (high / low) ** part for part in parts]
    else:
        exact = [low + (high - low) * part for part in parts]
    for digits in range(1, _MOST_DIGITS):
        found = [_rounded(limit, digits) for limit in exact]
        if len(set(found)) == len(found) and low < found[0] and found[-1] <= high:
            return found
    return exact


def class_of(value: float, limits: Sequence[float]) -> int:
    """Which class a value is in, from 0."""
    return bisect_right(limits, value)


def _between_ranks(ranked: Sequence[float]) -> list[float]:
    """The roundest number between the neighbours at each fifth of the ranks."""
    found = []
    for step in range(1, _CLASSES):
        place = round(len(ranked) * step / _CLASSES)
        if 0 < place < len(ranked) and ranked[place - 1] < ranked[place]:
            found.append(_roundest(ranked[place - 1], ranked[place]))
    return sorted(set(found))


def _roundest(low: float, high: float) -> float:
    """Above `low`, at most `high`, with as few digits as can be."""
    for digits in range(1, _MOST_DIGITS):
        found = _rounded((low + high) / 2, digits)
        if low < found <= high:
            return found
    return high


def _rounded(value: float, digits: int) -> float:
    exact = Decimal(repr(value))
    return float(exact.quantize(Decimal(1).scaleb(exact.adjusted() - digits + 1)))
