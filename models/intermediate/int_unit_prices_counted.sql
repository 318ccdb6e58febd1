{{ config(
    materialized='external',
    partition_by='order_month',
    incremental={'follows': 'fct_order_lines'},
) }}

select
    order_month,
    reporting_unit_price,
    count(*) as order_lines
from {{ ref('fct_order_lines') }}
where
    {{ touched_only('order_month') }}
    and line_type = 'merchandise'
    and line_status = 'completed'
    and reporting_unit_price is not null
group by
    order_month,
    reporting_unit_price
