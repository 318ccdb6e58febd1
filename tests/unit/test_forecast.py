"""Forecasts of series whose structure is known, and what holds where there is little to learn from."""

from __future__ import annotations

import datetime as dt
import warnings
from decimal import Decimal
from functools import partial

import numpy as np
import pytest

from analytics.blas import use_one_thread
from analytics.forecast import HORIZON_DAYS, forecast_table
from analytics.forecast.backtest import NORMAL_WIDTHS, backtest
from analytics.forecast.models import (
    NoForecastError,
    Numbers,
    Outlook,
    seasonal_naive,
    seasonal_scale,
    smoothing,
)
from analytics.forecast.table import choose

use_one_thread()

PATTERN = np.array([100.0, 110.0, 120.0, 130.0, 160.0, 200.0, 80.0])
smoothing_of_weeks = partial(smoothing, yearly=False)


def weekly(days: int) -> Numbers:
    return PATTERN[np.arange(days) % 7]


def noisy(days: int, seed: int, share: float = 0.1) -> Numbers:
    return weekly(days) * (1 + share * np.random.default_rng(seed).standard_normal(days))


def calendar(days: int) -> list[dt.date]:
    return [dt.date(2024, 1, 1) + dt.timedelta(days=day) for day in range(days)]


def rows_of(net_revenue: Numbers) -> list[dict[str, object]]:
    table = forecast_table(calendar(len(net_revenue)), net_revenue)
    rows: list[dict[str, object]] = table.to_pylist()
    return rows


def money(rows: list[dict[str, object]], column: str) -> Numbers:
    return np.array([float(str(row[column])) for row in rows])


def share_within(outlook: Outlook, width: float, actual: Numbers) -> float:
    lower, upper = outlook.bounds(width)
    return float(np.mean((lower <= actual) & (actual <= upper)))


def test_a_pure_weekly_pattern_goes_on_exactly() -> None:
    rows = rows_of(weekly(400))
    expected = weekly(490)[400:]
    for column in ("net_revenue", "lower_95_net_revenue", "upper_95_net_revenue"):
        assert money(rows, column).tolist() == expected.tolist()
    assert {row["status"] for row in rows} == {"every_week_alike"}
    assert {row["backtest_mase"] for row in rows} == {None}


def test_a_weekly_pattern_with_a_little_noise_is_found_again() -> None:
    rows = rows_of(noisy(400, seed=1, share=0.01))
    assert rows[0]["method"] == "ets"
    assert money(rows, "net_revenue") == pytest.approx(weekly(490)[400:], rel=0.02)
    width = money(rows, "upper_95_net_revenue") - money(rows, "lower_95_net_revenue")
    assert np.all(width < 0.12 * weekly(490)[400:])
    assert 0.9 < float(str(rows[0]["backtest_coverage_95"])) <= 1


def test_growth_and_the_season_of_the_year_go_on() -> None:
    day = np.arange(820)
    truth = weekly(820) * np.exp(0.001 * day + 0.5 * np.sin(2 * np.pi * day / 364))
    noise = 1 + 0.05 * np.random.default_rng(2).standard_normal(820)
    rows = rows_of((truth * noise)[:730])
    assert (rows[0]["method"], rows[0]["status"]) == ("ets_yearly", "ets_is_better")
    assert float(str(rows[0]["backtest_mase"])) < 0.5 * float(str(rows[0]["naive_backtest_mase"]))
    assert money(rows, "net_revenue").sum() == pytest.approx(truth[730:].sum(), rel=0.08)
    assert truth[723:730].sum() * 90 / 7 < 0.8 * truth[730:].sum(), (
        "repeating the last week is far off"
    )


def test_mase_of_a_series_computed_by_hand() -> None:
    # Eight weeks of 10 and 20 in turn, the last of them 20: each day differs by 10 from the week
    # before. Then 90 days of 35: the naive forecast says 20 and is 15 off; 15 / 10 = 1.5.
    history = np.concatenate([np.repeat([10.0, 20.0] * 4, 7), np.full(90, 35.0)])
    assert seasonal_scale(history[:56]) == 10
    tried = backtest(history, seasonal_naive, 56)
    assert tried.mase == 1.5
    # The spread is 10 in week 1 and 10 x root of k in week k. 15 lies within 1.2816 spreads from
    # week 2 on (18.1), so 83 of 90 days do; within 1.96 spreads (19.6) all of them.
    assert tried.coverage == {80: pytest.approx(83 / 90), 95: 1.0}


