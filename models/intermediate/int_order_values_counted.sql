-- How many orders of a month there are of a value. Counts of months add up, so a build writes those
-- months only that have other orders than before.
{{ config(
    materialized='external',
    partition_by='order_month',
    incremental={'follows': 'fct_orders'},
) }}

select
    order_month,
    gross_revenue,
    count(*) as orders
from {{ ref('fct_orders') }}
where
    {{ touched_only('order_month') }}
    and is_completed
group by
    order_month,
    gross_revenue
