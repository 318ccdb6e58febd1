-- A hash takes half the work of a key; customers_share_no_hash holds it to be as good.
with customer_months as (
    select
        hash(customer_key) as customer_hash,
        order_month,
        gross_revenue
    from {{ ref('int_customer_months_summed') }}
    where orders > 0
),

customers as (
    select
        hash(customer_key) as customer_hash,
        cohort_month
    from {{ ref('customer_kpis') }}
    where cohort_month is not null
),

months as (
    select
        month_start,
        is_complete
    from {{ ref('sales_monthly') }}
),

cohorts as (
    select
        cohort_month,
        count(*) as cohort_size
    from customers
    group by cohort_month
),

cohort_figures as (
    select
        customers.cohort_month,
        customer_months.order_month,
        count(*) as customers,
        sum(customer_months.gross_revenue) as gross_revenue
    from customer_months
    inner join customers
        on customer_months.customer_hash = customers.customer_hash
    group by
        customers.cohort_month,
        customer_months.order_month
),

-- From the calendar, not from the orders: a month in which nobody of the cohort came is a month
-- with 0.
cohort_months as (
    select
        cohorts.cohort_month,
        months.month_start as order_month,
        {{ dbt.datediff('cohorts.cohort_month', 'months.month_start', 'month') }}
            as months_since_first,
        months.is_complete,
        cohorts.cohort_size,
        coalesce(cohort_figures.customers, 0) as customers,
        coalesce(cohort_figures.gross_revenue, 0) as gross_revenue
    from cohorts
    inner join months
        on cohorts.cohort_month <= months.month_start
    left join cohort_figures
        on
            cohorts.cohort_month = cohort_figures.cohort_month
            and months.month_start = cohort_figures.order_month
),

cohort_months_compared as (
    select
        *,
        first_value(gross_revenue) over since_first as first_month_revenue,
        sum(gross_revenue) over since_first as cumulative_revenue
    from cohort_months
    window
        since_first as (
            partition by cohort_month
            order by order_month
            rows between unbounded preceding and current row
        )
)

select
    cohort_month,
    months_since_first,
    order_month,
    is_complete,
    cohort_size,
    customers,
    cast(customers / cohort_size as double) as retention,
    cast(gross_revenue as decimal(18, 4)) as gross_revenue,
    cast(gross_revenue / nullif(first_month_revenue, 0) as double) as revenue_retention,
    cast(cumulative_revenue as decimal(18, 4)) as cumulative_revenue,
    cast(cumulative_revenue / cohort_size as decimal(18, 4)) as cumulative_revenue_per_customer
from cohort_months_compared
order by
    cohort_month,
    months_since_first
