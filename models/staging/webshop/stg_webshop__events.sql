with newest as (
    {{ newest_versions(
        source('webshop', 'events'),
        key=['event_id'],
        newest_first=['updated_at desc nulls last', '_load_id desc'],
    ) | indent(4) }}
)

select
    nullif(trim(event_id), '') as event_id,
    lower(trim(event_type)) as event_type,
    cast(occurred_at as timestamp) as occurred_at,
    nullif(trim(customer_id), '') as customer_id,
    nullif(trim(session_id), '') as session_id,
    nullif(trim(product_id), '') as product_id,
    cast(updated_at as timestamp) as updated_at,
    {{ row_as_json('newest') }} as original_values,
    'events' as _table_name,
    _load_id,
    _loaded_at
from newest
