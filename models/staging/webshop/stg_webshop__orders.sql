with newest as (
    {{ newest_versions(
        source('webshop', 'orders'),
        key=['order_id'],
        newest_first=['updated_at desc nulls last', '_load_id desc'],
    ) | indent(4) }}
)

select
    nullif(trim(order_id), '') as order_id,
    lower(trim(kind)) as kind,
    nullif(trim(original_order_id), '') as original_order_id,
    nullif(trim(customer_id), '') as customer_id,
    cast(ordered_at as timestamp) as ordered_at,
    nullif(trim(country_code), '') as country,
    lower(trim(channel)) as channel,
    nullif(upper(trim(currency)), '') as currency,
    lower(trim(status)) as order_status,
    cast(updated_at as timestamp) as updated_at,
    _load_id,
    _loaded_at
from newest
