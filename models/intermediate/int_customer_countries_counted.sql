-- From which countries a customer ordered. A build counts those customers again whose orders are
-- others than before.
{{ config(
    materialized='external',
    incremental={'follows': 'fct_orders', 'unit': 'customer_key'},
) }}

select
    customer_key,
    country_code,
    -- The key says it; to group by fewer columns is quicker.
    min(source_name) as source_name,
    count(*) filter (where is_completed) as orders,
    max(ordered_at) as last_ordered_at
from {{ ref('fct_orders') }}
where
    customer_key is not null
    and {{ touched_only('customer_key') }}
group by
    customer_key,
    country_code
