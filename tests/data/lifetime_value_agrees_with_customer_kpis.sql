-- Law: the lifetime models see the same customers, days and money as customer_kpis: everybody with
-- an order, all of their order days but the first, and no more revenue than they brought.
with histories as (
    select
        customer_key,
        repeat_purchases,
        recency_weeks,
        age_weeks,
        repeat_revenue
    from {{ ref('customer_lifetime_value') }}
),

customers as (
    select
        customer_key,
        order_days,
        tenure_days,
        recency_days,
        gross_revenue
    from {{ ref('customer_kpis') }}
    where orders > 0
)

select
    coalesce(histories.customer_key, customers.customer_key) as customer_key,
    histories.repeat_purchases,
    customers.order_days,
    histories.recency_weeks,
    histories.age_weeks,
    customers.tenure_days,
    customers.recency_days,
    histories.repeat_revenue,
    customers.gross_revenue
from histories
full outer join customers
    on histories.customer_key = customers.customer_key
where
    histories.customer_key is null
    or customers.customer_key is null
    or histories.repeat_purchases != customers.order_days - 1
    or round(7 * histories.age_weeks) != customers.tenure_days
    or round(7 * histories.recency_weeks) != customers.tenure_days - customers.recency_days
    or histories.repeat_revenue > customers.gross_revenue
    or (histories.repeat_purchases = 0 and histories.repeat_revenue != 0)
