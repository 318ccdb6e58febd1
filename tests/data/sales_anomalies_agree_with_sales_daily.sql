-- Law: every day of sales_daily with its money, an anomaly just where it lies outside its bounds.
with anomalies as (
    select
        order_date,
        net_revenue,
        lower_net_revenue,
        upper_net_revenue,
        is_anomaly
    from {{ ref('sales_anomalies') }}
),

days as (
    select
        order_date,
        net_revenue
    from {{ ref('sales_daily') }}
)

select
    coalesce(days.order_date, anomalies.order_date) as order_date,
    days.net_revenue as net_revenue_of_the_day,
    anomalies.net_revenue,
    anomalies.lower_net_revenue,
    anomalies.upper_net_revenue,
    anomalies.is_anomaly
from days
full outer join anomalies
    on days.order_date = anomalies.order_date
where
    days.net_revenue is distinct from anomalies.net_revenue
    or anomalies.is_anomaly is distinct from coalesce(
        anomalies.net_revenue < anomalies.lower_net_revenue
        or anomalies.net_revenue > anomalies.upper_net_revenue,
        false
    )
