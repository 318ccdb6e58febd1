-- The till has no list of products: what the newest receipt says about one counts.
select
    product_id,
    {{ max_by(
        'product_name',
        ['ordered_at', 'product_name'],
        where='product_name is not null and ordered_at is not null',
    ) }} as name,
    {{ max_by(
        'category',
        ['ordered_at', 'category'],
        where='category is not null and ordered_at is not null',
    ) }} as category,
    cast(null as decimal(18, 4)) as unit_cost,
    cast(null as varchar) as line_type
from {{ ref('stg_shop__purchases') }}
where product_id is not null
group by product_id
