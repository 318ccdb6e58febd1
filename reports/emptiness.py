"""Why an item has no rows: which mart is empty, and what would fill it."""

from __future__ import annotations

from collections.abc import Mapping

from reports.context import Context
from reports.sql import quoted

# Word of reports/words.py by mart. All others of the house are filled by sales; a mart that is not of the
# house is only named.
FILLED_BY: Mapping[str, str] = {
    "clv_model_parameters": "empty_few_sales",
    "customer_lifetime_value": "empty_few_sales",
    "fct_events": "empty_events",
    "ingest_log": "empty_loads",
    "product_affinities": "empty_few_sales",
    "rows_accounted_for": "empty_loads",
    "sales_forecast": "empty_few_sales",
    **dict.fromkeys(
        (
            "country_kpis",
            "customer_cohorts",
            "customer_kpis",
            "dim_countries",
            "dim_customers",
            "dim_dates",
            "dim_products",
            "executive_summary",
            "fct_order_lines",
            "fct_orders",
            "product_kpis",
            "sales_anomalies",
            "sales_daily",
            "sales_monthly",
            "sales_weekly",
            "statistical_distributions",
            "statistical_histograms",
        ),
        "empty_sales",
    ),
}


def why_empty(dataset: str, context: Context) -> str:
    """One sentence for a reader: the first mart of the dataset's query that is empty, else the query itself."""
    marts = context.page.reads[dataset].tables
    for mart in marts:
        if context.connection.execute(f"select 1 from {quoted(mart)} limit 1").fetchone() is None:
            return context.words[FILLED_BY.get(mart, "empty_mart")].format(mart=mart)
    if marts:
        return context.words["empty_rows"].format(marts=", ".join(marts))
    return context.words["empty_item"]
