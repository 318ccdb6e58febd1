-- What the orders of a month come to per country and number of different products, so that nobody
-- else has to read them all.
{{ config(
    materialized='external',
    partition_by='order_month',
    incremental={'follows': 'fct_orders'},
) }}

select
    order_month,
    country_code,
    items,
    count(*) filter (where is_completed) as orders,
    cast(sum(gross_revenue) as decimal(38, 4)) as gross_revenue,
    cast(sum(returns_amount) as decimal(38, 4)) as returns_amount,
    cast(sum(units) as decimal(38, 3)) as units
from {{ ref('fct_orders') }}
where
    {{ touched_only('order_month') }}
    and (is_completed or has_returns)
group by
    order_month,
    country_code,
    items
