"""The two ways to forecast daily revenue: the seasonal naive one, and exponential smoothing.

Which models were tried and lost against this one: docs/benchmarks/forecast.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

WEEK = 7
# A weekday on which nothing was sold in as many weeks is one on which the shop is closed.
CLOSED_AFTER_WEEKS = 8
# 52 whole weeks, not 365 days: a Saturday is compared with a Saturday.
WEEKS_OF_A_YEAR = 52
# The season of the year is learnt from a year and these weeks of it once more.
FEWEST_DAYS_OF_YEARLY = (WEEKS_OF_A_YEAR + 8) * WEEK
# An unusual day is further from its weekly pattern than this many robust standard deviations.
UNUSUAL = 3.5
# What makes a median absolute deviation a standard deviation where errors are normal.
MAD_TO_DEVIATION = 1.4826
LARGEST_AMOUNT = 1e13


class NoForecastError(Exception):
    """The model could not be fitted to this series."""


@dataclass(frozen=True)
class Outlook:
    """A forecast of some days.

    middle, spread  (days,)  on the model's own scale: the expected value, and the standard
                             deviation of its error
    unit            money per unit where that scale is asinh(money / unit); None where it is money
    lowest          money below which no bound goes
    """

    method: str
    middle: Numbers
    spread: Numbers
    unit: float | None
    lowest: float

    def points(self) -> Numbers:
        """Money per day, (days,): the median of what is expected."""
        return self._money(self.middle)

    def bounds(self, width: float) -> tuple[Numbers, Numbers]:
        """Money per day, (days,) each: `width` spreads to either side."""
        return (
            self._money(self.middle - width * self.spread),
            self._money(self.middle + width * self.spread),
        )

    def errors(self, actual: Numbers) -> Numbers:
        """How many spreads what came was away, (days,); NaN for days without a spread."""
        scaled = actual if self.unit is None else np.arcsinh(actual / self.unit)
        known = self.spread > 0
        away = np.full(len(self.middle), np.nan)
        np.divide(np.abs(scaled - self.middle), self.spread, out=away, where=known)
        return away

    def _money(self, scaled: Numbers) -> Numbers:
        with np.errstate(over="ignore"):
            money = scaled if self.unit is None else np.sinh(scaled) * self.unit
        if not np.all(np.abs(money) < LARGEST_AMOUNT):
            raise NoForecastError("an amount beyond all bounds")
        return np.maximum(money, self.lowest)


def seasonal_scale(history: Numbers) -> float:
    """Mean absolute difference between a day and the same weekday a week before: what MASE divides by."""
    return float(np.mean(np.abs(history[WEEK:] - history[:-WEEK])))


def seasonal_naive(history: Numbers, days: int) -> Outlook:
    """Each day as the last same weekday; needs two weeks.

    The error of a day k weeks ahead is the sum of k weekly differences: its standard deviation
    grows with the root of k (Hyndman & Athanasopoulos, Forecasting, 5.5).
    """
    ahead = np.arange(days)
    difference = np.sqrt(np.mean((history[WEEK:] - history[:-WEEK]) ** 2))
    return Outlook(
        method="seasonal_naive",
        middle=history[-WEEK:][ahead % WEEK],
        spread=difference * np.sqrt(ahead // WEEK + 1),
        unit=None,
        lowest=_lowest(history),
    )


def smoothing(history: Numbers, days: int, *, yearly: bool) -> Outlook:
    """Exponential smoothing with weekly season, and on request that of the year.

    ETS(A,N,A) on asinh(money / unit): near zero like money, so that closed days and days of returns
    have a place, and further out like its logarithm, so that a quiet and a busy month err by the same
    share. If `yearly` (with FEWEST_DAYS_OF_YEARLY at least), what is smoothed is the change from the
    year before: from its level without weekdays and noise. Weekdays without any sale are left out, and
    forecast as the 0 they are.

    Raises NoForecastError where it cannot be fitted.
    """
    weekdays_of_history = np.arange(len(history)) % WEEK
    latest = np.abs(history[-CLOSED_AFTER_WEEKS * WEEK :])
    latest_weekdays = weekdays_of_history[-CLOSED_AFTER_WEEKS * WEEK :]
    open_weekdays = [day for day in range(WEEK) if np.any(latest[latest_weekdays == day])]
    period = len(open_weekdays)
    if period < 2:  # noqa: PLR2004 - a week of one day has no pattern
        raise NoForecastError("sales on fewer than two weekdays")
    values = history[np.isin(weekdays_of_history, open_weekdays)]
    is_open = np.isin((len(history) + np.arange(days)) % WEEK, open_weekdays)

    unit = float(np.median(np.abs(values[values != 0]))) / 2
    scaled = _without_unusual_days(np.arcsinh(values / unit), period)
    days_open = int(is_open.sum())
    if yearly:
        year_before, year_ahead = _level_a_year_before(scaled, period, days_open)
    else:
        year_before, year_ahead = np.zeros(len(scaled)), np.zeros(days_open)
    middle, spread = _smoothed(scaled[-len(year_before) :] - year_before, period, days_open)

    all_middle, all_spread = np.zeros(days), np.zeros(days)
    all_middle[is_open] = middle + year_ahead
    all_spread[is_open] = spread
    return Outlook(
        method="ets_yearly" if yearly else "ets",
        middle=all_middle,
        spread=all_spread,
        unit=unit,
        lowest=_lowest(history),
    )


def _lowest(history: Numbers) -> float:
    """Where no day has ever been negative, none is forecast to be."""
    return -LARGEST_AMOUNT if np.any(history < 0) else 0.0


def _without_unusual_days(scaled: Numbers, period: int) -> Numbers:
    """Days far off their weekly pattern are set to it: a week of holidays must not become the level."""
    from statsmodels.tsa.seasonal import STL  # noqa: PLC0415 - takes seconds to import

    parts = STL(scaled, period=period, seasonal=13, robust=True).fit()
    from_center = np.abs(parts.resid - np.median(parts.resid))
    is_unusual = from_center > UNUSUAL * MAD_TO_DEVIATION * np.median(from_center)
    return np.where(is_unusual, parts.trend + parts.seasonal, scaled)


def _level_a_year_before(scaled: Numbers, period: int, days: int) -> tuple[Numbers, Numbers]:
    """The smoothed level 52 weeks before the last days of the series, and before the days to come."""
    year = WEEKS_OF_A_YEAR * period
    steps = np.arange(-3 * period, 3 * period + 1)
    weights = np.exp(-0.5 * (steps / period) ** 2)
    level = np.convolve(scaled, weights, "same") / np.convolve(
        np.ones(len(scaled)), weights, "same"
    )
    first = len(scaled) - year
    return level[:first], level[first : first + days]


def _smoothed(series: Numbers, period: int, days: int) -> tuple[Numbers, Numbers]:
    """Forecast of ETS(A,N,A) and the standard deviation of its error, (days,) each.

    Variance: Hyndman, Koehler, Ord & Snyder (2008), table 6.1.
    """
    from statsmodels.tsa.exponential_smoothing.ets import (  # noqa: PLC0415 - takes seconds to import
        ETSModel,
    )

    try:
        with np.errstate(all="ignore"):
            fitted = ETSModel(series, error="add", seasonal="add", seasonal_periods=period).fit(
                disp=False, maxiter=200, warn_convergence=False
            )
            middle = np.asarray(fitted.forecast(days), dtype=np.float64)
    except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
        raise NoForecastError(str(error)) from error
    parameters = dict(zip(fitted.param_names, fitted.params, strict=True))
    steps = np.arange(1, days)
    carried = parameters["smoothing_level"] + parameters["smoothing_seasonal"] * (
        steps % period == 0
    )
    variance = fitted.mse * (1 + np.concatenate([[0.0], np.cumsum(carried**2)]))
    if not (np.all(np.isfinite(middle)) and np.all(np.isfinite(variance))):
        raise NoForecastError("figures that are no numbers")
    return middle, np.sqrt(variance)
