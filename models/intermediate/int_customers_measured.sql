-- What all orders of a customer come to, with how old they are today.
with customers as (
    select
        customer_key,
        first_order_date,
        last_order_date,
        order_days,
        orders,
        gross_revenue,
        returns_amount,
        units,
        repeat_revenue
    from {{ ref('int_customers_summed') }}
),

span as (
    select as_of_date
    from {{ ref('int_as_of_date') }}
)

select
    customers.customer_key,
    customers.first_order_date,
    customers.last_order_date,
    customers.order_days,
    customers.orders,
    customers.gross_revenue,
    customers.returns_amount,
    customers.units,
    -- Null, with all that follows, for somebody who only returned things.
    cast(nullif(customers.order_days, 0) - 1 as bigint) as repeat_purchases,
    {{ dbt.datediff('customers.first_order_date', 'customers.last_order_date', 'day') }}
        as recency_days,
    {{ dbt.datediff('customers.first_order_date', 'span.as_of_date', 'day') }}
        as age_days,
    customers.repeat_revenue
from customers
cross join span
