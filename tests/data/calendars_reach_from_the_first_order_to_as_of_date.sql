-- Law: the calendars begin with the first order and end with as_of_date (that they have no holes in
-- between is tested on each). A row is a calendar that begins or ends elsewhere.
with span as (
    select
        first_order_date,
        as_of_date
    from {{ ref('int_as_of_date') }}
),

calendars as (
    select
        'day' as step,
        min(order_date) as first_period,
        max(order_date) as last_period
    from {{ ref('sales_daily') }}
    union all
    select
        'week' as step,
        min(week_start) as first_period,
        max(week_start) as last_period
    from {{ ref('sales_weekly') }}
    union all
    select
        'month' as step,
        min(month_start) as first_period,
        max(month_start) as last_period
    from {{ ref('sales_monthly') }}
)

select
    calendars.step,
    span.first_order_date,
    calendars.first_period,
    span.as_of_date,
    calendars.last_period
from calendars
cross join span
where
    date_trunc(calendars.step, span.first_order_date) is distinct from calendars.first_period
    or date_trunc(calendars.step, span.as_of_date) is distinct from calendars.last_period
