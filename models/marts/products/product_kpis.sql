with product_months as (
    select
        product_key,
        line_status,
        quantity,
        net_amount,
        lowest_price,
        highest_price,
        first_order_date,
        last_order_date
    from {{ ref('int_product_months_summed') }}
    where
        line_type = 'merchandise'
        and line_status in ('completed', 'returned')
),

products as (
    select
        product_key,
        product_id,
        source_name,
        product_name,
        category
    from {{ ref('dim_products') }}
),

product_totals as (
    select
        product_key,
        cast(
            coalesce(sum(net_amount) filter (where line_status = 'completed'), 0)
            as decimal(18, 4)
        ) as gross_revenue,
        cast(
            coalesce(-sum(net_amount) filter (where line_status = 'returned'), 0)
            as decimal(18, 4)
        ) as returns_amount,
        cast(
            coalesce(sum(quantity) filter (where line_status = 'completed'), 0) as decimal(18, 3)
        ) as units,
        min(lowest_price) filter (where line_status = 'completed') as lowest_price,
        max(highest_price) filter (where line_status = 'completed') as highest_price,
        min(first_order_date) filter (where line_status = 'completed') as first_order_date,
        max(last_order_date) filter (where line_status = 'completed') as last_order_date
    from product_months
    group by product_key
),

product_countries as (
    select
        product_key,
        country_code,
        coalesce(sum(gross_revenue), 0) as gross_revenue
    from {{ ref('int_product_countries_summed') }}
    group by
        product_key,
        country_code
),

top_countries as (
    select
        product_key,
        country_code as top_country
    from product_countries
    qualify
        row_number() over (
            partition by product_key
            order by gross_revenue desc, country_code asc
        ) = 1
),

-- What the months count of an order with lines in several of them is one order in all.
orders_to_add as (
    select
        product_key,
        orders
    from {{ ref('int_product_orders_counted') }}
    union all
    select
        product_key,
        count(distinct order_key) - count(*) as orders
    from {{ ref('int_baskets_across_months') }}
    group by product_key
),

order_counts as (
    select
        product_key,
        cast(sum(orders) as bigint) as orders
    from orders_to_add
    group by product_key
),

customer_counts as (
    select
        product_key,
        cast(sum(customers) as bigint) as customers
    from {{ ref('int_product_customers_counted') }}
    group by product_key
),

products_ranked as (
    select
        *,
        row_number() over best_first as revenue_rank,
        sum(gross_revenue) over best_first as cumulative_revenue,
        nullif(sum(gross_revenue) over (), 0) as total_revenue
    from product_totals
    window
        best_first as (
            order by gross_revenue desc, product_key asc
            rows between unbounded preceding and current row
        )
)

select
    products_ranked.product_key,
    products.product_id,
    products.source_name,
    products.product_name,
    products.category,
    products_ranked.gross_revenue,
    products_ranked.returns_amount,
    cast(
        products_ranked.gross_revenue - products_ranked.returns_amount as decimal(18, 4)
    ) as net_revenue,
    products_ranked.units,
    coalesce(order_counts.orders, 0) as orders,
    coalesce(customer_counts.customers, 0) as customers,
    cast(
        products_ranked.gross_revenue / nullif(products_ranked.units, 0) as decimal(18, 4)
    ) as average_price,
    products_ranked.lowest_price,
    products_ranked.highest_price,
    cast(
        products_ranked.returns_amount / nullif(products_ranked.gross_revenue, 0) as double
    ) as return_rate,
    cast(
        products_ranked.gross_revenue / products_ranked.total_revenue as double
    ) as market_share,
    products_ranked.revenue_rank,
    cast(
        products_ranked.cumulative_revenue / products_ranked.total_revenue as double
    ) as cumulative_share,
    -- Money against money, not a share against 0.8: a boundary that is met exactly must not depend
    -- on how a share is rounded.
    case
        when 100 * products_ranked.cumulative_revenue <= 80 * products_ranked.total_revenue
            then 'A'
        when 100 * products_ranked.cumulative_revenue <= 95 * products_ranked.total_revenue
            then 'B'
        else 'C'
    end as abc_class,
    top_countries.top_country,
    products_ranked.first_order_date,
    products_ranked.last_order_date
from products_ranked
left join products
    on products_ranked.product_key = products.product_key
left join order_counts
    on products_ranked.product_key = order_counts.product_key
left join customer_counts
    on products_ranked.product_key = customer_counts.product_key
left join top_countries
    on products_ranked.product_key = top_countries.product_key
order by products_ranked.product_key
