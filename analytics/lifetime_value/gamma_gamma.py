"""Gamma-Gamma: how much customers spend when they buy.

Fader and Hardie (2013), "The Gamma-Gamma Model of Monetary Value", brucehardie.com/notes/025. The
value of a purchase is gamma distributed with shape p around a mean of the customer's own; the
inverse scale of that is gamma distributed over customers with shape q and rate gamma (in money).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from analytics.lifetime_value.distinct_rows import group_rows
from analytics.lifetime_value.likelihood import (
    LIKENESS,
    Fit,
    Floats,
    Likelihood,
    maximise,
    not_fitted,
    sum_over_blocks,
)

PARAMETERS = ("p", "q", "gamma")
# Three parameters from fewer customers would be a story rather than a figure.
FEWEST_CUSTOMERS = 10
# p, q, gamma in units of the mean spend: even spenders and uneven ones, like each other and unlike.
STARTS = ((5.0, 4.0, 0.5), (1.0, 3.0, 1.0), (30.0, 10.0, 0.3), (2.0, 1.2, 0.2))


@dataclass(frozen=True)
class Spending:
    """Distinct spendings and how many customers have each; arrays of one length.

    purchases: the purchases that were counted (x); total: what they came to together, in money.
    """

    purchases: Floats
    total: Floats
    customers: Floats

    @classmethod
    def of(
        cls,
        purchases: npt.ArrayLike,
        total: npt.ArrayLike,
        customers: npt.ArrayLike | None = None,
    ) -> Spending:
        """Group and sort, without customers who bought nothing or for nothing (or less)."""
        (bought, came_to), counts = group_rows((purchases, total), customers)
        counted = (bought > 0) & (came_to > 0)
        return cls(bought[counted], came_to[counted], counts[counted])

    def every(self, step: int) -> Spending:
        """Every so many of them: a small likeness, since they are sorted."""
        return Spending(self.purchases[::step], self.total[::step], self.customers[::step])


def fit(spending: Spending) -> Fit:
    """p, q and gamma (in the spending's money) of greatest likelihood.

    The log-likelihood is that of the note's equation 1a (the density of the mean spend given x),
    summed over customers.
    """
    customers = int(spending.customers.sum())
    if customers < FEWEST_CUSTOMERS:
        return not_fitted(
            customers,
            f"not fitted: {customers} customers with a purchase of value on another day,"
            f" at least {FEWEST_CUSTOMERS} are needed",
        )
    mean = float((spending.customers * spending.total / spending.purchases).sum() / customers)
    scaled = Spending(spending.purchases, spending.total / mean, spending.customers)
    likelihood = _likelihood(scaled)
    step = len(scaled.total) // LIKENESS + 1
    return maximise(
        likelihood,
        likelihood if step == 1 else _likelihood(scaled.every(step)),
        PARAMETERS,
        STARTS,
        units=(1.0, 1.0, mean),
        customers=customers,
        unit_log_likelihood=-customers * float(np.log(mean)),
    )


def _likelihood(spending: Spending) -> Likelihood:
    """The mean log-likelihood and its gradient, with what depends on x alone done once for each x."""
    purchases, at = np.unique(spending.purchases, return_inverse=True)
    share = spending.customers / spending.customers.sum()
    log_total = np.log(spending.total)
    of_no_parameter = float((share * (log_total - np.log(spending.purchases))).sum())

    def likelihood(parameters: Floats) -> tuple[float, Floats]:
        p, q, gamma = parameters
        shape = p * purchases
        by_purchases = special.gammaln(shape + q) - special.gammaln(shape) - special.gammaln(q)
        d_both = special.digamma(shape + q)
        p_by_purchases = d_both - special.digamma(shape)
        q_by_purchases = d_both - special.digamma(q)

        def of_block(rows: slice) -> list[float]:
            x, total, weight = at[rows], spending.total[rows], share[rows]
            log_sum = np.log(gamma + total)
            both = (shape + q)[x]
            value = by_purchases[x] + q * np.log(gamma) + shape[x] * log_total[rows]
            value = value - both * log_sum
            d_p = spending.purchases[rows] * (p_by_purchases[x] + log_total[rows] - log_sum)
            d_q = q_by_purchases[x] + np.log(gamma) - log_sum
            d_gamma = q / gamma - both / (gamma + total)
            return [float((weight * part).sum()) for part in (value, d_p, d_q, d_gamma)]

        value, *gradient = sum_over_blocks(len(share), of_block)
        return float(value) - of_no_parameter, np.asarray(gradient)

    return likelihood
