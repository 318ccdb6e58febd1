"""The maximum of a likelihood with a few positive parameters, and whether it really is one.

Parameters are sought as logarithms, so that they stay positive and steps are shares of their size.
The log-likelihood is that of a mean customer: the same tolerances hold for a hundred customers and for
a million. The sums are NumPy's own over blocks in a fixed order, never a BLAS product, so the number of
threads changes no digit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize

Floats = npt.NDArray[np.float64]
# Natural parameters -> log-likelihood of a mean customer, and its derivatives by the parameters.
Likelihood = Callable[[Floats], tuple[float, Floats]]

# Beyond these (times the scale of the data) a parameter has no maximum, only a direction.
SMALLEST, GREATEST = 1e-6, 1e6
# Many starts are tried on a part of the data with at most this many distinct rows.
LIKENESS = 20_000
# Rows that are worked on at once: what is computed of them stays in the processor's cache.
BLOCK = 32_768
# A start is left when it has not come to rest by then; from good starts 20 to 40 steps are enough.
MOST_STEPS = 200
# The maximum is found when a Newton step would raise the log-likelihood of all customers by less.
RISE_LEFT = 1e-6
LAST_STEPS = 20
# Curvature below this is noise of the differences that it is measured by: no valley.
FLATTEST = 1e-9
_DIFFERENCE = 1e-5


@dataclass(frozen=True)
class Fit:
    """A fitted model, or why there is none.

    `parameters` and `standard_errors` are by name, in the units of the data; both are empty when the
    fit did not converge. `log_likelihood` is that of all customers (None when not converged).
    `status` is a sentence for people: "converged", or the reason why not.
    """

    parameters: dict[str, float]
    standard_errors: dict[str, float]
    log_likelihood: float | None
    customers: int
    status: str

    @property
    def is_converged(self) -> bool:
        """Whether there are parameters."""
        return self.log_likelihood is not None


def not_fitted(customers: int, reason: str) -> Fit:
    """The result of a fit that could not be made or did not converge."""
    return Fit({}, {}, None, customers, reason)


def maximise(
    likelihood: Likelihood,
    likeness: Likelihood,
    names: Sequence[str],
    starts: Sequence[Sequence[float]],
    units: Sequence[float],
    customers: int,
    unit_log_likelihood: float = 0.0,
) -> Fit:
    """The parameters of greatest likelihood.

    `starts` are all tried on `likeness`, the same likelihood of a part of the data (or of all, when they
    are few); the best of what they lead to is the start for the whole. Both work in the scale of the
    data (about 1): `units` says what 1 is for each parameter, and `unit_log_likelihood` is what this
    change of units adds to the log-likelihood of all. Standard errors come from the observed
    information, by the delta method.
    """
    of_likeness = _loss_of(likeness)
    found = [
        _search(of_likeness, np.log(np.asarray(start, np.float64)), tolerance=1e-9)
        for start in starts
    ]
    finite = [result for result in found if np.isfinite(result[0])]
    if not finite:
        return not_fitted(customers, "not converged: the likelihood has no value at any start")
    loss = _loss_of(likelihood)
    start = min(finite, key=lambda result: result[0])[1]
    logs = None if likeness is likelihood else _approached(loss, of_likeness, start, customers)
    if logs is None:
        _, logs = _search(loss, start, 1e-13)
    if not np.isfinite(loss(logs)[0]):
        return not_fitted(customers, "not converged: the likelihood has no value at its best start")
    curvature = _curvature(loss, logs)
    if not _is_valley(curvature):
        return not_fitted(customers, _why_no_maximum(logs, names))
    logs, rise = _polished(loss, logs, curvature, customers)
    if _ran_away(logs, names):
        return not_fitted(customers, _why_no_maximum(logs, names))
    if not rise < RISE_LEFT:
        return not_fitted(
            customers, "not converged: the search ended before the maximum of the likelihood"
        )
    natural = np.exp(logs) * np.asarray(units)
    errors = natural * np.sqrt(np.diag(np.linalg.inv(curvature)) / customers)
    return Fit(
        parameters=dict(zip(names, map(float, natural), strict=True)),
        standard_errors=dict(zip(names, map(float, errors), strict=True)),
        log_likelihood=-loss(logs)[0] * customers + unit_log_likelihood,
        customers=customers,
        status="converged",
    )


def sum_over_blocks(rows: int, of_block: Callable[[slice], Sequence[float]]) -> Floats:
    """What `of_block` gives for each block of so many rows, added up in their order.

    Blocks are shared by the processors; which of them is done first changes no digit.
    """
    blocks = [slice(first, first + BLOCK) for first in range(0, rows, BLOCK)]
    if len(blocks) == 1:
        return np.asarray(of_block(blocks[0]))
    with ThreadPoolExecutor(min(len(blocks), os.cpu_count() or 1)) as pool:
        return np.asarray(np.sum(list(pool.map(of_block, blocks)), axis=0))


def _loss_of(likelihood: Likelihood) -> Likelihood:
    """What is to be made small, as a function of the parameters' logarithms."""

    def loss(logs: Floats) -> tuple[float, Floats]:
        parameters = np.exp(logs)
        value, gradient = likelihood(parameters)
        return -value, -gradient * parameters

    return loss


