"""The forecast as a table: which of the two models, with which intervals, and how it did before."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from analytics.forecast.backtest import BACKTEST_DAYS, NORMAL_WIDTHS, Backtest, Widths, backtest
from analytics.forecast.models import (
    FEWEST_DAYS_OF_YEARLY,
    WEEK,
    NoForecastError,
    Numbers,
    Outlook,
    seasonal_naive,
    smoothing,
)

if TYPE_CHECKING:
    import pyarrow as pa

HORIZON_DAYS = 90
# The naive forecast needs two weeks; a model that is to be tried, eight.
FEWEST_DAYS = 2 * WEEK
FEWEST_DAYS_OF_SMOOTHING = 8 * WEEK
# Older days say little of the next quarter, and cost time: four years.
MOST_DAYS = 4 * 52 * WEEK


@dataclass(frozen=True)
class Choice:
    """The model that is used, and why: see the column `status` of the mart."""

    outlook: Outlook | None
    widths: Widths
    status: str
    backtest: Backtest | None
    naive_backtest: Backtest | None
    ets_backtest: Backtest | None


def forecast_table(order_dates: list[dt.date], net_revenue: Numbers) -> pa.Table:
    """The 90 days after the last of `order_dates`, one row each; no rows where there are no dates.

    order_dates  every day of the calendar, in order; the last is as_of_date. It may still run, so
                 nothing is learnt from it
    net_revenue  (days,), money
    """
    if not order_dates:
        return _arrow([], None, None)
    complete = net_revenue[:-1][-MOST_DAYS:]
    choice = choose(complete)
    dates = [order_dates[-1] + dt.timedelta(days=day) for day in range(1, HORIZON_DAYS + 1)]
    return _arrow(dates, choice, order_dates[-2] if len(order_dates) > 1 else None)


def choose(history: Numbers) -> Choice:
    """Decides between the models by their errors over the last 90 days.

    history  (days,), money of complete days. The outlook begins with the day after the next: the
             next is as_of_date, which may be half over.
    """
    days = HORIZON_DAYS + 1
    normal = dict(NORMAL_WIDTHS)
    if len(history) < FEWEST_DAYS:
        return Choice(None, normal, "too_little_history", None, None, None)
    naive = seasonal_naive(history, days)
    if len(history) < FEWEST_DAYS_OF_SMOOTHING + BACKTEST_DAYS:
        return Choice(naive, normal, "no_backtest", None, None, None)

    yearly = len(history) >= FEWEST_DAYS_OF_YEARLY + BACKTEST_DAYS
    fewest_days = FEWEST_DAYS_OF_YEARLY if yearly else FEWEST_DAYS_OF_SMOOTHING
    model = partial(smoothing, yearly=yearly)
    of_naive = backtest(history, seasonal_naive, fewest_days)
    of_model = backtest(history, model, fewest_days)
    status = _verdict(of_naive.mase, of_model.mase)
    if status == "ets_is_better":
        try:
            outlook = model(history, days)
            outlook.bounds(of_model.widths[95])  # raises where an amount is beyond all bounds
        except NoForecastError:
            status = "ets_not_fitted"
        else:
            return Choice(outlook, of_model.widths, status, of_model, of_naive, of_model)
    return Choice(naive, of_naive.widths, status, of_naive, of_naive, of_model)


def _verdict(naive_mase: float | None, ets_mase: float | None) -> str:
    if naive_mase is None:
        return "every_week_alike"
    if ets_mase is None:
        return "ets_not_fitted"
    return "ets_is_better" if ets_mase < naive_mase else "naive_is_better"


def _arrow(dates: list[dt.date], choice: Choice | None, trained_until: dt.date | None) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415 - who only wants the figures need not wait for it

    money = pa.decimal128(18, 4)
    types = {
        "forecast_date": pa.date32(),
        "days_ahead": pa.int64(),
        "net_revenue": money,
        "lower_80_net_revenue": money,
        "upper_80_net_revenue": money,
        "lower_95_net_revenue": money,
        "upper_95_net_revenue": money,
        "method": pa.string(),
        "status": pa.string(),
        "backtest_mase": pa.float64(),
        "naive_backtest_mase": pa.float64(),
        "ets_backtest_mase": pa.float64(),
        "backtest_coverage_80": pa.float64(),
        "backtest_coverage_95": pa.float64(),
        "trained_until": pa.date32(),
    }
    columns: dict[str, list[object]] = {name: [] for name in types}
    if choice is not None:
        columns = _columns(dates, choice, trained_until)
    return pa.table({name: pa.array(columns[name], type=types[name]) for name in types})


def _columns(
    dates: list[dt.date], choice: Choice, trained_until: dt.date | None
) -> dict[str, list[object]]:
    outlook, tried = choice.outlook, choice.backtest
    coverage = tried.coverage if tried else {}
    same_in_all_rows: dict[str, object] = {
        "method": outlook.method if outlook else None,
        "status": choice.status,
        "backtest_mase": _mase(tried),
        "naive_backtest_mase": _mase(choice.naive_backtest),
        "ets_backtest_mase": _mase(choice.ets_backtest),
        "backtest_coverage_80": _rounded(coverage.get(80)),
        "backtest_coverage_95": _rounded(coverage.get(95)),
        "trained_until": trained_until,
    }
    return {
        "forecast_date": list(dates),
        "days_ahead": list(range(1, len(dates) + 1)),
        "net_revenue": _cents(outlook.points() if outlook else None),
        **{
            f"{side}_{level}_net_revenue": _cents(outlook.bounds(width)[index] if outlook else None)
            for level, width in choice.widths.items()
            for index, side in enumerate(("lower", "upper"))
        },
        **{name: [value] * len(dates) for name, value in same_in_all_rows.items()},
    }


def _cents(money: Numbers | None) -> list[object]:
    """Of the days after as_of_date; whole cents, so that no figure hangs on a last binary digit."""
    if money is None:
        return [None] * HORIZON_DAYS
    return [Decimal(f"{amount:.2f}") for amount in np.round(money[1:], 2) + 0.0]


def _mase(tried: Backtest | None) -> float | None:
    return _rounded(tried.mase) if tried else None


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 4)
