-- A table: a row per customer, which several models read, while fct_orders is large.
{{ config(materialized='table') }}

with orders as (
    select
        customer_key,
        order_date,
        gross_revenue
    from {{ ref('fct_orders') }}
    where
        customer_key is not null
        and is_completed
),

span as (
    select as_of_date
    from {{ ref('int_as_of_date') }}
),

-- All orders of a customer on one day are one purchase.
order_days as (
    select
        customer_key,
        order_date,
        sum(gross_revenue) as day_revenue
    from orders
    group by
        customer_key,
        order_date
),

-- Who buys for the first time buys something else than who comes back: the first day is left out.
customers as (
    select
        customer_key,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date,
        count(*) - 1 as repeat_purchases,
        sum(day_revenue) - arg_min(day_revenue, order_date) as repeat_revenue
    from order_days
    group by customer_key
)

select
    customers.customer_key,
    customers.first_order_date,
    customers.last_order_date,
    customers.repeat_purchases,
    {{ dbt.datediff('customers.first_order_date', 'customers.last_order_date', 'day') }}
        as recency_days,
    {{ dbt.datediff('customers.first_order_date', 'span.as_of_date', 'day') }}
        as age_days,
    cast(customers.repeat_revenue as decimal(18, 4)) as repeat_revenue
from customers
cross join span