def test_intervals_of_the_naive_forecast_hold_what_they_promise() -> None:
    # Every weekday is a random walk from week to week: what the naive forecast is made for.
    random = np.random.default_rng(3)
    within = {80: [], 95: []}  # type: dict[int, list[float]]
    for _ in range(300):
        walks = 10_000 + np.cumsum(100 * random.standard_normal((70, 7)), axis=0)
        series = walks.reshape(-1)
        outlook = seasonal_naive(series[:400], 90)
        for level, width in NORMAL_WIDTHS.items():
            within[level].append(share_within(outlook, width, series[400:490]))
    assert np.mean(within[80]) == pytest.approx(0.80, abs=0.02)
    assert np.mean(within[95]) == pytest.approx(0.95, abs=0.01)


def test_intervals_of_smoothing_hold_what_they_promise() -> None:
    within = {80: [], 95: []}  # type: dict[int, list[float]]
    for seed in range(40):
        series = noisy(340, seed)
        outlook = smoothing_of_weeks(series[:250], 90)
        for level, width in NORMAL_WIDTHS.items():
            within[level].append(share_within(outlook, width, series[250:]))
    assert np.mean(within[80]) == pytest.approx(0.80, abs=0.05)
    assert np.mean(within[95]) == pytest.approx(0.95, abs=0.03)


def test_the_spread_is_what_the_library_says_of_its_own_forecast() -> None:
    import pandas as pd  # noqa: PLC0415 - takes a second to import
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel  # noqa: PLC0415

    # Even noise, with nothing unusual in it, so that what is smoothed is known.
    series = weekly(200) * (1 + np.random.default_rng(5).uniform(-0.2, 0.2, 200))
    outlook = smoothing_of_weeks(series, 30)
    scaled = np.arcsinh(series / outlook.unit)
    fitted = ETSModel(pd.Series(scaled), error="add", seasonal="add", seasonal_periods=7).fit(
        disp=False
    )
    theirs = fitted.get_prediction(start=200, end=229).forecast_variance
    assert outlook.middle == pytest.approx(np.asarray(fitted.forecast(30)), rel=1e-6)
    assert outlook.spread**2 == pytest.approx(np.asarray(theirs), rel=1e-6)


@pytest.mark.parametrize("model", [seasonal_naive, smoothing_of_weeks])
def test_intervals_are_nested_and_grow_with_the_distance(model: partial[Outlook]) -> None:
    drifting = noisy(250, seed=6) + 3 * np.cumsum(np.random.default_rng(7).standard_normal(250))
    outlook = model(drifting, 91)
    (lower_80, upper_80), (lower_95, upper_95) = (
        outlook.bounds(width) for width in NORMAL_WIDTHS.values()
    )
    assert np.all((lower_95 <= lower_80) & (lower_80 < upper_80) & (upper_80 <= upper_95))
    same_weekday_later = (upper_95 - lower_95)[7:] - (upper_95 - lower_95)[:-7]
    assert np.all(same_weekday_later > 0)


def test_where_the_naive_forecast_is_better_it_is_used_and_said_so() -> None:
    # A week before the last 90 days everything doubles and stays so: repeating the last week is
    # right, to smooth it away as a freak is wrong.
    series = noisy(240, seed=8, share=0.02)
    series[240 - 91 - 7 :] *= 2
    rows = rows_of(series)
    assert (rows[0]["method"], rows[0]["status"]) == ("seasonal_naive", "naive_is_better")
    assert rows[0]["backtest_mase"] == rows[0]["naive_backtest_mase"]
    assert float(str(rows[0]["ets_backtest_mase"])) > float(str(rows[0]["naive_backtest_mase"]))
    # The last complete day is the one before the last; the first forecast day has its weekday + 2.
    assert money(rows, "net_revenue")[:5] == pytest.approx(np.round(series[-7:-2], 2))


def test_a_day_that_may_not_be_over_is_not_learnt_from() -> None:
    series = noisy(200, seed=9)
    half_over = series.copy()
    half_over[-1] = 3.0
    assert rows_of(series) == rows_of(half_over)
    assert rows_of(series)[0]["trained_until"] == calendar(200)[-2]


