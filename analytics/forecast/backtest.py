"""How good the forecasts of this shop would have been: made from the past, held against what came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from analytics.forecast.models import (
    NoForecastError,
    Numbers,
    Outlook,
    seasonal_scale,
)

BACKTEST_DAYS = 90
# Forecasts that are made from the past, each a month before the next: a year of them.
MOST_ORIGINS = 12
DAYS_BETWEEN_ORIGINS = 30
# Widths of normal errors in standard deviations: 80 and 95 of a hundred lie within.
NORMAL_WIDTHS = {80: 1.2815515655446004, 95: 1.959963984540054}
# What a few earlier forecasts say of their errors is believed within these limits.
NARROWEST, WIDEST = 0.5, 2.0
# Fewer earlier forecasts say nothing about errors: they overlap, and are one shop in one season.
FEWEST_ORIGINS = 3

Model = Callable[[Numbers, int], Outlook]
Widths = dict[int, float]


@dataclass(frozen=True)
class Trial:
    """One forecast from the past. errors: in spreads, (days,); NaN for days without a spread."""

    origin: int
    outlook: Outlook
    errors: Numbers


@dataclass(frozen=True)
class Backtest:
    """The forecast of the last 90 days from the days before them.

    mase      mean absolute error / seasonal_scale of the days before; None where that is 0, or where
              the model could not be fitted
    coverage  share of the 90 days that lay within the interval of 80 and of 95 per cent
    widths    of the intervals of a forecast made now, in spreads
    """

    mase: float | None
    coverage: dict[int, float]
    widths: Widths


def backtest(history: Numbers, model: Model, fewest_days: int) -> Backtest:
    """Tries a model on the last 90 days of (days,) money; needs those and `fewest_days` before them."""
    try:
        trials = _trials(history, model, fewest_days)
    except NoForecastError:
        return Backtest(None, {}, dict(NORMAL_WIDTHS))
    last = trials[0]
    actual = history[last.origin :]
    scale = seasonal_scale(history[: last.origin])
    # The intervals of then knew nothing of the forecasts whose days were still to come.
    widths = learnt_widths([one for one in trials if one.origin + BACKTEST_DAYS <= last.origin])
    return Backtest(
        mase=float(np.mean(np.abs(last.outlook.points() - actual))) / scale if scale > 0 else None,
        coverage={
            level: _coverage(last.outlook.bounds(width), actual) for level, width in widths.items()
        },
        widths=learnt_widths(trials),
    )


def learnt_widths(trials: Sequence[Trial]) -> Widths:
    """How many spreads wide an interval must be so that it would have held what came."""
    if len(trials) < FEWEST_ORIGINS:
        return dict(NORMAL_WIDTHS)
    errors = np.concatenate([one.errors for one in trials])
    errors = errors[~np.isnan(errors)]
    if len(errors) == 0:
        return dict(NORMAL_WIDTHS)
    factors = {
        level: float(np.clip(np.quantile(errors, level / 100) / normal, NARROWEST, WIDEST))
        for level, normal in NORMAL_WIDTHS.items()
    }
    return {level: factors[level] * normal for level, normal in NORMAL_WIDTHS.items()}


def _trials(history: Numbers, model: Model, fewest_days: int) -> list[Trial]:
    """The newest first."""
    newest = len(history) - BACKTEST_DAYS
    trials = []
    for origin in range(newest, fewest_days - 1, -DAYS_BETWEEN_ORIGINS)[:MOST_ORIGINS]:
        before = history[:origin]
        outlook = model(before, BACKTEST_DAYS)
        outlook.points()  # raises where an amount is beyond all bounds
        actual = history[origin : origin + BACKTEST_DAYS]
        trials.append(Trial(origin, outlook, outlook.errors(actual)))
    return trials


def _coverage(bounds: tuple[Numbers, Numbers], actual: Numbers) -> float:
    lower, upper = bounds
    return float(np.mean((lower <= actual) & (actual <= upper)))
