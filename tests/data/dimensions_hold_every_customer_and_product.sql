-- Law: a dimension has everybody and everything that a list or an order line names, and nothing
-- else. That it has every key of the lines is what their relationships test; the rest is here. A
-- row is a problem, with how often it occurs and an example.
with listed_customers_missing as (
    select listed.customer_key
    from {{ ref('int_customers_unioned') }} as listed
    anti join {{ ref('dim_customers') }} as customers
        on listed.customer_key = customers.customer_key
),

-- Whoever has an order in customer_kpis is named by it: the laws on that mart count them all. The
-- few others are looked for among all orders.
customers_with_orders as (
    select customer_key
    from {{ ref('customer_kpis') }}
    where orders > 0
),

customers_to_find as (
    select customers.customer_key
    from {{ ref('dim_customers') }} as customers
    anti join {{ ref('int_customers_unioned') }} as listed
        on customers.customer_key = listed.customer_key
    anti join customers_with_orders
        on customers.customer_key = customers_with_orders.customer_key
),

-- Of an order whose lines name several customers the others are found among its lines.
orders_with_several_customers as (
    select order_key
    from {{ ref('fct_orders') }}
    where has_several_customers
),

customers_found as (
    select orders.customer_key
    from {{ ref('fct_orders') }} as orders
    semi join customers_to_find
        on orders.customer_key = customers_to_find.customer_key
    union
    select order_lines.customer_key
    from {{ ref('fct_order_lines') }} as order_lines
    semi join orders_with_several_customers
        on order_lines.order_key = orders_with_several_customers.order_key
),

customers_made_up as (
    select customers_to_find.customer_key
    from customers_to_find
    anti join customers_found
        on customers_to_find.customer_key = customers_found.customer_key
),

named_products as (
    select product_key
    from {{ ref('int_products_unioned') }}
    union
    select product_key
    from {{ ref('int_product_months_summed') }}
),

problems as (
    select
        'dim_customers lacks a listed customer' as problem,
        count(*) as occurrences,
        min(customer_key) as example
    from listed_customers_missing
    union all
    select
        'dim_customers has a customer whom nobody names' as problem,
        count(*) as occurrences,
        min(customer_key) as example
    from customers_made_up
    union all
    select
        'rows that dim_products has too many, or lacks' as problem,
        (select count(*) from {{ ref('dim_products') }})
        - (select count(*) from named_products) as occurrences,
        cast(null as varchar) as example
    union all
    select
        'rows that dim_countries has too many, or lacks' as problem,
        (select count(*) from {{ ref('dim_countries') }})
        - (select count(distinct country_code) from {{ ref('countries') }}) as occurrences,
        cast(null as varchar) as example
)

select *
from problems
where occurrences != 0
