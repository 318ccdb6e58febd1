-- A line is made of raw rows of its own order, and of what its customer, currency and date look up.
-- Whatever else changes, the whole mart is built anew (macros/README.md).
{{ config(
    partition_by='order_month',
    incremental={
        'unit': 'order_key',
        'rows': var('order_key_of_raw_rows'),
        'lookups': {
            'int_customers_unioned': {'keys': ['customer_key'], 'columns': ['country_code']},
            'int_exchange_rates_filled': {
                'keys': ['currency', 'order_date'],
                'columns': ['exchange_rate'],
            },
        },
    },
) }}

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
    line_product_name,
    line_product_category,
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
