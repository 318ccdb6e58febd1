with span as (
    select
        first_order_date,
        as_of_date
    from {{ ref('int_as_of_date') }}
),

orders as (
    select
        order_date,
        customer_key,
        gross_revenue,
        returns_amount,
        units,
        is_completed
    from {{ ref('fct_orders') }}
),

calendar as (
    select
        dates.date_day,
        dates.week_start,
        dates.iso_year,
        dates.iso_week
    from {{ ref('dim_dates') }} as dates
    inner join span
        on dates.date_day between span.first_order_date and span.as_of_date
),

-- The week's own year: 31 December may belong to week 1 of the next one.
weeks as (
    select
        calendar.week_start,
        calendar.iso_year,
        calendar.iso_week,
        {{ sales_figures() }}
    from calendar
    left join orders
        on calendar.date_day = orders.order_date
    group by
        calendar.week_start,
        calendar.iso_year,
        calendar.iso_week
),

weeks_compared as (
    select
        *,
        lag(net_revenue) over (order by week_start) as previous_net_revenue
    from weeks
)

select
    weeks_compared.week_start,
    weeks_compared.iso_year,
    weeks_compared.iso_week,
    -- Nothing tells days before the first order without sales from days that are not in the data.
    span.first_order_date <= weeks_compared.week_start
    and span.as_of_date >= {{ dbt.dateadd('day', 6, 'weeks_compared.week_start') }} as is_complete,
    weeks_compared.gross_revenue,
    weeks_compared.returns_amount,
    weeks_compared.net_revenue,
    weeks_compared.orders,
    weeks_compared.customers,
    weeks_compared.average_order_value,
    weeks_compared.units,
    weeks_compared.return_rate,
    weeks_compared.previous_net_revenue,
    {{ growth_pct('weeks_compared.net_revenue', 'weeks_compared.previous_net_revenue') }}
        as growth_pct
from weeks_compared
cross join span
order by weeks_compared.week_start
