-- An order with lines in two months counts in both: int_baskets_across_months says which these are.
{{ config(
    materialized='external',
    partition_by='order_month',
    incremental={'follows': 'fct_order_lines'},
) }}

with completed_lines as (
    select
        order_month,
        product_key,
        order_key
    from {{ ref('fct_order_lines') }}
    where
        {{ touched_only('order_month') }}
        and line_type = 'merchandise'
        and line_status = 'completed'
),

-- Grouped in two steps: a product that stands twice on an order is one order, and counting distinct
-- keys of many products at once takes far more memory.
product_orders as (
    select
        order_month,
        product_key,
        order_key
    from completed_lines
    group by
        order_month,
        product_key,
        order_key
)

select
    order_month,
    product_key,
    count(*) as orders
from product_orders
group by
    order_month,
    product_key
