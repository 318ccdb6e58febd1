-- What the lines of a month come to, so that nobody else has to read them all. Whatever is summed
-- can be summed over months; distinct orders and customers cannot, and are counted beside it.
{{ config(
    materialized='external',
    partition_by='order_month',
    incremental={'follows': 'fct_order_lines'},
) }}

select
    order_month,
    -- The key says it; to group by it alone is quicker.
    min(source_name) as source_name,
    product_key,
    line_type,
    line_status,
    line_product_name,
    line_product_category,
    count(*) as order_lines,
    cast(sum(quantity) as decimal(18, 3)) as quantity,
    cast(sum(net_amount) as decimal(18, 4)) as net_amount,
    min(reporting_unit_price) as lowest_price,
    max(reporting_unit_price) as highest_price,
    min(order_date) as first_order_date,
    max(order_date) as last_order_date,
    max(ordered_at) as last_ordered_at
from {{ ref('fct_order_lines') }}
where {{ touched_only('order_month') }}
group by
    order_month,
    product_key,
    line_type,
    line_status,
    line_product_name,
    line_product_category
