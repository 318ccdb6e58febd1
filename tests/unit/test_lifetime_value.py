"""BG/NBD and Gamma-Gamma: the published figures of CDNOW, and figures worked out in other ways."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from scipy import integrate, special

from analytics.lifetime_value import bg_nbd, gamma_gamma, tables
from analytics.lifetime_value.likelihood import BLOCK, LIKENESS
from tests.unit.cdnow import END_OF_DATA, Cdnow, floats
from tests.unit.simulated_customers import simulate

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
# Slow and quick buyers, few and many who leave; a below, at, next to and above 1.
SHOPS = [
    PUBLISHED,
    {"r": 1.5, "alpha": 2.0, "a": 1.0, "b": 3.0},
    {"r": 0.8, "alpha": 10.0, "a": 1.0004, "b": 0.7},
    {"r": 4.0, "alpha": 1.0, "a": 2.5, "b": 8.0},
    {"r": 0.8, "alpha": 9.9, "a": 0.0034, "b": 6.8},
    {"r": 30.0, "alpha": 12.0, "a": 0.2, "b": 40.0},
]


@pytest.fixture(scope="module")
def cdnow(test_data: Path) -> Cdnow:
    return Cdnow(test_data / "cdnow" / "CDNOW_sample.txt")


@pytest.fixture(scope="module")
def cdnow_fit(cdnow: Cdnow) -> bg_nbd.Fit:
    return bg_nbd.fit(bg_nbd.Histories.of(cdnow.repeats, cdnow.recency, cdnow.age))


def shop(customers: int, seed: int = 3) -> bg_nbd.Histories:
    """A simulated shop, whose customers came one after the other over a year."""
    made = simulate(SHOPS[3], np.linspace(1, 52, customers), 0, seed)
    return bg_nbd.Histories.of(made.repeats, made.recency, made.age)


def test_bg_nbd_of_cdnow_is_what_was_published(cdnow_fit: bg_nbd.Fit) -> None:
    """Fader, Hardie and Lee (2005), table 2."""
    assert cdnow_fit.status == "converged"
    assert cdnow_fit.customers == 2357
    assert {name: round(value, 3) for name, value in cdnow_fit.parameters.items()} == PUBLISHED
    assert cdnow_fit.log_likelihood is not None
    assert round(cdnow_fit.log_likelihood, 1) == -9582.4


def test_gamma_gamma_of_cdnow_is_what_was_published(cdnow: Cdnow) -> None:
    """Fader and Hardie (2013): the 946 customers with a repeat purchase in weeks 1 to 39."""
    fit = gamma_gamma.fit(gamma_gamma.Spending.of(cdnow.repeats, cdnow.total))
    assert fit.customers == 946
    rounded = {name: round(value, 2) for name, value in fit.parameters.items()}
    assert rounded == {"p": 6.25, "q": 3.74, "gamma": 15.44}
    assert fit.log_likelihood is not None
    assert round(fit.log_likelihood, 2) == -4055.92


def test_expected_purchases_of_cdnow_track_the_weeks_that_came(
    cdnow: Cdnow, cdnow_fit: bg_nbd.Fit
) -> None:
    """Weeks 40 to 78, which the fit has not seen, by repeat purchases in weeks 1 to 39.

    As in the paper's figure of conditional expectations the model follows the real means, from below
    in every group. Customers with seven and more are the heart of the figure.
    """
    expected = bg_nbd.expected_purchases(
        cdnow_fit.parameters, 39, cdnow.repeats, cdnow.recency, cdnow.age
    )
    group = np.minimum(cdnow.repeats, 7)
    counts = [int((group == n).sum()) for n in range(8)]
    assert counts == [1411, 439, 214, 100, 62, 38, 29, 64]
    real = floats([cdnow.later[group == n].mean() for n in range(8)])
    model = floats([expected[group == n].mean() for n in range(8)])
    assert real.round(3).tolist() == [0.237, 0.697, 1.393, 1.56, 2.532, 2.947, 3.862, 6.359]
    # Four standard errors of the real mean, and what the worst group (two purchases) misses.
    noise = floats([cdnow.later[group == n].std() / np.sqrt(counts[n]) for n in range(8)])
    assert (np.abs(model - real) < np.maximum(4 * noise, 0.1)).all()
    assert (np.diff(model) > 0).all()
    assert abs(expected.sum() / cdnow.later.sum() - 1) < 0.125
    assert np.corrcoef(expected, cdnow.later)[0, 1] == pytest.approx(0.626, abs=0.001)


def test_purchases_of_the_whole_cohort_are_missed_by_four_per_cent(
    cdnow: Cdnow, cdnow_fit: bg_nbd.Fit
) -> None:
    """All repeat purchases of weeks 1 to 78: 4,339 were made."""
    nothing = np.zeros(1)
    expected = 0.0
    for day, customers in Counter(cdnow.first_days).items():
        weeks = (END_OF_DATA - day).days / 7
        each = bg_nbd.expected_purchases(cdnow_fit.parameters, weeks, nothing, nothing, nothing)
        expected += customers * float(each[0])
    made = cdnow.repeats.sum() + cdnow.later.sum()
    assert made == 4339
    assert -0.045 < expected / made - 1 < -0.035


@pytest.mark.parametrize("parameters", SHOPS)
def test_p_alive_and_expected_purchases_are_integrals_over_all_customers(
    parameters: dict[str, float],
) -> None:
    """By the model's definition, the purchase rate integrated by hand and the coin by quadrature."""
    r, alpha, a, b = parameters.values()
    for x, t_x, age, weeks in [(0, 0, 30, 52), (1, 2, 3, 1), (2, 30, 38.9, 39), (40, 51, 52, 52)]:

        def over_coin(function: object, more: float, x: int = x) -> float:
            """The mean of function(p) over beta(a, b), times (1 - p) ** (x - more)."""
            value, _ = integrate.quad(
                function, 0, 1, weight="alg", wvar=(a - 1, b + x - more - 1), limit=400
            )
            return float(value)

        rate, count = alpha + age, r + x
        here = over_coin(lambda _: 1.0, 0)
        left = (rate / (alpha + t_x)) ** count * over_coin(lambda p: p, 1) if x else 0.0
        history = floats([x]), floats([t_x]), floats([age])
        alive = bg_nbd.p_alive(parameters, *history)[0]
        assert alive == pytest.approx(here / (here + left), rel=1e-7)

        def coming(p: float, rate: float = rate, count: float = count, t: float = weeks) -> float:
            if p * t / rate < 1e-12:
                return count * t / rate
            return float(-np.expm1(-count * np.log1p(p * t / rate)) / p)

        expected = over_coin(coming, 0) / (here + left)
        found = bg_nbd.expected_purchases(parameters, weeks, *history)[0]
        assert found == pytest.approx(expected, rel=1e-6)


