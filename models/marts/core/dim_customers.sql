with customers as (
    select
        customer_key,
        source_name,
        customer_id,
        name,
        email,
        country_code,
        signed_up_at
    from {{ ref('int_customers_unioned') }}
),

countries as (
    select
        country_code,
        country_name
    from {{ ref('countries') }}
),

-- An order has one customer; where its lines name several, by mistake, none of them is forgotten.
orders_with_several_customers as (
    select order_key
    from {{ ref('fct_orders') }}
    where has_several_customers
),

named_by_orders as (
    select
        source_name,
        customer_key,
        country_code,
        last_ordered_at
    from {{ ref('int_customer_countries_counted') }}

    union all

    select
        order_lines.source_name,
        order_lines.customer_key,
        order_lines.country_code,
        max(order_lines.ordered_at) as last_ordered_at
    from {{ ref('fct_order_lines') }} as order_lines
    semi join orders_with_several_customers
        on order_lines.order_key = orders_with_several_customers.order_key
    where order_lines.customer_key is not null
    group by
        order_lines.source_name,
        order_lines.customer_key,
        order_lines.country_code
),

-- Orders may name a customer whom no list of customers has (yet): known by nothing but them.
known_from_orders_only as (
    select
        named_by_orders.source_name,
        named_by_orders.customer_key,
        {{ max_by(
            'named_by_orders.country_code',
            ['named_by_orders.last_ordered_at', 'named_by_orders.country_code'],
            where='named_by_orders.country_code is not null',
        ) }} as country_code
    from named_by_orders
    left join customers
        on named_by_orders.customer_key = customers.customer_key
    where customers.customer_key is null
    group by
        named_by_orders.source_name,
        named_by_orders.customer_key
),

all_customers as (
    select
        customer_key,
        source_name,
        customer_id,
        name,
        email,
        country_code,
        signed_up_at
    from customers

    union all

    select
        customer_key,
        source_name,
        substr(customer_key, length(source_name) + 2) as customer_id,
        cast(null as varchar) as name,
        cast(null as varchar) as email,
        country_code,
        cast(null as timestamp) as signed_up_at
    from known_from_orders_only
)

select
    all_customers.customer_key,
    all_customers.source_name,
    all_customers.customer_id,
    all_customers.name as customer_name,
    all_customers.email,
    all_customers.country_code,
    countries.country_name,
    all_customers.signed_up_at,
    cast({{ utc_to_local('all_customers.signed_up_at', var('business_timezone')) }} as date)
        as signed_up_date
from all_customers
left join countries
    on all_customers.country_code = countries.country_code
