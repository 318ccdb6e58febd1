with products as (
    {{ union_conforming('products', {
        'product_id': 'varchar',
        'name': 'varchar',
        'category': 'varchar',
        'unit_cost': 'decimal(18, 4)',
        'line_type': 'varchar',
    }) | indent(4) }}
),

product_line_types as (
    select
        source_name,
        product_id,
        line_type
    from {{ ref('product_line_types') }}
)

select
    products.source_name,
    products.source_name || ':' || products.product_id as product_key,
    products.product_id,
    products.name,
    products.category,
    products.unit_cost,
    coalesce(products.line_type, product_line_types.line_type, 'merchandise') as line_type
from products
left join product_line_types
    on
        products.source_name = product_line_types.source_name
        and products.product_id = product_line_types.product_id
where products.product_id is not null