def test_who_never_came_back_is_alive_to_this_model() -> None:
    ages = floats([0, 0.1, 10, 5000])
    never = np.zeros_like(ages)
    assert bg_nbd.p_alive(PUBLISHED, never, never, ages).tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("parameters", SHOPS)
def test_many_purchases_and_long_times_overflow_nothing(parameters: dict[str, float]) -> None:
    repeats, recency, age = (
        floats(column)
        for column in zip(
            (5000, 51.99, 52), (5000, 1, 52), (300, 2000, 2000.1), (0, 0, 1e6), (1, 1e-6, 1e6),
            strict=True,
        )
    )  # fmt: skip
    expected = bg_nbd.expected_purchases(parameters, 52, repeats, recency, age)
    alive = bg_nbd.p_alive(parameters, repeats, recency, age)
    assert np.isfinite(expected).all()
    assert ((expected >= 0) & (alive >= 0) & (alive <= 1)).all()
    # Who bought 5,000 times in a year, up to yesterday, buys on at about that pace, while they stay.
    assert 0.2 * 5000 < expected[0] < 5200


def test_the_closed_form_and_the_integral_meet_where_a_is_one() -> None:
    """At a = 1 the closed form divides 0 by 0; on both sides it must lead to what is taken there."""
    history = floats([0, 3, 20]), floats([0, 20, 50]), floats([30, 30, 52])
    values = [
        bg_nbd.expected_purchases({**PUBLISHED, "a": a}, 52, *history)
        for a in (0.9989, 0.9991, 1.0, 1.0009, 1.0011)
    ]
    steps = np.diff(np.log(values), axis=0)
    assert (steps < 0).all(), "who leaves more easily buys less"
    per_unit = steps / floats([0.0002, 0.0009, 0.0009, 0.0002])[:, None]
    assert np.ptp(per_unit, axis=0) == pytest.approx(np.zeros(3), abs=0.003)


