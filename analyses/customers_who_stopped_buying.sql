-- Ad hoc: good customers who have gone silent, those who brought most first; whom to call today.
-- Compiled and linted, never built: `dbt show --select customers_who_stopped_buying`.
-- Silent by the customer's own measure: inactive for three times the usual gap between order days.
select
    customer_key,
    customer_name,
    country_name,
    rfm_segment,
    last_order_date,
    recency_days,
    orders,
    net_revenue,
    round(mean_days_between_orders, 1) as usual_gap_days,
    round(recency_days / mean_days_between_orders, 1) as gaps_missed
from {{ ref('customer_kpis') }}
where
    is_at_risk
    and recency_days > 3 * mean_days_between_orders
order by net_revenue desc, customer_key asc
