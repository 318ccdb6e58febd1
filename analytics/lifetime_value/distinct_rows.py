"""Equal rows as one, in a fixed order: what makes a fit as cheap as its distinct histories."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analytics.lifetime_value.likelihood import Floats


def distinct_rows(columns: Sequence[npt.ArrayLike]) -> tuple[list[Floats], npt.NDArray[np.intp]]:
    """The distinct rows of `columns`, sorted by the first, then the second ..., and each row's place.

    `distinct[c][place]` is column c again. (np.unique over an axis does the same ten times slower.)
    """
    rows = [np.asarray(column, np.float64) for column in columns]
    if _are_distinct_and_sorted(rows):
        return rows, np.arange(len(rows[0]), dtype=np.intp)
    order = np.lexsort(rows[::-1])
    is_first = np.ones(len(order), dtype=bool)
    if len(order):
        in_order = [column[order] for column in rows]
        is_first[1:] = np.any([column[1:] != column[:-1] for column in in_order], axis=0)
    place = np.empty(len(order), dtype=np.intp)
    place[order] = np.cumsum(is_first) - 1
    return [column[order[is_first]] for column in rows], place


def _are_distinct_and_sorted(rows: Sequence[Floats]) -> bool:
    """Whether each row is greater than the one before: so a query gives millions, and saves a sort."""
    greater = np.zeros(max(len(rows[0]) - 1, 0), dtype=bool)
    for column in reversed(rows):
        before, after = column[:-1], column[1:]
        greater = (after > before) | ((after == before) & greater)
    return bool(greater.all())


def group_rows(
    columns: Sequence[npt.ArrayLike], customers: npt.ArrayLike | None
) -> tuple[list[Floats], Floats]:
    """The distinct rows and how many customers have each; without `customers`, a row is one."""
    distinct, place = distinct_rows(columns)
    counts = np.ones(len(place)) if customers is None else np.asarray(customers, np.float64)
    weights = np.bincount(place, counts, len(distinct[0]))
    return distinct, np.asarray(weights, np.float64)
