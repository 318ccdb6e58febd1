-- How many orders there are of a value. A build counts those values again that orders have, or had,
-- which are others than before.
{{ config(
    materialized='external',
    incremental={'follows': 'fct_orders', 'unit': 'gross_revenue'},
) }}

select
    gross_revenue,
    count(*) as orders
from {{ ref('fct_orders') }}
where
    is_completed
    and {{ touched_only('gross_revenue') }}
group by gross_revenue
