with newest as (
    {{ newest_versions(
        source('webshop', 'products'),
        key=['product_id'],
        newest_first=['updated_at desc nulls last', '_load_id desc'],
    ) | indent(4) }}
)

select
    nullif(trim(product_id), '') as product_id,
    nullif(trim(name), '') as name,
    nullif(trim(category), '') as category,
    cast(unit_cost as decimal(18, 4)) as unit_cost,
    cast(unit_price as decimal(18, 4)) as unit_price,
    nullif(upper(trim(currency)), '') as currency,
    cast(null as varchar) as line_type,
    cast(updated_at as timestamp) as updated_at,
    _load_id,
    _loaded_at
from newest
