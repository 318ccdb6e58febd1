"""Customers made as the models tell their story, step by step: no formula of the models is used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Simulated:
    """Histories up to `age`, and the purchases of the weeks after it."""

    repeats: Floats
    recency: Floats
    age: Floats
    later: Floats


def simulate(
    parameters: dict[str, float], ages: Floats, weeks_after: float, seed: int
) -> Simulated:
    """Waiting times are exponential; after each repeat purchase a coin decides whether one leaves."""
    random = np.random.default_rng(seed)
    customers = len(ages)
    rate = random.gamma(parameters["r"], 1 / parameters["alpha"], customers)
    leaving = random.beta(parameters["a"], parameters["b"], customers)
    now, is_here = np.zeros(customers), np.ones(customers, dtype=bool)
    repeats, recency, later = np.zeros(customers), np.zeros(customers), np.zeros(customers)
    while is_here.any():
        now = now + random.exponential(1, customers) / np.maximum(rate, 1e-300)
        is_here &= now <= ages + weeks_after
        is_seen = is_here & (now <= ages)
        repeats[is_seen] += 1
        recency[is_seen] = now[is_seen]
        later[is_here & ~is_seen] += 1
        is_here &= random.random(customers) >= leaving
    return Simulated(repeats, recency, ages, later)
