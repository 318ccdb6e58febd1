with products as (
    select
        product_key,
        source_name,
        product_id,
        name,
        category,
        unit_cost,
        line_type
    from {{ ref('int_products_unioned') }}
),

-- Orders may name a product that no list of products has: shipping, or a line without a product.
known_from_orders_only as (
    select
        order_lines.product_key,
        order_lines.source_name,
        min(order_lines.line_type) as line_type
    from {{ ref('fct_order_lines') }} as order_lines
    left join products
        on order_lines.product_key = products.product_key
    where products.product_key is null
    group by order_lines.product_key, order_lines.source_name
)

select
    product_key,
    source_name,
    product_id,
    coalesce(name, product_id) as product_name,
    category,
    unit_cost,
    line_type
from products

union all

select
    product_key,
    source_name,
    substr(product_key, length(source_name) + 2) as product_id,
    substr(product_key, length(source_name) + 2) as product_name,
    cast(null as varchar) as category,
    cast(null as decimal(18, 4)) as unit_cost,
    line_type
from known_from_orders_only
