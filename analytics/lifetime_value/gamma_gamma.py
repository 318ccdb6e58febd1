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
    return maximise(
        _likelihood(scaled),
        _likelihood(scaled.every(len(scaled.total) // LIKENESS + 1)),
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
        log_sum = np.log(gamma + spending.total)
        by_purchases = special.gammaln(shape + q) - special.gammaln(shape) - special.gammaln(q)
        both = (shape + q)[at]
        value = by_purchases[at] + q * np.log(gamma) + shape[at] * log_total - both * log_sum
        d_both = special.digamma(shape + q)
        d_p = spending.purchases * ((d_both - special.digamma(shape))[at] + log_total - log_sum)
        d_q = (d_both - special.digamma(q))[at] + np.log(gamma) - log_sum
        d_gamma = q / gamma - both / (gamma + spending.total)
        gradient = [float((share * part).sum()) for part in (d_p, d_q, d_gamma)]
        return float((share * value).sum()) - of_no_parameter, np.asarray(gradient)

    return likelihood
