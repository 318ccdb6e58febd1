-- What all orders of a customer come to, without anything that changes by the day alone. A build
-- sums those customers again whose months are others than before.
{{ config(
    materialized='external',
    incremental={'follows': 'int_customer_months_summed', 'unit': 'customer_key'},
) }}

with customer_months as (
    select
        customer_key,
        first_order_date,
        last_order_date,
        order_days,
        orders,
        gross_revenue,
        returns_amount,
        units,
        first_day_revenue
    from {{ ref('int_customer_months_summed') }}
    where {{ touched_only('customer_key') }}
)

select
    customer_key,
    min(first_order_date) as first_order_date,
    max(last_order_date) as last_order_date,
    cast(sum(order_days) as bigint) as order_days,
    cast(sum(orders) as bigint) as orders,
    cast(sum(gross_revenue) as decimal(18, 4)) as gross_revenue,
    cast(sum(returns_amount) as decimal(18, 4)) as returns_amount,
    cast(sum(units) as decimal(18, 3)) as units,
    -- Who buys for the first time buys something else than who comes back: without the first day.
    cast(
        sum(gross_revenue) - arg_min(first_day_revenue, first_order_date) as decimal(18, 4)
    ) as repeat_revenue,
    -- Place by place the same month in both.
    list_sort(list(first_order_date) filter (where orders > 0)) as first_days_of_months,
    list_sort(list(last_order_date) filter (where orders > 0)) as last_days_of_months
from customer_months
group by customer_key
