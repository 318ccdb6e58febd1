-- What the orders of a customer in a month come to. Customers come back for years: whoever looks at
-- them reads this, and a build writes only the months that have other orders than before.
{{ config(
    materialized='external',
    partition_by='order_month',
    incremental={'follows': 'fct_orders'},
) }}

with orders as (
    select
        order_month,
        order_date,
        customer_key,
        gross_revenue,
        returns_amount,
        units,
        is_completed,
        has_returns
    from {{ ref('fct_orders') }}
    where {{ touched_only('order_month') }}
),

-- All orders of a customer on one day are one purchase.
customer_days as (
    select
        order_month,
        customer_key,
        order_date,
        count(*) filter (where is_completed) as orders,
        sum(gross_revenue) as gross_revenue,
        sum(returns_amount) as returns_amount,
        sum(units) as units
    from orders
    where
        customer_key is not null
        and (is_completed or has_returns)
    group by
        order_month,
        customer_key,
        order_date
)

select
    order_month,
    customer_key,
    min(order_date) filter (where orders > 0) as first_order_date,
    max(order_date) filter (where orders > 0) as last_order_date,
    count(*) filter (where orders > 0) as order_days,
    cast(
        bit_or(1 << (extract(day from order_date) - 1)) filter (where orders > 0) as integer
    ) as order_days_bits,
    cast(sum(orders) as bigint) as orders,
    cast(sum(gross_revenue) as decimal(18, 4)) as gross_revenue,
    cast(sum(returns_amount) as decimal(18, 4)) as returns_amount,
    cast(sum(units) as decimal(18, 3)) as units,
    cast(
        arg_min(gross_revenue, order_date) filter (where orders > 0) as decimal(18, 4)
    ) as first_day_revenue
from customer_days
group by
    order_month,
    customer_key
