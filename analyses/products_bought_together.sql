-- What sells together? Beside each of the twenty products that stand on most orders: the three that
-- are bought with it most above chance. What to put next to it, or to offer at the till.
with affinities as (
    select
        product_key,
        product_name,
        other_product_key,
        other_product_name,
        orders_together,
        confidence,
        other_confidence,
        lift
    from {{ ref('product_affinities') }}
),

best_sellers as (
    select product_key
    from {{ ref('product_kpis') }}
    order by
        orders desc,
        product_key asc
    limit 20
),

-- The mart has each pair once; what to put beside the one is another question than what to put
-- beside the other.
both_directions as (
    select
        product_key,
        product_name,
        other_product_key,
        other_product_name,
        orders_together,
        confidence,
        lift
    from affinities

    union all

    select
        other_product_key as product_key,
        other_product_name as product_name,
        product_key as other_product_key,
        product_name as other_product_name,
        orders_together,
        other_confidence as confidence,
        lift
    from affinities
),

-- Not by lift, which is highest for a product that hardly anybody buys, but by the orders above
-- those that chance alone would bring, which are orders_together / lift.
pairs_ranked as (
    select
        both_directions.*,
        row_number() over (
            partition by both_directions.product_key
            order by
                both_directions.orders_together
                - both_directions.orders_together / both_directions.lift desc,
                both_directions.other_product_key asc
        ) as pair_rank
    from both_directions
    inner join best_sellers
        on both_directions.product_key = best_sellers.product_key
    where both_directions.lift > 1
)

select
    product_key,
    product_name,
    pair_rank,
    other_product_key,
    other_product_name,
    orders_together,
    confidence,
    lift
from pairs_ranked
where pair_rank <= 3
order by
    product_key asc,
    pair_rank asc
