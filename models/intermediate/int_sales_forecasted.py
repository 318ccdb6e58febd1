"""Daily net revenue of the next 90 days; how it is forecast stands in analytics/forecast.

A table of its own before the mart sales_forecast, because dbt takes contracts of SQL models only.
"""


def model(dbt, session):
    dbt.config(materialized="table")
    # Imported where the model runs: dbt reads this file for its `ref` alone when it parses.
    from analytics.blas import use_one_thread

    use_one_thread()

    import numpy as np
    from analytics.forecast import forecast_table

    days = dbt.ref("sales_daily").order("order_date")
    order_dates = [date for (date,) in days.project("order_date").fetchall()]
    net_revenue = days.project("cast(net_revenue as double) as net_revenue").fetchnumpy()
    return forecast_table(order_dates, np.asarray(net_revenue["net_revenue"], dtype=np.float64))
