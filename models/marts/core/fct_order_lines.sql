{{ config(partition_by='order_month') }}

select
    source_name,
    order_line_key,
    order_key,
    order_id,
    ordered_at,
    order_date,
    order_month,
    customer_key,
    product_key,
    country_code,
    channel,
    line_type,
    line_status,
    quantity,
    unit_price,
    discount_amount,
    currency,
    exchange_rate,
    reporting_unit_price,
    net_amount
from {{ ref('int_order_lines_unioned') }}
