with newest as (
    {{ children_of_newest_versions(
        source('webshop', 'orders__lines'),
        parent_key='order_id',
        key=['order_id', 'line_id'],
        version='updated_at',
    ) | indent(4) }}
)

select
    nullif(trim(order_id), '') as order_id,
    nullif(trim(line_id), '') as line_id,
    cast(line_number as integer) as line_number,
    nullif(trim(product_id), '') as product_id,
    cast(quantity as decimal(18, 3)) as quantity,
    cast(unit_price as decimal(18, 4)) as unit_price,
    cast(discount_amount as decimal(18, 4)) as discount_amount,
    cast(updated_at as timestamp) as order_updated_at,
    {{ row_as_json('newest') }} as original_values,
    _load_id,
    _loaded_at
from newest
