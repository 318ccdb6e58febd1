with customers as (
    select
        source_name,
        customer_id,
        name,
        email,
        country,
        signed_up_at
    from {{ ref('int_customers_conformed') }}
    where set_aside_reason is null
),

country_spellings as (
    select
        spelling,
        country_code
    from {{ ref('int_country_spellings_unioned') }}
)

select
    customers.source_name,
    customers.source_name || ':' || customers.customer_id as customer_key,
    customers.customer_id,
    customers.name,
    customers.email,
    coalesce(country_spellings.country_code, 'ZZ') as country_code,
    customers.signed_up_at
from customers
left join country_spellings
    on lower(customers.country) = country_spellings.spelling
