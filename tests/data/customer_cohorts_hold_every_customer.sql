-- Law: the cohorts hold every customer with an order once, and what they bring is the gross revenue
-- of the known customers; every cohort reaches without a hole from its own month to the last one. A
-- row tells the totals that differ, or the cohort with a hole.
with customers as (
    select
        count(*) filter (where orders > 0) as customers,
        coalesce(sum(gross_revenue), 0) as gross_revenue
    from {{ ref('customer_kpis') }}
),

last_month as (
    select date_trunc('month', as_of_date) as month_start
    from {{ ref('int_as_of_date') }}
),

cohorts as (
    select
        cohort_month,
        min(cohort_size) as cohort_size,
        sum(gross_revenue) as gross_revenue,
        count(*) as months,
        max(months_since_first) as last_month_since_first,
        max(order_month) as last_order_month
    from {{ ref('customer_cohorts') }}
    group by cohort_month
),

totals as (
    select
        coalesce(sum(cohort_size), 0) as customers,
        coalesce(sum(gross_revenue), 0) as gross_revenue
    from cohorts
)

select
    'all cohorts' as what,
    totals.customers as cohort_customers,
    customers.customers,
    totals.gross_revenue as cohort_revenue,
    customers.gross_revenue
from totals
cross join customers
where
    totals.customers != customers.customers
    or totals.gross_revenue != customers.gross_revenue
union all
select
    'cohort with a hole: ' || cohorts.cohort_month as what,
    cohorts.months as cohort_customers,
    cohorts.last_month_since_first + 1 as customers,
    cohorts.gross_revenue as cohort_revenue,
    null as gross_revenue
from cohorts
cross join last_month
where
    cohorts.months != cohorts.last_month_since_first + 1
    or cohorts.last_order_month != last_month.month_start
