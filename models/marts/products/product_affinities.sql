with products as (
    select
        product_key,
        product_name,
        orders
    from {{ ref('product_kpis') }}
    where orders > 0
),

-- Orders with at least one completed line of merchandise: what a product can share at all.
all_orders as (
    select count(*) as orders
    from {{ ref('fct_orders') }}
    where items > 0
),

-- All of them are among int_affinity_candidates, whose pairs are counted.
most_ordered_products as (
    select
        product_key,
        product_name,
        orders
    from products
    order by
        orders desc,
        product_key asc
    limit {{ var('affinity_max_products') }}
),

baskets_across_months as (
    select
        baskets.order_key,
        baskets.order_month,
        baskets.product_key
    from {{ ref('int_baskets_across_months') }} as baskets
    semi join most_ordered_products
        on baskets.product_key = most_ordered_products.product_key
),

-- The months count a pair of an order once for each month that has both, which may be none.
orders_to_add as (
    select
        product_key,
        other_product_key,
        orders_together
    from {{ ref('int_product_pairs_counted') }}
    union all
    select
        baskets.product_key,
        other_baskets.product_key as other_product_key,
        count(distinct baskets.order_key)
        - count(*) filter (where baskets.order_month = other_baskets.order_month)
            as orders_together
    from baskets_across_months as baskets
    inner join baskets_across_months as other_baskets
        on
            baskets.order_key = other_baskets.order_key
            and baskets.product_key < other_baskets.product_key
    group by
        baskets.product_key,
        other_baskets.product_key
),

pair_counts as (
    select
        product_key,
        other_product_key,
        cast(sum(orders_together) as bigint) as orders_together
    from orders_to_add
    group by
        product_key,
        other_product_key
    having sum(orders_together) >= {{ var('affinity_min_orders') }}
)

select
    products_of_pair.product_key,
    other_products_of_pair.product_key as other_product_key,
    products_of_pair.product_name,
    other_products_of_pair.product_name as other_product_name,
    products_of_pair.orders,
    other_products_of_pair.orders as other_orders,
    pair_counts.orders_together,
    cast(pair_counts.orders_together / all_orders.orders as double) as support,
    cast(pair_counts.orders_together / products_of_pair.orders as double) as confidence,
    cast(pair_counts.orders_together / other_products_of_pair.orders as double)
        as other_confidence,
    -- Whole numbers as long as possible: one division, rounded once.
    cast(
        cast(pair_counts.orders_together as hugeint) * all_orders.orders
        / (cast(products_of_pair.orders as hugeint) * other_products_of_pair.orders) as double
    ) as lift
from pair_counts
inner join most_ordered_products as products_of_pair
    on pair_counts.product_key = products_of_pair.product_key
inner join most_ordered_products as other_products_of_pair
    on pair_counts.other_product_key = other_products_of_pair.product_key
cross join all_orders
order by
    products_of_pair.product_key,
    other_products_of_pair.product_key
