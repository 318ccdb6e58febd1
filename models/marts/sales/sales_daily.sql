with span as (
    select
        first_order_date,
        as_of_date
    from {{ ref('int_as_of_date') }}
),

summed_days as (
    select
        order_date,
        gross_revenue,
        returns_amount,
        units,
        orders,
        customers
    from {{ ref('int_sales_days_summed') }}
),

calendar as (
    select
        dates.date_day,
        dates.weekday
    from {{ ref('dim_dates') }} as dates
    inner join span
        on dates.date_day between span.first_order_date and span.as_of_date
),

-- From the calendar, not from the orders: a day without sales is a day with 0.
days as (
    select
        calendar.date_day as order_date,
        calendar.weekday,
        {{ sales_figures() }}
    from calendar
    left join summed_days
        on calendar.date_day = summed_days.order_date
    group by
        calendar.date_day,
        calendar.weekday
),

days_compared as (
    select
        *,
        lag(net_revenue) over by_day as previous_net_revenue,
        sum(net_revenue) over last_7_days as last_7_days_net_revenue,
        count(*) over last_7_days as last_7_days,
        sum(net_revenue) over last_30_days as last_30_days_net_revenue,
        count(*) over last_30_days as last_30_days
    from days
    window
        by_day as (order by order_date),
        last_7_days as (order by order_date rows between 6 preceding and current row),
        last_30_days as (order by order_date rows between 29 preceding and current row)
),

weekdays as (
    select
        weekday,
        sum(net_revenue) / count(*) as mean_net_revenue
    from days
    group by weekday
),

all_days as (
    select sum(net_revenue) / count(*) as mean_net_revenue
    from days
)

select
    days_compared.order_date,
    days_compared.weekday,
    days_compared.gross_revenue,
    days_compared.returns_amount,
    days_compared.net_revenue,
    days_compared.orders,
    days_compared.customers,
    days_compared.average_order_value,
    days_compared.units,
    days_compared.return_rate,
    days_compared.previous_net_revenue,
    {{ growth_pct('days_compared.net_revenue', 'days_compared.previous_net_revenue') }}
        as growth_pct,
    -- Null until the window is full: a mean of three days is no mean of seven.
    cast(
        case
            when days_compared.last_7_days = 7 then days_compared.last_7_days_net_revenue / 7
        end as decimal(18, 4)
    ) as net_revenue_7_day_average,
    cast(
        case
            when days_compared.last_30_days = 30 then days_compared.last_30_days_net_revenue / 30
        end as decimal(18, 4)
    ) as net_revenue_30_day_average,
    cast(weekdays.mean_net_revenue / nullif(all_days.mean_net_revenue, 0) as double)
        as seasonality_index
from days_compared
inner join weekdays
    on days_compared.weekday = weekdays.weekday
cross join all_days
order by days_compared.order_date
