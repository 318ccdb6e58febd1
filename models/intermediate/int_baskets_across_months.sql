-- Few orders, or none: what is counted per month counts them more than once, or sees a pair of
-- their products in none of the months.
{{ config(materialized='table') }}

with orders_across_months as (
    select order_key
    from {{ ref('fct_orders') }}
    where
        order_date != last_line_date -- Few; a month of each of the others need not be computed.
        and date_trunc('month', order_date) != date_trunc('month', last_line_date)
)

select
    order_lines.order_key,
    order_lines.order_month,
    order_lines.product_key
from {{ ref('fct_order_lines') }} as order_lines
semi join orders_across_months
    on order_lines.order_key = orders_across_months.order_key
where
    order_lines.line_type = 'merchandise'
    and order_lines.line_status = 'completed'
group by
    order_lines.order_key,
    order_lines.order_month,
    order_lines.product_key
