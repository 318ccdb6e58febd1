"""How well models forecast the next 90 days of a sales_daily.parquet: the tables of forecast.md.

    .venv/bin/python docs/benchmarks/forecast_models.py lake/marts/sales_daily.parquet

From each of several days of the past a model forecasts 90 days from all days before; its error is the
MASE of docs/metrics.md. The first of those days is the one that the mart's backtest begins with.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from functools import partial

from analytics.blas import use_one_thread

use_one_thread()  # before SciPy is imported

import duckdb  # noqa: E402
import numpy as np  # noqa: E402
from statsmodels.tsa.exponential_smoothing.ets import ETSModel  # noqa: E402
from statsmodels.tsa.seasonal import STL  # noqa: E402
from statsmodels.tsa.statespace.sarimax import SARIMAX  # noqa: E402
from statsmodels.tsa.statespace.structural import UnobservedComponents  # noqa: E402

from analytics.forecast.models import (  # noqa: E402
    FEWEST_DAYS_OF_YEARLY,
    Numbers,
    seasonal_naive,
    seasonal_scale,
    smoothing,
)

DAYS = 90
FEWEST_DAYS = 140
DAYS_BETWEEN_ORIGINS = 21
Forecast = Callable[[Numbers], Numbers]


def repeated(week: Numbers) -> Numbers:
    return np.resize(week, DAYS)


def ours(history: Numbers) -> Numbers:
    yearly = len(history) >= FEWEST_DAYS_OF_YEARLY
    return smoothing(history, DAYS, yearly=yearly).points()


def ours_without_year(history: Numbers) -> Numbers:
    return smoothing(history, DAYS, yearly=False).points()


def mean_of_four_weeks(history: Numbers) -> Numbers:
    return repeated(history[-28:].reshape(4, 7).mean(axis=0))


def median_of_eight_weeks(history: Numbers) -> Numbers:
    return repeated(np.median(history[-56:].reshape(8, 7), axis=0))


def ets(history: Numbers, trend: str | None) -> Numbers:
    model = ETSModel(
        history,
        error="add",
        trend=trend,
        damped_trend=bool(trend),
        seasonal="add",
        seasonal_periods=7,
    )
    return np.asarray(model.fit(disp=False, maxiter=200).forecast(DAYS))


def stl_and_ets(history: Numbers) -> Numbers:
    parts = STL(history, period=7, seasonal=13, robust=True).fit()
    level = ETSModel(history - parts.seasonal, error="add").fit(disp=False).forecast(DAYS)
    return np.asarray(level) + repeated(parts.seasonal[-7:])


def waves(days: int, waves_per_cycle: int, cycle: float) -> Numbers:
    """Fourier terms, (days, 2 x waves)."""
    angles = 2 * np.pi * np.outer(np.arange(days), np.arange(1, waves_per_cycle + 1)) / cycle
    return np.hstack([np.sin(angles), np.cos(angles)])


def unobserved_components(history: Numbers, waves_of_the_year: int) -> Numbers:
    scale = np.std(history)
    known = len(history)
    season = waves(known + DAYS, waves_of_the_year, 365.25) if waves_of_the_year else None
    model = UnobservedComponents(
        history / scale,
        level="llevel",
        seasonal=7,
        exog=None if season is None else season[:known],
    )
    fitted = model.fit(disp=False, maxiter=200)
    return scale * np.asarray(
        fitted.forecast(DAYS, exog=None if season is None else season[known:])
    )


def sarimax(history: Numbers, waves_of_the_year: int) -> Numbers:
    scale = np.std(history)
    known = len(history)
    season = waves(known + DAYS, 3, 7)
    if waves_of_the_year:
        season = np.hstack([season, waves(known + DAYS, waves_of_the_year, 365.25)])
    model = SARIMAX(history / scale, exog=season[:known], order=(1, 0, 1), trend="ct")
    fitted = model.fit(disp=False, maxiter=100)
    return scale * np.asarray(fitted.forecast(DAYS, exog=season[known:]))


def on_asinh(history: Numbers, forecast: Forecast) -> Numbers:
    unit = np.median(np.abs(history[history != 0])) / 2
    with np.errstate(over="ignore"):
        return np.sinh(forecast(np.arcsinh(history / unit))) * unit


MODELS: dict[str, Forecast] = {
    "seasonal naive": lambda history: seasonal_naive(history, DAYS).points(),
    "ours": ours,
    "ours, never with the year": ours_without_year,
    "mean of four weeks": mean_of_four_weeks,
    "median of eight weeks": median_of_eight_weeks,
    "ETS(A,N,A)": partial(ets, trend=None),
    "ETS(A,Ad,A), damped trend": partial(ets, trend="add"),
    "ETS(A,N,A) on asinh": partial(on_asinh, forecast=partial(ets, trend=None)),
    "ETS(A,Ad,A) on asinh": partial(on_asinh, forecast=partial(ets, trend="add")),
    "STL and ETS": stl_and_ets,
    "unobserved components, week": partial(unobserved_components, waves_of_the_year=0),
    "unobserved components, week and 2 waves of the year": partial(
        unobserved_components, waves_of_the_year=2
    ),
    "ARMA(1,1) with trend, waves of the week": partial(sarimax, waves_of_the_year=0),
    "ARMA(1,1) with trend, waves of the week and 2 of the year": partial(
        sarimax, waves_of_the_year=2
    ),
}


def main(file: str) -> None:
    rows = duckdb.execute(
        "select cast(net_revenue as double) from read_parquet(?) order by order_date", [file]
    ).fetchall()
    days = np.array([amount for (amount,) in rows])[:-1]
    newest = len(days) - DAYS
    origins = [newest, *range(newest - 14, FEWEST_DAYS, -DAYS_BETWEEN_ORIGINS)]
    print(f"{len(days)} complete days, {len(origins)} origins\n")
    print("| model | last 90 days | mean of all | median of all |\n|---|---:|---:|---:|")
    for name, forecast in MODELS.items():
        errors = [
            np.mean(np.abs(forecast(days[:origin]) - days[origin : origin + DAYS]))
            / seasonal_scale(days[:origin])
            for origin in origins
        ]
        print(f"| {name} | {errors[0]:.3f} | {np.mean(errors):.3f} | {np.median(errors):.3f} |")


if __name__ == "__main__":
    # Losing models say often that they did not converge: their errors say it too.
    warnings.simplefilter("ignore")
    main(sys.argv[1])
