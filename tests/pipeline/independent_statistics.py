"""Cohorts, cross-sell pairs and distributions of docs/metrics.md once more, in plain Python and NumPy.

Like independent_figures: written from that page, reading no model.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations, pairwise

import numpy as np
from scipy.stats import skew

from tests.pipeline.independent_figures import NOTHING, Line, counted

PERCENTS = (1, 5, 25, 50, 75, 95, 99)


@dataclass
class CohortMonth:
    """What the customers of one cohort did in one month."""

    customers: set[str] = field(default_factory=set)
    gross_revenue: Decimal = NOTHING


def cohorts(lines: Iterable[Line], as_of_date: dt.date) -> dict[dt.date, list[CohortMonth]]:
    """Per month of a first order, the months from that one to that of `as_of_date`."""
    completed = [line for line in counted(lines) if line.status == "completed" and line.customer]
    first_days: dict[str, dt.date] = {}
    for line in completed:
        customer = str(line.customer)
        first_days[customer] = min(line.day, first_days.get(customer, line.day))
    found: dict[dt.date, list[CohortMonth]] = {}
    for line in completed:
        first = first_days[str(line.customer)].replace(day=1)
        months = found.setdefault(
            first, [CohortMonth() for _ in range(months_between(first, as_of_date) + 1)]
        )
        month = months[months_between(first, line.day)]
        month.customers.add(str(line.customer))
        month.gross_revenue += line.net_amount
    return found


def months_between(first: dt.date, later: dt.date) -> int:
    return 12 * (later.year - first.year) + later.month - first.month


@dataclass(frozen=True)
class Pairs:
    """Orders that hold merchandise, per product, and per pair of the products with the most."""

    orders: int
    product_orders: Mapping[str, int]
    together: Mapping[tuple[str, str], int]


def pairs(lines: Iterable[Line], least_orders: int, most_products: int) -> Pairs:
    """Pairs in at least `least_orders` orders, of the `most_products` products with the most orders."""
    baskets: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        if line.line_type == "merchandise" and line.status == "completed":
            baskets[line.order].add(line.product)
    orders = Counter(product for basket in baskets.values() for product in basket)
    chosen = set(sorted(orders, key=lambda product: (-orders[product], product))[:most_products])
    together = Counter(
        pair for basket in baskets.values() for pair in combinations(sorted(basket & chosen), 2)
    )
    often = {pair: count for pair, count in together.items() if count >= least_orders}
    return Pairs(len(baskets), orders, often)


def measured_values(lines: Sequence[Line]) -> dict[str, list[Decimal]]:
    """Every value of each measure of statistical_distributions."""
    order_values: dict[str, Decimal] = defaultdict(lambda: NOTHING)
    items: dict[str, set[str]] = defaultdict(set)
    revenues: dict[str, Decimal] = defaultdict(lambda: NOTHING)
    days: dict[str, set[dt.date]] = defaultdict(set)
    order_days: dict[str, dt.date] = {}
    completed = [line for line in counted(lines) if line.status == "completed"]
    for line in completed:
        # An order has the day of its first line.
        order_days[line.order] = min(line.day, order_days.get(line.order, line.day))
    for line in completed:
        order_values[line.order] += line.net_amount
        if line.line_type == "merchandise":
            items[line.order].add(line.product)
        if line.customer is not None:
            revenues[line.customer] += line.net_amount
            days[line.customer].add(order_days[line.order])
    return {
        "order_value": list(order_values.values()),
        "items_per_order": [Decimal(len(items[order])) for order in order_values],
        "unit_price": [line.unit_price for line in completed if line.line_type == "merchandise"],
        "revenue_per_customer": list(revenues.values()),
        "days_between_orders": [
            Decimal((later - earlier).days)
            for of_one in days.values()
            for earlier, later in pairwise(sorted(of_one))
        ],
    }


def statistics(values: Sequence[Decimal]) -> dict[str, float]:
    """The sixteen statistics of one measure, by NumPy and SciPy."""
    floats = np.array([float(value) for value in values])
    percentiles = {f"p{percent}": float(np.percentile(floats, percent)) for percent in PERCENTS}
    reach = 1.5 * (percentiles["p75"] - percentiles["p25"])
    lower, upper = percentiles["p25"] - reach, percentiles["p75"] + reach
    return {
        "count": len(floats),
        "mean": float(floats.mean()),
        "standard_deviation": float(floats.std(ddof=1)),
        "min": float(floats.min()),
        **percentiles,
        "max": float(floats.max()),
        "skewness": float(skew(floats, bias=False)),
        "lower_fence": lower,
        "upper_fence": upper,
        # A hair's breadth, because a value on a fence is not outside it and floats are not exact.
        "outside_fences": int(((floats < lower - 1e-9) | (floats > upper + 1e-9)).sum()),
    }
