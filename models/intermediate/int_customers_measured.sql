-- What all orders of a customer come to. A table: a row per customer, which several models read.
{{ config(materialized='table') }}

with customer_months as (
    select
        customer_key,
        first_order_date,
        last_order_date,
        order_days,
        orders,
        gross_revenue,
        returns_amount,
        units,
        first_day_revenue
    from {{ ref('int_customer_months_summed') }}
),

span as (
    select as_of_date
    from {{ ref('int_as_of_date') }}
),

-- Who buys for the first time buys something else than who comes back: the first day is left out.
customers as (
    select
        customer_key,
        min(first_order_date) as first_order_date,
        max(last_order_date) as last_order_date,
        sum(order_days) as order_days,
        sum(orders) as orders,
        sum(gross_revenue) as gross_revenue,
        sum(returns_amount) as returns_amount,
        sum(units) as units,
        sum(gross_revenue) - arg_min(first_day_revenue, first_order_date) as repeat_revenue
    from customer_months
    group by customer_key
)

select
    customers.customer_key,
    customers.first_order_date,
    customers.last_order_date,
    cast(customers.order_days as bigint) as order_days,
    cast(customers.orders as bigint) as orders,
    cast(customers.gross_revenue as decimal(18, 4)) as gross_revenue,
    cast(customers.returns_amount as decimal(18, 4)) as returns_amount,
    cast(customers.units as decimal(18, 3)) as units,
    -- Null, with all that follows, for somebody who only returned things.
    cast(nullif(customers.order_days, 0) - 1 as bigint) as repeat_purchases,
    {{ dbt.datediff('customers.first_order_date', 'customers.last_order_date', 'day') }}
        as recency_days,
    {{ dbt.datediff('customers.first_order_date', 'span.as_of_date', 'day') }}
        as age_days,
    cast(customers.repeat_revenue as decimal(18, 4)) as repeat_revenue
from customers
cross join span
