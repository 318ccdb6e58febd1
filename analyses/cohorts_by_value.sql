-- Which month's cohort is best? Customers by the month of their first order, each cohort at the
-- same age: what a customer brought within 180 days of the first order, and how many came again. A
-- cohort whose last customer may be younger than that has no row yet. The first cohorts also hold
-- regulars of before the data began, and look better for it.
with customers as (
    select
        customer_key,
        cohort_month,
        first_order_date,
        {{ dbt.dateadd('day', 180, 'first_order_date') }} as half_year_end
    from {{ ref('customer_kpis') }}
    where first_order_date is not null
),

orders as (
    select
        customer_key,
        order_date,
        gross_revenue
    from {{ ref('fct_orders') }}
    where is_completed
),

span as (
    select as_of_date
    from {{ ref('int_as_of_date') }}
),

customers_in_half_a_year as (
    select
        customers.customer_key,
        customers.cohort_month,
        count(*) as orders,
        max(orders.order_date) > customers.first_order_date as has_come_again,
        sum(orders.gross_revenue) as gross_revenue
    from customers
    inner join orders
        on
            customers.customer_key = orders.customer_key
            and customers.half_year_end >= orders.order_date
    group by
        customers.customer_key,
        customers.cohort_month,
        customers.first_order_date
),

cohorts as (
    select
        cohort_month,
        {{ dbt.dateadd('day', 180, dbt.last_day('cohort_month', 'month')) }} as comparable_from,
        count(*) as customers,
        count(*) filter (where has_come_again) as customers_come_again,
        sum(orders) as orders,
        sum(gross_revenue) as gross_revenue
    from customers_in_half_a_year
    group by cohort_month
)

select
    cohorts.cohort_month,
    cohorts.customers,
    cast(cohorts.customers_come_again as double) / cohorts.customers as repeat_rate,
    cast(cohorts.orders as double) / cohorts.customers as orders_per_customer,
    cast(cohorts.gross_revenue / cohorts.customers as decimal(18, 2)) as revenue_per_customer,
    cast(cohorts.gross_revenue as decimal(18, 2)) as gross_revenue
from cohorts
inner join span
    on cohorts.comparable_from <= span.as_of_date
order by
    revenue_per_customer desc,
    cohorts.cohort_month asc
