with orders as (
    select
        country_code,
        -- A hash takes half the work of a key; customers_share_no_hash holds it to be as good.
        case when customer_key is not null then hash(customer_key) end as customer_hash,
        gross_revenue,
        returns_amount,
        units,
        is_completed
    from {{ ref('fct_orders') }}
    where is_completed or has_returns
),

countries as (
    select
        country_code,
        country_name,
        continent
    from {{ ref('dim_countries') }}
),

-- In two steps: counting distinct customers of many groups at once takes far more memory.
country_customers as (
    select
        country_code,
        customer_hash,
        sum(gross_revenue) as gross_revenue,
        sum(returns_amount) as returns_amount,
        sum(units) as units,
        count(*) filter (where is_completed) as orders,
        case
            when customer_hash is not null and count(*) filter (where is_completed) > 0 then 1
            else 0
        end as customers
    from orders
    group by
        country_code,
        customer_hash
),

country_figures as (
    select
        country_code,
        {{ sales_figures() }}
    from country_customers
    group by country_code
)

select
    country_figures.country_code,
    countries.country_name,
    countries.continent,
    country_figures.gross_revenue,
    country_figures.returns_amount,
    country_figures.net_revenue,
    country_figures.orders,
    country_figures.customers,
    country_figures.average_order_value,
    country_figures.units,
    country_figures.return_rate,
    cast(
        country_figures.gross_revenue / nullif(sum(country_figures.gross_revenue) over (), 0)
        as double
    ) as market_share
from country_figures
left join countries
    on country_figures.country_code = countries.country_code
order by country_figures.country_code