def test_simulated_customers_buy_as_often_as_expected() -> None:
    made = simulate(PUBLISHED, np.linspace(5, 60, 200_000), 52, seed=11)
    expected = bg_nbd.expected_purchases(PUBLISHED, 52, made.repeats, made.recency, made.age)
    for is_in in (made.repeats == 0, made.repeats == 1, made.repeats > 6):
        noise = made.later[is_in].std() / np.sqrt(is_in.sum())
        assert abs(expected[is_in].mean() - made.later[is_in].mean()) < 4 * noise


@pytest.mark.parametrize("parameters", [SHOPS[0], SHOPS[3]])
def test_the_parameters_of_simulated_customers_are_found_again(
    parameters: dict[str, float],
) -> None:
    made = simulate(parameters, np.linspace(5, 60, 10_000), 0, seed=5)
    fit = bg_nbd.fit(bg_nbd.Histories.of(made.repeats, made.recency, made.age))
    for name, value in parameters.items():
        assert abs(fit.parameters[name] - value) < 4 * fit.standard_errors[name], name
        assert fit.standard_errors[name] < 0.3 * value


def test_the_parameters_of_simulated_spenders_are_found_again() -> None:
    random = np.random.default_rng(9)
    known = {"p": 6.25, "q": 3.74, "gamma": 15.44}
    purchases = random.integers(1, 9, 30_000).astype(float)
    scale = 1 / random.gamma(known["q"], 1 / known["gamma"], len(purchases))
    total = random.gamma(known["p"] * purchases, scale)
    fit = gamma_gamma.fit(gamma_gamma.Spending.of(purchases, total))
    for name, value in known.items():
        assert abs(fit.parameters[name] - value) < 4 * fit.standard_errors[name], name
        assert fit.standard_errors[name] < 0.1 * value


