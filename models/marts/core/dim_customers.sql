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

-- Orders may name a customer whom no list of customers has (yet): known by nothing but them.
known_from_orders_only as (
    select
        order_lines.customer_key,
        order_lines.source_name,
        {{ max_by(
            'order_lines.country_code',
            ['order_lines.ordered_at', 'order_lines.country_code'],
            where='order_lines.country_code is not null',
        ) }} as country_code
    from {{ ref('fct_order_lines') }} as order_lines
    left join customers
        on order_lines.customer_key = customers.customer_key
    where
        order_lines.customer_key is not null
        and customers.customer_key is null
    group by order_lines.customer_key, order_lines.source_name
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
