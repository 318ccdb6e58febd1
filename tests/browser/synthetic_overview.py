"""What the overview reads besides sales: cohorts, unusual days, a forecast; as SQL over the small marts.

Made only where no other step has made them.
"""

from __future__ import annotations

CUSTOMER_COHORTS = """
with firsts as (
    select customer_key, min(order_month) as cohort_month
    from fct_order_lines
    where customer_key is not null
    group by customer_key
)

select
    cohort_month,
    order_month,
    date_diff('month', cohort_month, order_month) as months_since_first,
    count(distinct customer_key) as customers
from fct_order_lines
inner join firsts using (customer_key)
group by cohort_month, order_month
"""

SALES_ANOMALIES = """
select
    order_date,
    net_revenue,
    net_revenue_7_day_average as expected_net_revenue,
    coalesce(net_revenue > 2 * net_revenue_7_day_average, false) as is_anomaly
from sales_daily
"""

SALES_FORECAST = """
select
    cast(last_day + cast(n as integer) as date) as forecast_date,
    n as days_ahead,
    cast(1000 as decimal(18, 4)) as net_revenue
from (select max(order_date) as last_day from sales_daily) as days
cross join range(1, 91) as ahead(n)
where last_day is not null
"""

STEPS = (
    ("customer_cohorts", CUSTOMER_COHORTS),
    ("sales_anomalies", SALES_ANOMALIES),
    ("sales_forecast", SALES_FORECAST),
)
