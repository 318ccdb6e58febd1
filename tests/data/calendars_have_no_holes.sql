-- Law: days, weeks and months follow one another from the first order to as_of_date. A row is a
-- calendar with a hole, or one that begins too late or ends too early.
with span as (
    select
        first_order_date,
        as_of_date
    from {{ ref('int_as_of_date') }}
    where first_order_date is not null
),

expected as (
    select
        'sales_daily' as table_name,
        first_order_date as first_period,
        as_of_date as last_period,
        date_diff('day', first_order_date, as_of_date) + 1 as periods
    from span
    union all
    select
        'sales_weekly' as table_name,
        date_trunc('week', first_order_date) as first_period,
        date_trunc('week', as_of_date) as last_period,
        date_diff('week', first_order_date, as_of_date) + 1 as periods
    from span
    union all
    select
        'sales_monthly' as table_name,
        date_trunc('month', first_order_date) as first_period,
        date_trunc('month', as_of_date) as last_period,
        date_diff('month', first_order_date, as_of_date) + 1 as periods
    from span
),

found as (
    select
        'sales_daily' as table_name,
        min(order_date) as first_period,
        max(order_date) as last_period,
        count(distinct order_date) as periods
    from {{ ref('sales_daily') }}
    union all
    select
        'sales_weekly' as table_name,
        min(week_start) as first_period,
        max(week_start) as last_period,
        count(distinct week_start) as periods
    from {{ ref('sales_weekly') }}
    union all
    select
        'sales_monthly' as table_name,
        min(month_start) as first_period,
        max(month_start) as last_period,
        count(distinct month_start) as periods
    from {{ ref('sales_monthly') }}
)

select
    expected.table_name,
    expected.first_period,
    found.first_period as found_first_period,
    expected.last_period,
    found.last_period as found_last_period,
    expected.periods,
    found.periods as found_periods
from expected
inner join found
    on expected.table_name = found.table_name
where
    expected.first_period is distinct from found.first_period
    or expected.last_period is distinct from found.last_period
    or expected.periods is distinct from found.periods
