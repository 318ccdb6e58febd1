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

orders as not materialized (
    -- Read twice below, each time a few columns: cheaper than keeping every order in memory.
    select
        source_name,
        order_key,
        customer_key,
        country_code,
        ordered_at,
        has_several_customers
    from {{ ref('fct_orders') }}
),

-- An order has one customer; where its lines name several, by mistake, none of them is forgotten.
orders_with_several_customers as (
    select order_key
    from orders
    where has_several_customers
),

named_by_orders as not materialized (
    select
        source_name,
        customer_key,
        country_code,
        ordered_at
    from orders

    union all

    select
        order_lines.source_name,
        order_lines.customer_key,
        order_lines.country_code,
        order_lines.ordered_at
    from {{ ref('fct_order_lines') }} as order_lines
    semi join orders_with_several_customers
        on order_lines.order_key = orders_with_several_customers.order_key
),

-- Orders may name a customer whom no list of customers has (yet): known by nothing but them.
-- Grouped in two steps, because arg_max with a tie-break is slow for each order of many.
last_orders_by_country as (
    select
        named_by_orders.customer_key,
        named_by_orders.country_code,
        -- The key says it; to group by fewer columns is quicker.
        min(named_by_orders.source_name) as source_name,
        max(named_by_orders.ordered_at) as last_ordered_at
    from named_by_orders
    left join customers
        on named_by_orders.customer_key = customers.customer_key
    where
        named_by_orders.customer_key is not null
        and customers.customer_key is null
    group by
        named_by_orders.customer_key,
        named_by_orders.country_code
),

known_from_orders_only as (
    select
        source_name,
        customer_key,
        {{ max_by(
            'country_code',
            ['last_ordered_at', 'country_code'],
            where='country_code is not null',
        ) }} as country_code
    from last_orders_by_country
    group by
        source_name,
        customer_key
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
