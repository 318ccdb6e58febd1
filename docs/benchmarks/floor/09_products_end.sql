-- Products: ranked, and the best sold for the pairs.

copy (
    with totals as (
        select
            product_number,
            cast(sum(gross_revenue) as decimal(18, 4)) as gross_revenue,
            cast(sum(returns_amount) as decimal(18, 4)) as returns_amount,
            cast(sum(units) as decimal(18, 3)) as units,
            min(lowest_price) as lowest_price,
            max(highest_price) as highest_price,
            min(first_order_date) as first_order_date,
            max(last_order_date) as last_order_date,
            arg_min(country_code, (-gross_revenue, country_code)) filter (where completed_lines > 0)
                as top_country
        from product_countries
        group by product_number
    ),

    ranked as (
        select
            products.product_key,
            products.product_id,
            'online_retail' as source_name,
            coalesce(products.product_name, products.product_id) as product_name,
            cast(null as varchar) as category,
            totals.* exclude (product_number),
            cast(gross_revenue - returns_amount as decimal(18, 4)) as net_revenue,
            coalesce(product_orders.orders, 0) as orders,
            coalesce(product_customers.customers, 0) as customers,
            cast(gross_revenue / nullif(units, 0) as decimal(18, 4)) as average_price,
            cast(returns_amount / nullif(gross_revenue, 0) as double) as return_rate,
            row_number() over best_first as revenue_rank,
            sum(gross_revenue) over best_first as cumulated,
            nullif(sum(gross_revenue) over (), 0) as whole
        from totals
        inner join products
            using (product_number)
        left join product_orders
            using (product_number)
        left join product_customers
            using (product_number)
        window best_first as (order by gross_revenue desc, product_key rows unbounded preceding)
    )

    select
        * exclude (cumulated, whole),
        cast(gross_revenue / whole as double) as market_share,
        cast(cumulated / whole as double) as cumulative_share,
        case
            when 100 * cumulated <= 80 * whole then 'A'
            when 100 * cumulated <= 95 * whole then 'B'
            else 'C'
        end as abc_class
    from ranked
    order by product_key
) to '$out/product_kpis.parquet' (format parquet, compression zstd);

create temp table best_sold as
select
    product_number,
    row_number() over (order by product_key) as key_place
from (
    select product_number, product_key
    from product_orders
    inner join products
        using (product_number)
    where orders > 0
    order by orders desc, product_key
    limit 500
);

create temp table baskets (baskets bigint);
insert into baskets
select count(*)
from orders
where items > 0;

create temp table month_pairs (product_number integer, other_number integer, orders bigint);
