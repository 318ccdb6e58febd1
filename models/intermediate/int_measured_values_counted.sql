-- Few different values stand for many rows (80 million prices are some thousands): all that is said
-- of their distribution is computed from here, in whole numbers. A table: two marts read it.
{{ config(materialized='table') }}

with customers as (
    select gross_revenue
    from {{ ref('customer_kpis') }}
    where orders > 0
),

-- Days of one month: which days a customer came is a whole number, and few of these differ.
patterns_of_months as (
    select
        order_days_bits,
        count(*) as occurrences
    from {{ ref('int_customer_months_summed') }}
    where order_days > 1
    group by order_days_bits
),

days_of_months (day_of_month) as (
    select unnest(generate_series(1, 31))
),

days_of_patterns as (
    select
        patterns_of_months.occurrences,
        days_of_months.day_of_month,
        lag(days_of_months.day_of_month) over (
            partition by patterns_of_months.order_days_bits order by days_of_months.day_of_month
        ) as previous_day_of_month
    from patterns_of_months
    inner join days_of_months
        on (patterns_of_months.order_days_bits >> (days_of_months.day_of_month - 1)) & 1 = 1
),

-- From the last day of a month to the first of the next one in which the customer came.
days_across_months as (
    select
        unnest(last_days_of_months[:-2]) as previous_order_date,
        unnest(first_days_of_months[2:]) as order_date
    from {{ ref('int_customers_summed') }}
),

gaps as (
    select
        day_of_month - previous_day_of_month as gap_days,
        sum(occurrences) as occurrences
    from days_of_patterns
    where previous_day_of_month is not null
    group by day_of_month - previous_day_of_month

    union all

    select
        {{ dbt.datediff('previous_order_date', 'order_date', 'day') }}
            as gap_days,
        count(*) as occurrences
    from days_across_months
    group by {{ dbt.datediff('previous_order_date', 'order_date', 'day') }}
),

measured as (
    select
        'order_value' as measure,
        gross_revenue as measured_value,
        sum(orders) as occurrences
    from {{ ref('int_order_values_counted') }}
    group by gross_revenue
    union all
    select
        'items_per_order' as measure,
        items as measured_value,
        sum(orders) as occurrences
    from {{ ref('int_country_months_summed') }}
    where orders > 0
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
        gap_days as measured_value,
        sum(occurrences) as occurrences
    from gaps
    group by gap_days
)

select
    measure,
    cast(measured_value as decimal(18, 4)) as measured_value,
    cast(occurrences as bigint) as occurrences
from measured
