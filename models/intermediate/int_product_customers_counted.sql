-- A customer of a product counts in the month in which they first bought it, and so once.
{{ config(
    materialized='external',
    partition_by='order_month',
    incremental={
        'follows': 'fct_order_lines',
        'onwards': true,
        'after': ['dim_customers', 'dim_products'],
    },
) }}

{#- Numbers stand for the keys: tens of millions of pairs of keys would not fit into memory. -#}
{%- set all_months %}
    with customers as (
        select
            customer_key,
            cast(row_number() over () as uinteger) as customer_number
        from {{ ref('dim_customers') }}
    ),

    products as (
        select
            product_key,
            cast(row_number() over () as uinteger) as product_number
        from {{ ref('dim_products') }}
    ),

    first_purchases as (
        select
            products.product_number,
            customers.customer_number,
            min(order_lines.order_month) as order_month
        from {{ ref('fct_order_lines') }} as order_lines
        inner join products
            on order_lines.product_key = products.product_key
        inner join customers
            on order_lines.customer_key = customers.customer_key
        where
            order_lines.line_type = 'merchandise'
            and order_lines.line_status = 'completed'
        group by
            products.product_number,
            customers.customer_number
    ),

    new_customers as (
        select
            product_number,
            order_month,
            count(*) as customers
        from first_purchases
        group by
            product_number,
            order_month
    )

    select
        new_customers.order_month,
        products.product_key,
        new_customers.customers
    from new_customers
    inner join products
        on new_customers.product_number = products.product_number
{%- endset %}

{#- Whoever bought a product before the touched months is none of its new customers. -#}
{%- set touched_months %}
    with touched_purchases as (
        select
            product_key,
            customer_key,
            min(order_month) as order_month
        from {{ ref('fct_order_lines') }}
        where
            {{ touched_only('order_month') }}
            and line_type = 'merchandise'
            and line_status = 'completed'
            and customer_key is not null
        group by
            product_key,
            customer_key
    ),

    earlier_purchases as (
        select
            product_key,
            customer_key
        from {{ ref('fct_order_lines') }}
        where
            not {{ touched_only('order_month') }}
            and line_type = 'merchandise'
            and line_status = 'completed'
    )

    select
        touched_purchases.order_month,
        touched_purchases.product_key,
        count(*) as customers
    from touched_purchases
    anti join earlier_purchases
        on
            touched_purchases.product_key = earlier_purchases.product_key
            and touched_purchases.customer_key = earlier_purchases.customer_key
    group by
        touched_purchases.order_month,
        touched_purchases.product_key
{%- endset %}

with new_customers as (
    {{ once(all_months, in_an_increment=touched_months) }}
)

select
    order_month,
    product_key,
    customers
from new_customers
