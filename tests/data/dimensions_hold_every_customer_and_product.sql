-- Law: a dimension has everybody and everything that a list or an order line names, and nothing
-- else. A row is a dimension whose count differs from that of the keys.
with named_customers as (
    select customer_key
    from {{ ref('int_customers_unioned') }}
    union
    -- Of an order whose lines name several customers the others are looked for among its lines.
    select customer_key
    from {{ ref('fct_orders') }}
    where customer_key is not null
    union
    select order_lines.customer_key
    from {{ ref('fct_order_lines') }} as order_lines
    inner join {{ ref('fct_orders') }} as orders
        on order_lines.order_key = orders.order_key
    where
        orders.has_several_customers
        and order_lines.customer_key is not null
),

named_products as (
    select product_key
    from {{ ref('int_products_unioned') }}
    union
    select product_key
    from {{ ref('int_product_months_summed') }}
),

counts as (
    select
        'dim_customers' as dimension,
        (select count(*) from named_customers) as named_keys,
        (select count(*) from {{ ref('dim_customers') }}) as rows_of_dimension
    union all
    select
        'dim_products' as dimension,
        (select count(*) from named_products) as named_keys,
        (select count(*) from {{ ref('dim_products') }}) as rows_of_dimension
    union all
    select
        'dim_countries' as dimension,
        (select count(distinct country_code) from {{ ref('countries') }}) as named_keys,
        (select count(*) from {{ ref('dim_countries') }}) as rows_of_dimension
)

select *
from counts
where named_keys != rows_of_dimension
