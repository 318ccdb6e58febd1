"""What readers of a release see of cohorts, cross-sell pairs and distributions, against independent figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pytest

from tests.pipeline.independent_figures import NOTHING, Line
from tests.pipeline.independent_statistics import cohorts, measured_values, pairs, statistics
from tests.pipeline.released_marts import mart_query


def assert_cohorts_agree(project: Path, lines: Sequence[Line], as_of_date: dt.date) -> None:
    """customer_cohorts has every cohort's months, with its customers and its money."""
    rows = duckdb.sql(
        "select cohort_month, months_since_first, cohort_size, customers, retention, gross_revenue, "
        "revenue_retention, cumulative_revenue "
        f"from {mart_query(project, 'customer_cohorts')} order by all"
    ).fetchall()
    expected = []
    for first, months in sorted(cohorts(lines, as_of_date).items()):
        so_far = NOTHING
        for place, month in enumerate(months):
            so_far += month.gross_revenue
            size, customers = len(months[0].customers), len(month.customers)
            expected.append(
                (
                    first,
                    place,
                    size,
                    customers,
                    pytest.approx(customers / size, rel=1e-12),
                    month.gross_revenue,
                    pytest.approx(float(month.gross_revenue / months[0].gross_revenue), rel=1e-12),
                    so_far,
                )
            )
    assert rows == expected


def assert_pairs_agree(project: Path, lines: Sequence[Line]) -> None:
    """product_affinities has every pair in five orders or more, and no other."""
    rows = duckdb.sql(
        "select product_key, other_product_key, orders, other_orders, orders_together, support, "
        f"confidence, other_confidence, lift from {mart_query(project, 'product_affinities')}"
    ).fetchall()
    found = pairs(lines, least_orders=5, most_products=500)
    expected = {
        (one, other): (found.product_orders[one], found.product_orders[other], together)
        for (one, other), together in found.together.items()
    }
    assert {row[:2]: row[2:5] for row in rows} == expected
    assert len(rows) == len(expected) > 1_000
    for _, _, orders, other_orders, together, *ratios in rows:
        assert ratios == pytest.approx(
            [
                together / found.orders,
                together / orders,
                together / other_orders,
                together * found.orders / (orders * other_orders),
            ],
            rel=1e-12,
        )


def assert_distributions_agree(project: Path, lines: Sequence[Line]) -> None:
    """Every statistic is NumPy's or SciPy's, and every bin holds the values between its bounds."""
    rows = duckdb.sql(
        f"select measure, statistic, value from {mart_query(project, 'statistical_distributions')}"
    ).fetchall()
    bins = duckdb.sql(
        "select measure, lower_bound, upper_bound, occurrences "
        f"from {mart_query(project, 'statistical_histograms')}"
    ).fetchall()
    for measure, values in measured_values(lines).items():
        found = {statistic: float(value) for name, statistic, value in rows if name == measure}
        assert found == pytest.approx(statistics(values), rel=1e-9, abs=1e-9), measure
        of_measure = [row[1:] for row in bins if row[0] == measure]
        assert sum(occurrences for _, _, occurrences in of_measure) == len(values)
        # In ten-thousandths: whole numbers meet a bound exactly.
        units = np.array([int(value * 10_000) for value in values])
        for lower, upper, occurrences in of_measure:
            from_below = (
                units >= int(lower * 10_000) if lower is not None else np.full(len(units), True)
            )
            to_above = (
                units < int(upper * 10_000) if upper is not None else np.full(len(units), True)
            )
            assert occurrences == int((from_below & to_above).sum()), (measure, lower)
