-- What sells together? Beside each of the twenty products that stand on most orders: the three that
-- are bought with it most above chance. What to put next to it, or to offer at the till.
with order_products as (
    select
        order_key,
        product_key
    from {{ ref('fct_order_lines') }}
    where
        line_type = 'merchandise'
        and line_status = 'completed'
    group by
        order_key,
        product_key
),

products as (
    select
        product_key,
        product_name,
        orders
    from {{ ref('product_kpis') }}
    where orders > 0
),

all_orders as (
    select count(distinct order_key) as orders
    from order_products
),

best_sellers as (
    select
        product_key,
        product_name,
        orders
    from products
    order by
        orders desc,
        product_key asc
    limit 20
),

pairs as (
    select
        best_sellers.product_key,
        companions.product_key as other_product_key,
        count(*) as orders_together
    from best_sellers
    inner join order_products as baskets
        on best_sellers.product_key = baskets.product_key
    inner join order_products as companions
        on
            baskets.order_key = companions.order_key
            and baskets.product_key != companions.product_key
    group by
        best_sellers.product_key,
        companions.product_key
    having count(*) >= 5
),

pairs_measured as (
    select
        best_sellers.product_key,
        best_sellers.product_name,
        best_sellers.orders,
        pairs.other_product_key,
        other_products.product_name as other_product_name,
        pairs.orders_together,
        cast(best_sellers.orders as double) * other_products.orders / all_orders.orders
            as orders_by_chance
    from pairs
    inner join best_sellers
        on pairs.product_key = best_sellers.product_key
    inner join products as other_products
        on pairs.other_product_key = other_products.product_key
    cross join all_orders
),

-- Not by lift, which is highest for a product that hardly anybody buys.
pairs_ranked as (
    select
        pairs_measured.*,
        row_number() over (
            partition by pairs_measured.product_key
            order by
                pairs_measured.orders_together - pairs_measured.orders_by_chance desc,
                pairs_measured.other_product_key asc
        ) as pair_rank
    from pairs_measured
)

select
    product_key,
    product_name,
    pair_rank,
    other_product_key,
    other_product_name,
    orders_together,
    cast(orders_together as double) / orders as confidence,
    orders_together / orders_by_chance as lift
from pairs_ranked
where
    pair_rank <= 3
    and orders_together > orders_by_chance
order by
    product_key asc,
    pair_rank asc
