with country_months as (
    select
        country_code,
        gross_revenue,
        returns_amount,
        units,
        orders
    from {{ ref('int_country_months_summed') }}
),

customer_countries as (
    select country_code
    from {{ ref('int_customer_countries_counted') }}
    where orders > 0
),

countries as (
    select
        country_code,
        country_name,
        continent
    from {{ ref('dim_countries') }}
),

-- Orders add up over the months; a customer of several is one customer.
rows_to_sum as (
    select
        country_code,
        gross_revenue,
        returns_amount,
        units,
        orders,
        0 as customers
    from country_months

    union all

    select
        country_code,
        0 as gross_revenue,
        0 as returns_amount,
        0 as units,
        0 as orders,
        count(*) as customers
    from customer_countries
    group by country_code
),

country_figures as (
    select
        country_code,
        {{ sales_figures() }}
    from rows_to_sum
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
