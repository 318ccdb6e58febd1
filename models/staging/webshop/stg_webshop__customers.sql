with newest as (
    {{ newest_versions(
        source('webshop', 'customers'),
        key=['customer_id'],
        newest_first=['updated_at desc nulls last', '_load_id desc'],
    ) | indent(4) }}
)

select
    nullif(trim(customer_id), '') as customer_id,
    nullif(trim(name), '') as name,
    nullif(lower(trim(email)), '') as email,
    nullif(trim(country_code), '') as country,
    cast(signed_up_at as timestamp) as signed_up_at,
    cast(updated_at as timestamp) as updated_at,
    {{ row_as_json('newest') }} as original_values,
    'customers' as _table_name,
    _load_id,
    _loaded_at
from newest
