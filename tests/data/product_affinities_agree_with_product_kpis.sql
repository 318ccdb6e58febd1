-- Law: a pair's products have the orders that product_kpis counts, and are among the products with
-- the most orders. A row is a product that differs.
with pairs as (
    select
        product_key,
        orders
    from {{ ref('product_affinities') }}
    union
    select
        other_product_key as product_key,
        other_orders as orders
    from {{ ref('product_affinities') }}
),

products as (
    select
        product_key,
        orders,
        row_number() over (order by orders desc, product_key asc) as orders_rank
    from {{ ref('product_kpis') }}
)

select
    pairs.product_key,
    pairs.orders as orders_of_pair,
    products.orders,
    products.orders_rank
from pairs
left join products
    on pairs.product_key = products.product_key
where
    products.orders is distinct from pairs.orders
    or products.orders_rank > {{ var('affinity_max_products') }}
