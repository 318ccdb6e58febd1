-- Few different values stand for many rows (80 million prices are some thousands): all that is said
-- of their distribution is computed from here, in whole numbers. A table: two marts read it.
{{ config(materialized='table') }}

with orders as not materialized (
    select
        customer_key,
        order_date,
        gross_revenue,
        items
    from {{ ref('fct_orders') }}
    where is_completed
),

customers as (
    select gross_revenue
    from {{ ref('customer_kpis') }}
    where orders > 0
),

-- A hash takes half the work of a key; customers_share_no_hash holds it to be as good.
customer_days as (
    select
        hash(customer_key) as customer_hash,
        order_date
    from orders
    where customer_key is not null
    group by
        hash(customer_key),
        order_date
),

customer_days_compared as (
    select
        order_date,
        lag(order_date) over (partition by customer_hash order by order_date) as previous_order_date
    from customer_days
),

measured as (
    select
        'order_value' as measure,
        gross_revenue as measured_value,
        count(*) as occurrences
    from orders
    group by gross_revenue
    union all
    select
        'items_per_order' as measure,
        items as measured_value,
        count(*) as occurrences
    from orders
    group by items
    union all
    select
        'unit_price' as measure,
        reporting_unit_price as measured_value,
        sum(order_lines) as occurrences
    from {{ ref('int_unit_prices_counted') }}
    group by reporting_unit_price
    union all
    select
        'revenue_per_customer' as measure,
        gross_revenue as measured_value,
        count(*) as occurrences
    from customers
    group by gross_revenue
    union all
    select
        'days_between_orders' as measure,
        {{ dbt.datediff('previous_order_date', 'order_date', 'day') }}
            as measured_value,
        count(*) as occurrences
    from customer_days_compared
    where previous_order_date is not null
    group by {{ dbt.datediff('previous_order_date', 'order_date', 'day') }}
)

select
    measure,
    cast(measured_value as decimal(18, 4)) as measured_value,
    cast(occurrences as bigint) as occurrences
from measured
