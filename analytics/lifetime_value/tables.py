"""What the dbt models call: tables of distinct histories in, fitted models and scores out.

int_lifetime_models_fitted calls `fitted_models`, int_purchase_histories_scored `scored_histories`;
their .yml say what the columns mean. Days are whole numbers in the tables, weeks in the models.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from analytics.lifetime_value import bg_nbd, gamma_gamma
from analytics.lifetime_value.likelihood import Fit, Floats

DAYS_PER_WEEK = 7
WEEKS_AHEAD = 52

FITTED_MODELS = pa.schema(
    [
        ("model", pa.string()),
        ("parameter", pa.string()),
        ("value", pa.float64()),
        ("standard_error", pa.float64()),
        ("log_likelihood", pa.float64()),
        ("customers", pa.int64()),
        ("is_converged", pa.bool_()),
        ("status", pa.string()),
    ]
)
SCORED_HISTORIES = pa.schema(
    [
        ("repeat_purchases", pa.int64()),
        ("recency_days", pa.int64()),
        ("age_days", pa.int64()),
        ("p_alive", pa.float64()),
        ("expected_orders", pa.float64()),
    ]
)


def fitted_models(histories: pa.Table, spending: pa.Table) -> pa.Table:
    """Both models, one row per parameter; null where a model could not be fitted, with the reason.

    histories: repeat_purchases, recency_days, age_days, customers, one row per distinct history.
    spending: repeat_purchases, repeat_revenue, customers, one row per distinct pair; those without
    repeat purchases or revenue are left out of Gamma-Gamma.
    """
    purchases = bg_nbd.fit(
        bg_nbd.Histories.of(
            _floats(histories, "repeat_purchases"),
            _floats(histories, "recency_days") / DAYS_PER_WEEK,
            _floats(histories, "age_days") / DAYS_PER_WEEK,
            _floats(histories, "customers"),
        )
    )
    values = gamma_gamma.fit(
        gamma_gamma.Spending.of(
            _floats(spending, "repeat_purchases"),
            _floats(spending, "repeat_revenue"),
            _floats(spending, "customers"),
        )
    )
    rows = [
        *_rows("bg_nbd", bg_nbd.PARAMETERS, purchases),
        *_rows("gamma_gamma", gamma_gamma.PARAMETERS, values),
    ]
    return pa.Table.from_pylist(rows, schema=FITTED_MODELS)


def scored_histories(histories: pa.Table, models: pa.Table) -> pa.Table:
    """p_alive and the orders to expect in 52 weeks, for each distinct history; null without a model.

    histories: repeat_purchases, recency_days, age_days. models: what `fitted_models` gives.
    """
    parameters = {
        row["parameter"]: row["value"]
        for row in models.to_pylist()
        if row["model"] == "bg_nbd" and row["is_converged"]
    }
    history = (
        _floats(histories, "repeat_purchases"),
        _floats(histories, "recency_days") / DAYS_PER_WEEK,
        _floats(histories, "age_days") / DAYS_PER_WEEK,
    )
    if parameters:
        alive = bg_nbd.p_alive(parameters, *history)
        expected = bg_nbd.expected_purchases(parameters, WEEKS_AHEAD, *history)
    else:
        alive = expected = np.full(histories.num_rows, np.nan)
    columns = [histories.column(name) for name in SCORED_HISTORIES.names[:3]]
    return pa.Table.from_arrays(
        [*columns, pa.array(alive, from_pandas=True), pa.array(expected, from_pandas=True)],
        schema=SCORED_HISTORIES,
    )


def _rows(model: str, names: tuple[str, ...], fit: Fit) -> list[dict[str, object]]:
    return [
        {
            "model": model,
            "parameter": name,
            "value": fit.parameters.get(name),
            "standard_error": fit.standard_errors.get(name),
            "log_likelihood": fit.log_likelihood,
            "customers": fit.customers,
            "is_converged": fit.is_converged,
            "status": fit.status,
        }
        for name in names
    ]


def _floats(table: pa.Table, name: str) -> Floats:
    """A column without nulls as floats; sums of money that are too large for one lose their cents."""
    return np.asarray(table.column(name).cast(pa.float64()).to_numpy(), dtype=np.float64)
