-- Apart from int_product_months_summed, which would have several times the rows with the countries.
{{ config(
    materialized='external',
    partition_by='order_month',
    incremental={'follows': 'fct_order_lines'},
) }}

select
    order_month,
    product_key,
    country_code,
    cast(sum(net_amount) as decimal(18, 4)) as gross_revenue
from {{ ref('fct_order_lines') }}
where
    {{ touched_only('order_month') }}
    and line_type = 'merchandise'
    and line_status = 'completed'
group by
    order_month,
    product_key,
    country_code
