-- Pairs of products, each once: the lesser key first.

copy (
    with numbered_pairs as (
        select
            product_number,
            other_number,
            cast(sum(orders) as bigint) as orders_together
        from month_pairs
        group by all
        having sum(orders) >= 5
    ),

    sold as (
        select
            products.product_number,
            products.product_key,
            coalesce(products.product_name, products.product_id) as product_name,
            product_orders.orders
        from products
        inner join product_orders
            using (product_number)
    )

    select
        ours.product_key,
        other.product_key as other_product_key,
        ours.product_name,
        other.product_name as other_product_name,
        ours.orders,
        other.orders as other_orders,
        pairs.orders_together,
        pairs.orders_together / baskets.baskets as support,
        pairs.orders_together / ours.orders as confidence,
        pairs.orders_together / other.orders as other_confidence,
        pairs.orders_together * baskets.baskets / (ours.orders * other.orders) as lift
    from numbered_pairs as pairs
    inner join sold as ours
        on pairs.product_number = ours.product_number
    inner join sold as other
        on pairs.other_number = other.product_number
    cross join baskets
    order by 1, 2
) to '$out/product_affinities.parquet' (format parquet, compression zstd);