def test_a_part_of_many_customers_leads_to_the_maximum_of_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Many histories are fitted from the curvature of some; a search through all finds the same."""
    made = simulate(SHOPS[3], np.linspace(5, 60, BLOCK + 2000), 0, seed=5)
    histories = bg_nbd.Histories.of(made.repeats, made.recency, made.age)
    assert len(histories.age) > BLOCK > LIKENESS, "nothing would be left out"
    found = bg_nbd.fit(histories)
    monkeypatch.setattr(bg_nbd, "LIKENESS", len(histories.age) + 1)
    monkeypatch.setattr(bg_nbd, "STARTS", bg_nbd.STARTS[:1])
    searched = bg_nbd.fit(histories)
    assert found.is_converged
    assert searched.is_converged
    assert found.parameters == pytest.approx(searched.parameters, rel=1e-6)
    assert found.log_likelihood == pytest.approx(searched.log_likelihood, rel=1e-12)


def test_neither_order_nor_grouping_moves_a_digit() -> None:
    made = simulate(SHOPS[3], np.linspace(1, 52, 1000).round(), 0, seed=1)
    days = np.ceil(made.recency * 7)
    plain = bg_nbd.Histories.of(made.repeats, days, made.age * 7)
    order = np.random.default_rng(2).permutation(len(days))
    shuffled = bg_nbd.Histories.of(made.repeats[order], days[order], made.age[order] * 7)
    grouped = bg_nbd.Histories.of(
        *(np.concatenate([column, column]) for column in (plain.repeats, plain.recency, plain.age)),
        np.concatenate([plain.customers - 1, np.ones(len(plain.age))]),
    )
    assert len(plain.age) < 1000, "nobody shares a history: grouping would not be tested"
    for other in (shuffled, grouped):
        for one, another in zip(
            dataclasses.astuple(plain), dataclasses.astuple(other), strict=True
        ):
            assert one.tolist() == another.tolist()
    assert bg_nbd.fit(plain) == bg_nbd.fit(shuffled)
    total = made.repeats * 7 + 0.25
    spending = gamma_gamma.Spending.of(made.repeats, total)
    other = gamma_gamma.Spending.of(made.repeats[order], total[order])
    assert gamma_gamma.fit(spending) == gamma_gamma.fit(other)


def test_threads_move_no_digit() -> None:
    program = (
        "from tests.unit.test_lifetime_value import shop; from analytics.lifetime_value import bg_nbd;"
        "print(bg_nbd.fit(shop(500)))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "4")
    }
    assert len(told) == 1
    assert "converged" in told.pop()


@pytest.mark.parametrize("unit", [7, 1 / 52, 86_400 * 7])
def test_the_unit_of_time_scales_alpha_alone(unit: float) -> None:
    made = shop(1000)
    weeks = bg_nbd.fit(made)
    other = bg_nbd.fit(
        bg_nbd.Histories(made.repeats, made.recency * unit, made.age * unit, made.customers)
    )
    assert other.is_converged
    for name, value in weeks.parameters.items():
        times = unit if name == "alpha" else 1
        assert other.parameters[name] == pytest.approx(times * value, rel=1e-5)
    purchases = (made.repeats * made.customers).sum()
    assert other.log_likelihood == pytest.approx(
        weeks.log_likelihood - purchases * np.log(unit), rel=1e-9
    )


@pytest.mark.parametrize("unit", [1e-4, 1e9])
def test_the_unit_of_money_scales_gamma_alone(cdnow: Cdnow, unit: float) -> None:
    dollars = gamma_gamma.fit(gamma_gamma.Spending.of(cdnow.repeats, cdnow.total))
    other = gamma_gamma.fit(gamma_gamma.Spending.of(cdnow.repeats, cdnow.total * unit))
    assert other.parameters["p"] == pytest.approx(dollars.parameters["p"], rel=1e-5)
    assert other.parameters["gamma"] == pytest.approx(unit * dollars.parameters["gamma"], rel=1e-5)
    assert other.log_likelihood == pytest.approx(
        dollars.log_likelihood - 946 * np.log(unit), rel=1e-9
    )


def test_a_shop_of_five_days_has_figures_or_says_why_not() -> None:
    made = simulate(
        {"r": 1.0, "alpha": 1.0, "a": 0.8, "b": 2.0}, np.repeat([1, 2, 3, 4, 5], 200) / 7, 0, seed=4
    )
    fit = bg_nbd.fit(bg_nbd.Histories.of(made.repeats, made.recency, made.age))
    assert fit.is_converged == bool(fit.parameters) == (fit.status == "converged")
    assert fit.is_converged or "do not tell the parameters apart" in fit.status


def histories(customers: int, repeating: int) -> bg_nbd.Histories:
    """`repeating` customers came back, each on a day of their own; the others never did."""
    repeats = np.zeros(customers)
    repeats[:repeating] = 1 + np.arange(repeating) % 4
    age = 40 - np.arange(customers) % 7
    recency = np.where(repeats > 0, age * (1 + np.arange(customers) % 5) / 6, 0)
    return bg_nbd.Histories.of(repeats, recency, age)


def test_too_few_customers_are_not_fitted() -> None:
    few = bg_nbd.fit(histories(49, 20))
    assert few.status == "not fitted: 49 customers, at least 50 are needed"
    assert (few.parameters, few.log_likelihood, few.customers) == ({}, None, 49)
    assert not bg_nbd.fit(histories(50, 20)).status.startswith("not fitted")


def test_too_few_who_came_back_are_not_fitted() -> None:
    few = bg_nbd.fit(histories(60, 9))
    assert few.status == "not fitted: 9 customers came back on another day, at least 10 are needed"
    assert not bg_nbd.fit(histories(60, 10)).status.startswith("not fitted")


def test_too_few_spenders_are_not_fitted() -> None:
    total = floats([10, 20, 15, 12, 30, 22, 18, 9, 14, 0, -5])
    few = gamma_gamma.fit(gamma_gamma.Spending.of(np.ones(11), total))
    assert few.customers == 9, "one who spent nothing and one who spent less do not count"
    assert few.status.startswith("not fitted: 9 customers with a purchase of value")
    total[9] = 11
    enough = gamma_gamma.fit(gamma_gamma.Spending.of(np.ones(11), total))
    assert not enough.status.startswith("not fitted")


def test_a_last_order_after_the_end_is_not_fitted() -> None:
    made = shop(200)
    late = made.recency.copy()
    late[-1] = made.age[-1] + 0.5
    fit = bg_nbd.fit(bg_nbd.Histories(made.repeats, late, made.age, made.customers))
    assert "lies after the day to which ages are counted" in fit.status


@pytest.mark.parametrize(
    ("repeats", "recency", "age"),
    [
        (np.full(300, 3.0), np.full(300, 5.0), np.full(300, 10.0)),
        (np.full(300, 9.0), np.full(300, 9.99), np.full(300, 10.0)),
    ],
    ids=["all alike", "all come every week"],
)
def test_customers_who_are_all_alike_do_not_converge(
    repeats: np.ndarray, recency: np.ndarray, age: np.ndarray
) -> None:
    fit = bg_nbd.fit(bg_nbd.Histories.of(repeats, recency, age))
    assert not fit.is_converged
    assert (fit.parameters, fit.standard_errors, fit.log_likelihood) == ({}, {}, None)
    assert fit.status.startswith("not converged: ")
    assert "do not tell the parameters apart" in fit.status


def test_spenders_who_all_spend_the_same_do_not_converge() -> None:
    fit = gamma_gamma.fit(gamma_gamma.Spending.of(np.full(300, 2.0), np.full(300, 40.0)))
    assert not fit.is_converged
    assert "do not tell the parameters apart" in fit.status


def table(**columns: list[float]) -> pa.Table:
    return pa.table({name: pa.array(values, pa.int64()) for name, values in columns.items()})


def test_a_shop_without_orders_has_seven_empty_parameters_and_no_scores() -> None:
    nobody = table(repeat_purchases=[], recency_days=[], age_days=[], customers=[])
    spending = table(repeat_purchases=[], repeat_revenue=[], customers=[])
    models = tables.fitted_models(nobody, spending)
    assert models.column("parameter").to_pylist() == ["r", "alpha", "a", "b", "p", "q", "gamma"]
    assert models.column("value").null_count == 7
    assert models.column("customers").to_pylist() == [0] * 7
    assert not any(models.column("is_converged").to_pylist())
    assert "not fitted: 0 customers" in models.column("status").to_pylist()[0]
    assert tables.scored_histories(nobody, models).num_rows == 0


def test_without_a_fitted_model_scores_are_null() -> None:
    nobody = table(repeat_purchases=[], recency_days=[], age_days=[], customers=[])
    spending = table(repeat_purchases=[], repeat_revenue=[], customers=[])
    models = tables.fitted_models(nobody, spending)
    scored = tables.scored_histories(
        table(repeat_purchases=[0, 2], recency_days=[0, 7], age_days=[9, 9]), models
    )
    assert scored.column("repeat_purchases").to_pylist() == [0, 2]
    assert scored.column("p_alive").to_pylist() == [None, None]
    assert scored.column("expected_orders").to_pylist() == [None, None]


def test_tables_count_in_days_and_models_in_weeks(cdnow: Cdnow, cdnow_fit: bg_nbd.Fit) -> None:
    columns = {
        "repeat_purchases": cdnow.repeats.astype(int),
        "recency_days": (7 * cdnow.recency).round().astype(int),
        "age_days": (7 * cdnow.age).round().astype(int),
        "customers": np.ones(2357, dtype=int),
    }
    spending = {
        "repeat_purchases": columns["repeat_purchases"],
        "repeat_revenue": pa.array([f"{total:.2f}" for total in cdnow.total]).cast(
            pa.decimal128(18, 4)
        ),
        "customers": columns["customers"],
    }
    models = tables.fitted_models(pa.table(columns), pa.table(spending))
    assert models.column("value").to_pylist()[:4] == pytest.approx(
        list(cdnow_fit.parameters.values()), rel=1e-9
    )
    assert models.column("value").to_pylist()[4:] == pytest.approx([6.25, 3.74, 15.44], abs=0.006)
    scored = tables.scored_histories(pa.table(columns), models)
    expected = bg_nbd.expected_purchases(
        cdnow_fit.parameters, 52, cdnow.repeats, cdnow.recency, cdnow.age
    )
    assert scored.column("expected_orders").to_pylist() == pytest.approx(expected, rel=1e-7)


def test_the_integral_is_the_same_as_the_papers_formula() -> None:
    """Equation 10 as it is printed, where it does not overflow."""
    r, alpha, a, b = PUBLISHED.values()
    x, t_x, age, t = 2, 30.43, 38.86, 39
    z = t / (alpha + age + t)
    bracket = 1 - (1 - z) ** (r + x) * special.hyp2f1(r + x, b + x, a + b + x - 1, z)
    left = a / (b + x - 1) * ((alpha + age) / (alpha + t_x)) ** (r + x)
    printed = (a + b + x - 1) / (a - 1) * bracket / (1 + left)
    # The paper's worked example (customer 0001, 39 weeks): 1.226.
    assert printed == pytest.approx(1.226, abs=0.001)
    found = bg_nbd.expected_purchases(PUBLISHED, t, floats([x]), floats([t_x]), floats([age]))
    assert found[0] == pytest.approx(printed, rel=1e-12)
