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

product_months as (
    select
        source_name,
        product_key,
        line_type,
        line_status,
        line_product_name,
        line_product_category,
        last_ordered_at
    from {{ ref('int_product_months_summed') }}
),

-- Orders may name a product that no list of products has. The newest line says what it is called;
-- write-offs carry remarks ("damaged", "?") where sales carry the name, so sales go first.
known_from_orders_only as (
    select
        product_months.source_name,
        product_months.product_key,
        min(product_months.line_type) as line_type,
        {{ max_by(
            'product_months.line_product_name',
            [
                "product_months.line_status = 'completed'",
                'product_months.last_ordered_at',
                'product_months.line_product_name',
            ],
            where='product_months.line_product_name is not null',
        ) }} as name,
        {{ max_by(
            'product_months.line_product_category',
            ['product_months.last_ordered_at', 'product_months.line_product_category'],
            where='product_months.line_product_category is not null',
        ) }} as category
    from product_months
    left join products
        on product_months.product_key = products.product_key
    where products.product_key is null
    group by
        product_months.source_name,
        product_months.product_key
),

all_products as (
    select
        product_key,
        source_name,
        product_id,
        name,
        category,
        unit_cost,
        line_type
    from products

    union all

    select
        product_key,
        source_name,
        substr(product_key, length(source_name) + 2) as product_id,
        name,
        category,
        cast(null as decimal(18, 4)) as unit_cost,
        line_type
    from known_from_orders_only
)

select
    product_key,
    source_name,
    product_id,
    coalesce(name, product_id) as product_name,
    category,
    unit_cost,
    line_type
from all_products
