"""BG/NBD: how often customers buy, and whether they still do.

Fader, Hardie and Lee (2005), "Counting Your Customers" the Easy Way: An Alternative to the Pareto/NBD
Model, Marketing Science 24 (2), 275-284. A customer buys at random at a rate of their own, gamma
distributed over customers with shape r and rate alpha (in weeks), and may leave for ever after each
purchase with a probability of their own, beta distributed with a and b.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from analytics.lifetime_value.distinct_rows import distinct_rows, group_rows
from analytics.lifetime_value.likelihood import (
    LIKENESS,
    Fit,
    Floats,
    Likelihood,
    maximise,
    not_fitted,
    sum_over_blocks,
)

PARAMETERS = ("r", "alpha", "a", "b")
# Four parameters from fewer customers, or fewer that came back, would be a story rather than a figure.
FEWEST_CUSTOMERS = 50
FEWEST_REPEATING = 10
# r, alpha, a, b in units of the mean age: slow and quick buyers, loyal and fickle ones, like and unlike.
STARTS = tuple(
    (r, r * pace, a, b)
    for r, pace in ((0.3, 1.0), (1.0, 0.1), (5.0, 1.0))
    for a, b in ((0.8, 2.5), (0.1, 2.0))
)
# Where a is this close to 1, the closed form divides nothing by nothing.
_NEAR_ONE = 1e-3
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)


@dataclass(frozen=True)
class Histories:
    """Distinct purchase histories and how many customers have each; arrays of one length.

    repeats: purchases after the first (x); recency: weeks from the first to the last (t_x); age: weeks
    from the first to now (T). Any unit of time will do instead of weeks: alpha is then in that unit.
    """

    repeats: Floats
    recency: Floats
    age: Floats
    customers: Floats

    @classmethod
    def of(
        cls,
        repeats: npt.ArrayLike,
        recency: npt.ArrayLike,
        age: npt.ArrayLike,
        customers: npt.ArrayLike | None = None,
    ) -> Histories:
        """Group equal histories and sort them, so that neither order nor grouping moves a digit."""
        (x, t_x, t), counts = group_rows((repeats, recency, age), customers)
        return cls(x, t_x, t, counts)

    def every(self, step: int) -> Histories:
        """Every so many of them: a small likeness, since they are sorted."""
        return Histories(
            self.repeats[::step], self.recency[::step], self.age[::step], self.customers[::step]
        )


def fit(histories: Histories) -> Fit:
    """r, alpha (in the histories' unit of time), a and b of greatest likelihood.

    The log-likelihood is the paper's equation 6 summed over customers.
    """
    customers = int(histories.customers.sum())
    reason = _why_not_to_fit(histories, customers)
    if reason:
        return not_fitted(customers, reason)
    weeks = float((histories.age * histories.customers).sum() / customers)
    purchases = float((histories.repeats * histories.customers).sum())
    scaled = Histories(
        histories.repeats, histories.recency / weeks, histories.age / weeks, histories.customers
    )
    likelihood = _likelihood(scaled)
    step = len(scaled.age) // LIKENESS + 1
    return maximise(
        likelihood,
        likelihood if step == 1 else _likelihood(scaled.every(step)),
        PARAMETERS,
        STARTS,
        units=(1.0, weeks, 1.0, 1.0),
        customers=customers,
        unit_log_likelihood=-purchases * float(np.log(weeks)),
    )


def _why_not_to_fit(histories: Histories, customers: int) -> str | None:
    repeating = int(histories.customers[histories.repeats > 0].sum())
    if customers < FEWEST_CUSTOMERS:
        return f"not fitted: {customers} customers, at least {FEWEST_CUSTOMERS} are needed"
    if repeating < FEWEST_REPEATING:
        return (
            f"not fitted: {repeating} customers came back on another day,"
            f" at least {FEWEST_REPEATING} are needed"
        )
    recency, came_back = histories.recency, histories.repeats > 0
    can_be = (recency <= histories.age) & (recency >= 0) & ((recency > 0) == came_back)
    if not can_be.all():
        return "not fitted: a customer's last order lies after the day to which ages are counted"
    return None


def _likelihood(histories: Histories) -> Likelihood:
    """The mean log-likelihood and its gradient, with what depends on x or on a time alone done once."""
    repeats, repeats_at = np.unique(histories.repeats, return_inverse=True)
    recency, recency_at = np.unique(histories.recency, return_inverse=True)
    age, age_at = np.unique(histories.age, return_inverse=True)
    share = histories.customers / histories.customers.sum()
    came_back = histories.repeats > 0

    def likelihood(parameters: Floats) -> tuple[float, Floats]:
        r, alpha, a, b = parameters
        returns = np.maximum(repeats, 1.0)
        by_repeats = (
            special.gammaln(r + repeats)
            - special.gammaln(r)
            + r * np.log(alpha)
            + special.betaln(a, b + repeats)
            - special.betaln(a, b)
        )
        log_odds = np.log(a / (b + returns - 1))
        log_age, log_recency = np.log(alpha + age), np.log(alpha + recency)
        r_by_repeats = special.digamma(r + repeats) - special.digamma(r) + np.log(alpha)
        both_by_repeats = special.digamma(a + b) - special.digamma(a + b + repeats)
        b_by_repeats = both_by_repeats + special.digamma(b + repeats) - special.digamma(b)

        def of_block(rows: slice) -> list[float]:
            x, t_x, t, weight = repeats_at[rows], recency_at[rows], age_at[rows], share[rows]
            count = (r + repeats)[x]
            to_age, to_last = log_age[t], log_recency[t_x]
            left = log_odds[x] + count * (to_age - to_last)
            odds_left = np.where(came_back[rows], left, -np.inf)
            value = by_repeats[x] - count * to_age + np.logaddexp(0.0, odds_left)
            gone = special.expit(odds_left)
            d_r = r_by_repeats[x] - (1 - gone) * to_age - gone * to_last
            d_alpha = r / alpha - count * (
                (1 - gone) / (alpha + age)[t] + gone / (alpha + recency)[t_x]
            )
            d_a = both_by_repeats[x] + gone / a
            d_b = b_by_repeats[x] - gone / (b + returns - 1)[x]
            return [float((weight * part).sum()) for part in (value, d_r, d_alpha, d_a, d_b)]

        value, *gradient = sum_over_blocks(len(share), of_block)
        return float(value), np.asarray(gradient)

    return likelihood


def p_alive(parameters: dict[str, float], repeats: Floats, recency: Floats, age: Floats) -> Floats:
    """Probability that a customer with this history still buys, 0 to 1; 1 without a repeat purchase.

    Fader, Hardie and Lee (2008), "Computing P(alive) Using the BG/NBD Model", equation 1. Times in
    the unit of alpha.
    """
    r, alpha, a, b = (parameters[name] for name in PARAMETERS)
    odds_left = np.log(a / (b + np.maximum(repeats, 1.0) - 1)) + (r + repeats) * np.log(
        (alpha + age) / (alpha + recency)
    )
    return np.where(repeats > 0, special.expit(-odds_left), 1.0)


def expected_purchases(
    parameters: dict[str, float], weeks: float, repeats: Floats, recency: Floats, age: Floats
) -> Floats:
    """Purchases to expect in the next `weeks` of a customer with this history: equation 10.

    The paper's Gaussian hypergeometric function overflows for many purchases. With Pfaff's
    transformation its factor (1 - z) ** (r + x) is gone, and with Euler's what is left has small
    arguments only. Times in the unit of alpha.
    """
    if_alive = _expected_if_alive(parameters, weeks, repeats, age)
    return p_alive(parameters, repeats, recency, age) * if_alive


def _expected_if_alive(
    parameters: dict[str, float], weeks: float, repeats: Floats, age: Floats
) -> Floats:
    """The same of a customer who is known to be alive; depends on x and T alone."""
    (x, t), place = distinct_rows((repeats, age))
    r, alpha, a, b = (parameters[name] for name in PARAMETERS)
    if abs(a - 1) < _NEAR_ONE:
        expected = _integrated(parameters, weeks, x, t)
    else:
        share = weeks / (alpha + t + weeks)
        none = np.exp((a - 1) * np.log1p(-share)) * special.hyp2f1(
            a + b - 1 - r, a - 1, a + b + x - 1, share
        )
        expected = (a + b + x - 1) / (a - 1) * (1 - none)
        # SciPy has no figure for some arguments far out; the integral has one for all.
        lost = ~np.isfinite(expected) | (expected < 0)
        expected[lost] = _integrated(parameters, weeks, x[lost], t[lost])
    return np.asarray(expected[place])


def _integrated(parameters: dict[str, float], weeks: float, x: Floats, t: Floats) -> Floats:
    """The rate of purchases of a living customer, integrated over the coming weeks.

    At s weeks from now it is (r + x) / (alpha + T) (1 + y) ** -(r + x + 1) 2F1(r + x + 1, a; a + b + x;
    -y) with y = s / (alpha + T), here after Pfaff's transformation.
    """
    r, alpha, a, b = (parameters[name] for name in PARAMETERS)
    total = np.zeros_like(x)
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        s = weeks * (node + 1) / 2
        y = s / (alpha + t)
        decay = np.exp(-a * np.log1p(y)) * special.hyp2f1(a + b - 1 - r, a, a + b + x, y / (1 + y))
        total += weight * weeks / 2 * (r + x) / (alpha + t) * decay
    return total
