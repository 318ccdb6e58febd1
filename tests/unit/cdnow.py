"""The purchases of the 2,357 CDNOW customers, as Fader and Hardie count them: a day is one purchase."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

END_OF_CALIBRATION = dt.date(1997, 9, 30)
END_OF_DATA = dt.date(1998, 6, 30)


class Cdnow:
    """x, t_x, T (weeks) and the money of the repeat purchases, per customer, as arrays."""

    def __init__(self, sample: Path) -> None:
        cents: dict[str, dict[dt.date, int]] = defaultdict(lambda: defaultdict(int))
        for line in sample.read_text().splitlines():
            _, customer, day, _, dollars = line.split()
            cents[customer][dt.date.fromisoformat(day)] += round(100 * float(dollars))
        seen = {
            customer: sorted(day for day in days if day <= END_OF_CALIBRATION)
            for customer, days in cents.items()
        }
        self.customers = list(cents)
        self.first_days = [days[0] for days in seen.values()]
        self.repeats = floats([len(days) - 1 for days in seen.values()])
        self.recency = floats([(days[-1] - days[0]).days / 7 for days in seen.values()])
        self.age = floats([(END_OF_CALIBRATION - days[0]).days / 7 for days in seen.values()])
        self.total = floats(
            [sum(cents[one][day] for day in days[1:]) / 100 for one, days in seen.items()]
        )
        self.later = floats(
            [sum(day > END_OF_CALIBRATION for day in days) for days in cents.values()]
        )


def floats(values: object) -> npt.NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64)
