"""Daily net revenue of the next 90 days; how it is forecast stands in analytics/forecast.

In Python because SQL has no words for it, and a table because dbt enforces contracts on SQL only: the
mart is sales_forecast.
"""

import numpy as np

from analytics.forecast import forecast_table


def model(dbt, session):
    """One row per forecast day; no series makes it fail."""
    dbt.config(materialized="table")
    days = dbt.ref("sales_daily").order("order_date")
    order_dates = [order_date for (order_date,) in days.project("order_date").fetchall()]
    revenue = days.project("cast(net_revenue as double) as net_revenue").fetchnumpy()
    return forecast_table(order_dates, np.asarray(revenue["net_revenue"], dtype=np.float64))
