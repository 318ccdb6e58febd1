-- What did a price change do? For each product the last change of its usual price: units and
-- revenue a day in the three months before and the three from it on, beside the rest of the shop,
-- which shows what the time of year alone would have done.
with sales as (
    select
        product_key,
        order_month,
        currency,
        unit_price,
        quantity,
        net_amount
    from {{ ref('fct_order_lines') }}
    where
        line_type = 'merchandise'
        and line_status = 'completed'
),

products as (
    select
        product_key,
        product_name
    from {{ ref('dim_products') }}
),

span as (
    select
        first_order_date,
        as_of_date
    from {{ ref('int_as_of_date') }}
),

-- The only step that reads order lines: what follows is small.
sales_by_price as (
    select
        product_key,
        order_month,
        currency,
        unit_price,
        count(*) as lines,
        sum(quantity) as units,
        sum(net_amount) as gross_revenue
    from sales
    group by
        product_key,
        order_month,
        currency,
        unit_price
),

product_months as (
    select
        product_key,
        order_month,
        sum(units) as units,
        sum(gross_revenue) as gross_revenue
    from sales_by_price
    group by
        product_key,
        order_month
),

shop_months as (
    select
        order_month,
        sum(units) as units
    from product_months
    group by order_month
),

prices_ranked as (
    select
        product_key,
        order_month,
        unit_price,
        row_number() over (
            partition by product_key, order_month
            order by lines desc, unit_price asc
        ) as price_rank
    from sales_by_price
    -- An exchange rate that moves is no change of a price.
    where currency = '{{ var("reporting_currency") }}'
),

-- The usual price of a month is the one on most lines: quantity prices and single bargains are not.
usual_prices as (
    select
        product_key,
        order_month,
        unit_price as usual_price,
        lag(unit_price) over by_month as former_price,
        lag(unit_price, 2) over by_month as price_before_that,
        lead(unit_price) over by_month as next_price
    from prices_ranked
    where price_rank = 1
    window by_month as (partition by product_key order by order_month)
),

-- A price that held before and holds after: not a month's offer, nor the way back from one.
price_changes as (
    select
        usual_prices.product_key,
        usual_prices.order_month as changed_month,
        usual_prices.former_price,
        usual_prices.usual_price as new_price,
        cast({{ dbt.dateadd('month', -3, 'usual_prices.order_month') }} as date) as before_start,
        cast({{ dbt.dateadd('month', 3, 'usual_prices.order_month') }} as date) as after_end
    from usual_prices
    where
        usual_prices.usual_price != usual_prices.former_price
        and usual_prices.former_price = usual_prices.price_before_that
        and usual_prices.usual_price = usual_prices.next_price
),

last_price_changes as (
    select
        price_changes.product_key,
        price_changes.changed_month,
        price_changes.former_price,
        price_changes.new_price,
        price_changes.before_start,
        price_changes.after_end,
        {{ dbt.datediff('price_changes.before_start', 'price_changes.changed_month', 'day') }}
            as before_days,
        {{ dbt.datediff('price_changes.changed_month', 'price_changes.after_end', 'day') }}
            as after_days,
        row_number() over (
            partition by price_changes.product_key
            order by price_changes.changed_month desc
        ) as changes_since
    from price_changes
    inner join span
        on
            price_changes.before_start >= span.first_order_date
            and price_changes.after_end <= {{ dbt.dateadd('day', 1, 'span.as_of_date') }}
),

-- Only what sold in all six months: the season of a garden chair is no effect of its price.
product_before_and_after as (
    select
        changes.product_key,
        sum(months.units) filter (where months.order_month < changes.changed_month)
            as units_before,
        sum(months.units) filter (where months.order_month >= changes.changed_month)
            as units_after,
        sum(months.gross_revenue) filter (where months.order_month < changes.changed_month)
            as gross_revenue_before,
        sum(months.gross_revenue) filter (where months.order_month >= changes.changed_month)
            as gross_revenue_after
    from last_price_changes as changes
    inner join product_months as months
        on
            changes.product_key = months.product_key
            and changes.before_start <= months.order_month
            and changes.after_end > months.order_month
    where changes.changes_since = 1
    group by changes.product_key
    having count(*) = 6
),

shop_before_and_after as (
    select
        changes.product_key,
        sum(months.units) filter (where months.order_month < changes.changed_month)
            as units_before,
        sum(months.units) filter (where months.order_month >= changes.changed_month)
            as units_after
    from last_price_changes as changes
    inner join shop_months as months
        on
            changes.before_start <= months.order_month
            and changes.after_end > months.order_month
    where changes.changes_since = 1
    group by changes.product_key
),

-- A day, because three months have 89 to 92 of them.
daily_sales as (
    select
        changes.product_key,
        changes.changed_month,
        changes.former_price,
        changes.new_price,
        product.units_before / changes.before_days as units_before,
        product.units_after / changes.after_days as units_after,
        product.gross_revenue_before / changes.before_days as gross_revenue_before,
        product.gross_revenue_after / changes.after_days as gross_revenue_after,
        (shop.units_before - product.units_before) / changes.before_days as others_before,
        (shop.units_after - product.units_after) / changes.after_days as others_after
    from last_price_changes as changes
    inner join product_before_and_after as product
        on changes.product_key = product.product_key
    inner join shop_before_and_after as shop
        on changes.product_key = shop.product_key
    where changes.changes_since = 1
)

select
    daily_sales.product_key,
    products.product_name,
    daily_sales.changed_month,
    daily_sales.former_price,
    daily_sales.new_price,
    {{ growth_pct('daily_sales.new_price', 'daily_sales.former_price') }} as price_change_pct,
    daily_sales.units_before as units_a_day_before,
    daily_sales.units_after as units_a_day_after,
    {{ growth_pct('daily_sales.units_after', 'daily_sales.units_before') }} as units_change_pct,
    {{ growth_pct('daily_sales.others_after', 'daily_sales.others_before') }}
        as rest_of_shop_units_change_pct,
    {{ growth_pct('daily_sales.gross_revenue_after', 'daily_sales.gross_revenue_before') }}
        as gross_revenue_change_pct
from daily_sales
left join products
    on daily_sales.product_key = products.product_key
order by
    daily_sales.changed_month desc,
    daily_sales.product_key asc