def test_a_weekday_on_which_the_shop_is_closed_is_forecast_as_nothing() -> None:
    series = noisy(301, seed=10)
    series[5::7] = 0
    rows = rows_of(series)
    closed = [index for index in range(HORIZON_DAYS) if (301 + index) % 7 == 5]
    assert len(closed) == 13
    for column in ("net_revenue", "lower_95_net_revenue", "upper_95_net_revenue"):
        assert np.flatnonzero(money(rows, column) == 0).tolist() == closed
    assert rows[0]["method"] == "ets"


def test_a_week_of_holidays_and_a_huge_order_do_not_become_the_level() -> None:
    series = noisy(250, seed=11)
    disturbed = series.copy()
    disturbed[-20:-15] = 0
    disturbed[-3] *= 40
    quiet, loud = (smoothing_of_weeks(one, 90).points().sum() for one in (series, disturbed))
    assert loud == pytest.approx(quiet, rel=0.05)


def test_bounds_are_negative_only_where_a_day_has_been() -> None:
    wild = noisy(60, seed=12, share=0.5)
    wild = np.maximum(wild, 0)
    assert seasonal_naive(wild, 90).bounds(1.96)[0].min() == 0
    wild[30] = -20.0
    assert seasonal_naive(wild, 90).bounds(1.96)[0].min() < 0


@pytest.mark.parametrize(
    ("days", "status", "method"),
    [
        (1, "too_little_history", None),
        (14, "too_little_history", None),
        (15, "no_backtest", "seasonal_naive"),
        (146, "no_backtest", "seasonal_naive"),
        (147, "ets_is_better", "ets"),
        (510, "ets_is_better", "ets"),
        (511, "ets_is_better", "ets_yearly"),
    ],
)
def test_what_is_tried_depends_on_the_days_there_are(
    days: int, status: str, method: str | None
) -> None:
    """`days` with as_of_date, which is not counted: 14 to repeat a week, 56 + 90, 420 + 90."""
    rows = rows_of(noisy(days, seed=20))
    assert len(rows) == HORIZON_DAYS
    assert {(row["status"], row["method"]) for row in rows} == {(status, method)}
    assert {row["net_revenue"] is None for row in rows} == {method is None}
    assert [row["forecast_date"] for row in rows] == calendar(days + 90)[days:]


def test_without_a_day_there_are_no_rows_but_all_columns() -> None:
    empty = forecast_table([], np.array([]))
    assert empty.num_rows == 0
    assert empty.schema == forecast_table(calendar(20), weekly(20)).schema


@pytest.mark.parametrize("level", [0.0, 25.5])
def test_a_constant_series_stays_what_it_is(level: float) -> None:
    rows = rows_of(np.full(300, level))
    assert {row["net_revenue"] for row in rows} == {Decimal(str(level)).quantize(Decimal("0.0001"))}
    assert {row["upper_95_net_revenue"] for row in rows} == {rows[0]["net_revenue"]}
    assert rows[0]["status"] == "every_week_alike"


def hostile_series() -> dict[str, Numbers]:
    random = np.random.default_rng(14)
    sparse = np.where(random.random(200) < 0.05, 50.0, 0.0)
    spike = noisy(200, seed=15)
    spike[150] = 5e10
    one_weekday = np.where(np.arange(200) % 7 == 3, noisy(200, seed=16), 0.0)
    died = noisy(300, seed=17)
    died[150:] = 0
    return {
        "sparse": sparse,
        "spike": spike,
        "one weekday": one_weekday,
        "died": died,
        "both signs": 100 * random.standard_normal(200),
        "cents": 0.01 * np.round(random.random(200)),
        "explosive": 1.1 ** np.arange(250),
    }


@pytest.mark.parametrize("name", hostile_series().keys())
def test_no_series_breaks_a_build_or_warns(name: str) -> None:
    series = hostile_series()[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = rows_of(series)
    lower, middle, upper = (
        money(rows, f"{part}net_revenue") for part in ("lower_95_", "", "upper_95_")
    )
    assert np.all((lower <= middle) & (middle <= upper))


def test_one_weekday_is_no_pattern_to_fit() -> None:
    one_weekday = hostile_series()["one weekday"]
    with pytest.raises(NoForecastError):
        smoothing_of_weeks(one_weekday, 90)
    assert choose(one_weekday).status == "ets_not_fitted"
