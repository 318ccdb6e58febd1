-- Pairs of products, both ways.

copy (
    with pairs as (
        select product_number, other_number, cast(sum(orders) as bigint) as orders_together
        from month_pairs
        group by all
        having sum(orders) >= 5
    ),

    both_ways as (
        from pairs
        union all
        select other_number, product_number, orders_together
        from pairs
    )

    select
        ours.product_key,
        other.product_key as other_product_key,
        both_ways.orders_together,
        both_ways.orders_together / baskets.baskets as support,
        both_ways.orders_together / our_orders.orders as confidence,
        both_ways.orders_together / other_orders.orders as reverse_confidence,
        confidence * baskets.baskets / other_orders.orders as lift
    from both_ways
    inner join products as ours
        on both_ways.product_number = ours.product_number
    inner join products as other
        on both_ways.other_number = other.product_number
    inner join product_orders as our_orders
        on both_ways.product_number = our_orders.product_number
    inner join product_orders as other_orders
        on both_ways.other_number = other_orders.product_number
    cross join baskets
    order by 1, 2
) to '$out/product_affinities.parquet' (format parquet, compression zstd);
