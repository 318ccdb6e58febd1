-- What the orders of a day come to, so that days, weeks and months need not go through all orders.
{{ config(
    materialized='external',
    partition_by='order_month',
    incremental={'follows': 'fct_orders'},
) }}

with orders as (
    select
        order_month,
        order_date,
        -- A hash takes half the work of a key; customers_share_no_hash holds it to be as good.
        case when customer_key is not null then hash(customer_key) end as customer_hash,
        gross_revenue,
        returns_amount,
        units,
        is_completed
    from {{ ref('fct_orders') }}
    where {{ touched_only('order_month') }}
),

-- In two steps: counting distinct customers of many groups at once takes far more memory.
customer_days as (
    select
        order_month,
        order_date,
        customer_hash,
        sum(gross_revenue) as gross_revenue,
        sum(returns_amount) as returns_amount,
        sum(units) as units,
        count(*) filter (where is_completed) as orders,
        customer_hash is not null and count(*) filter (where is_completed) > 0 as is_customer
    from orders
    group by
        order_month,
        order_date,
        customer_hash
),

customer_weeks as (
    select
        order_month,
        customer_hash,
        {{ dbt.date_trunc('week', 'order_date') }} as week_start,
        min(order_date) as order_date
    from customer_days
    where is_customer
    group by
        order_month,
        customer_hash,
        {{ dbt.date_trunc('week', 'order_date') }}
),

first_days_of_weeks as (
    select
        order_date,
        count(*) as customers
    from customer_weeks
    group by order_date
),

customer_months as (
    select
        order_month,
        customer_hash,
        min(order_date) as order_date
    from customer_days
    where is_customer
    group by
        order_month,
        customer_hash
),

first_days_of_months as (
    select
        order_date,
        count(*) as customers
    from customer_months
    group by order_date
),

days as (
    select
        order_month,
        order_date,
        sum(gross_revenue) as gross_revenue,
        sum(returns_amount) as returns_amount,
        sum(units) as units,
        sum(orders) as orders,
        count(*) filter (where is_customer) as customers
    from customer_days
    group by
        order_month,
        order_date
)

select
    days.order_month,
    days.order_date,
    cast(days.gross_revenue as decimal(38, 4)) as gross_revenue,
    cast(days.returns_amount as decimal(38, 4)) as returns_amount,
    cast(days.units as decimal(38, 3)) as units,
    cast(days.orders as bigint) as orders,
    days.customers,
    coalesce(first_days_of_weeks.customers, 0) as customers_first_in_week,
    coalesce(first_days_of_months.customers, 0) as customers_first_in_month
from days
left join first_days_of_weeks
    on days.order_date = first_days_of_weeks.order_date
left join first_days_of_months
    on days.order_date = first_days_of_months.order_date