def _search(loss: Likelihood, start: Floats, tolerance: float) -> tuple[float, Floats]:
    """The least loss within the limits that is found downhill of `start`, and where it is."""
    result = optimize.minimize(
        loss,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(np.log(SMALLEST), np.log(GREATEST))] * len(start),
        options={"maxiter": MOST_STEPS, "ftol": tolerance, "gtol": 1e-7, "maxls": 50},
    )
    return float(result.fun), np.asarray(result.x, dtype=np.float64)


def _approached(
    loss: Likelihood, of_likeness: Likelihood, start: Floats, customers: int
) -> Floats | None:
    """The maximum of the whole by the curvature of its likeness; None where that leads nowhere.

    The curvature of a good likeness is nearly that of the whole, so a few steps from its maximum are
    enough, each of them one look at all rows; a search from nothing takes some thirty.
    """
    curvature = _curvature(of_likeness, start)
    if not _is_valley(curvature):
        return None
    logs, rise = _polished(loss, start, curvature, customers)
    return logs if rise < RISE_LEFT else None


def _polished(
    loss: Likelihood, logs: Floats, curvature: Floats, customers: int
) -> tuple[Floats, float]:
    """The last steps, Newton's, and by how much the log-likelihood of all could rise still."""
    best, rise_at_best = logs, np.inf
    for _ in range(LAST_STEPS):
        gradient = loss(logs)[1]
        step = np.linalg.solve(curvature, gradient)
        rise = float((gradient * step).sum()) / 2 * customers
        if not rise < rise_at_best or np.abs(step).max() > 1:
            break
        best, rise_at_best = logs, rise
        if rise < RISE_LEFT / 1000:
            break
        logs = logs - step
    return best, rise_at_best


def _curvature(loss: Likelihood, logs: Floats) -> Floats:
    """Second derivatives of the loss, by central differences of its exact first ones."""
    rows = []
    for place in range(len(logs)):
        step = np.zeros_like(logs)
        step[place] = _DIFFERENCE
        rows.append((loss(logs + step)[1] - loss(logs - step)[1]) / (2 * _DIFFERENCE))
    matrix = np.asarray(rows)
    return np.asarray((matrix + matrix.T) / 2)


def _is_valley(curvature: Floats) -> bool:
    """Whether the loss rises in every direction by more than the differences are wrong."""
    return bool(np.isfinite(curvature).all() and np.linalg.eigvalsh(curvature)[0] > FLATTEST)


def _ran_away(logs: Floats, names: Sequence[str]) -> list[str]:
    """The parameters that stand at the limits of the search."""
    return [
        name
        for name, log in zip(names, logs, strict=True)
        if not np.log(SMALLEST) + 0.1 < log < np.log(GREATEST) - 0.1
    ]


def _why_no_maximum(logs: Floats, names: Sequence[str]) -> str:
    ran_away = " and ".join(_ran_away(logs, names))
    where = (
        f"{ran_away} ran to the limit of the search" if ran_away else "it is flat at its highest"
    )
    return (
        f"not converged: the likelihood has no single maximum ({where}): these customers do not tell"
        " the parameters apart"
    )
