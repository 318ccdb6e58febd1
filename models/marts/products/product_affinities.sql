with lines as (
    select
        order_key,
        product_key
    from {{ ref('fct_order_lines') }}
    where
        line_type = 'merchandise'
        and line_status = 'completed'
),

products as (
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

-- Chosen before any line is read, so that only their lines are.
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

-- A number of two bytes stands for the key in what is grouped and joined below. It counts along the
-- keys, so that the lesser number is the lesser key.
numbered_products as (
    select
        product_key,
        product_name,
        orders,
        cast(row_number() over (order by product_key) as usmallint) as product_number
    from most_ordered_products
),

-- A product that stands twice on an order is in it once. The order keeps its own key: a hash of it
-- would be shorter, and one day two orders would share one.
baskets as (
    select
        lines.order_key,
        numbered_products.product_number
    from lines
    inner join numbered_products
        on lines.product_key = numbered_products.product_key
    group by
        lines.order_key,
        numbered_products.product_number
),

-- The pairs themselves are never kept, only counted: at most 499 x 500 / 2 of them by default.
pair_counts as (
    select
        baskets.product_number,
        other_baskets.product_number as other_product_number,
        count(*) as orders_together
    from baskets
    inner join baskets as other_baskets
        on
            baskets.order_key = other_baskets.order_key
            and baskets.product_number < other_baskets.product_number
    group by
        baskets.product_number,
        other_baskets.product_number
    having count(*) >= {{ var('affinity_min_orders') }}
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
inner join numbered_products as products_of_pair
    on pair_counts.product_number = products_of_pair.product_number
inner join numbered_products as other_products_of_pair
    on pair_counts.other_product_number = other_products_of_pair.product_number
cross join all_orders
order by
    products_of_pair.product_key,
    other_products_of_pair.product_key
