-- Where do returns come from? Each channel, country, category and product against the whole shop:
-- how much came back, and how much more than if it had come back like everything else. A return
-- counts where it came back (docs/metrics.md).
with lines as (
    select
        channel,
        country_code,
        product_key,
        line_status,
        net_amount
    from {{ ref('fct_order_lines') }}
    where
        line_type = 'merchandise'
        and line_status in ('completed', 'returned')
),

products as (
    select
        product_key,
        product_name,
        coalesce(category, 'unknown') as category
    from {{ ref('dim_products') }}
),

countries as (
    select
        country_code,
        country_name
    from {{ ref('dim_countries') }}
),

-- The only step that reads order lines: what follows is small.
line_totals as (
    select
        channel,
        country_code,
        product_key,
        coalesce(sum(net_amount) filter (where line_status = 'completed'), 0) as gross_revenue,
        coalesce(-sum(net_amount) filter (where line_status = 'returned'), 0) as returns_amount
    from lines
    group by
        channel,
        country_code,
        product_key
),

places as (
    select
        'channel' as place_kind,
        channel as place,
        gross_revenue,
        returns_amount
    from line_totals

    union all

    select
        'country' as place_kind,
        countries.country_name as place,
        line_totals.gross_revenue,
        line_totals.returns_amount
    from line_totals
    inner join countries
        on line_totals.country_code = countries.country_code

    union all

    select
        'category' as place_kind,
        products.category as place,
        line_totals.gross_revenue,
        line_totals.returns_amount
    from line_totals
    inner join products
        on line_totals.product_key = products.product_key

    union all

    select
        'product' as place_kind,
        line_totals.product_key || ' ' || products.product_name as place,
        line_totals.gross_revenue,
        line_totals.returns_amount
    from line_totals
    inner join products
        on line_totals.product_key = products.product_key
),

place_totals as (
    select
        place_kind,
        place,
        sum(gross_revenue) as gross_revenue,
        sum(returns_amount) as returns_amount
    from places
    group by
        place_kind,
        place
),

shop as (
    select
        sum(gross_revenue) as gross_revenue,
        sum(returns_amount) as returns_amount
    from line_totals
)

select
    place_totals.place_kind,
    place_totals.place,
    place_totals.gross_revenue,
    place_totals.returns_amount,
    cast(
        place_totals.returns_amount / nullif(shop.returns_amount, 0) as double
    ) as share_of_returns,
    cast(
        place_totals.returns_amount / nullif(place_totals.gross_revenue, 0) as double
    ) as return_rate,
    cast(shop.returns_amount / nullif(shop.gross_revenue, 0) as double) as shop_return_rate,
    cast(
        place_totals.returns_amount
        - place_totals.gross_revenue * shop.returns_amount / nullif(shop.gross_revenue, 0)
        as decimal(18, 2)
    ) as returns_above_average_amount
from place_totals
cross join shop
where place_totals.returns_amount > 0
order by
    returns_above_average_amount desc,
    place_totals.place_kind asc,
    place_totals.place asc
