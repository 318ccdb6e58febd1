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
        -- A customer of several days of a month is one customer.
        customers_first_in_month as customers
    from {{ ref('int_sales_days_summed') }}
),

calendar as (
    select
        dates.date_day,
        dates.month_start,
        dates.year,
        dates.month
    from {{ ref('dim_dates') }} as dates
    inner join span
        on dates.date_day between span.first_order_date and span.as_of_date
),

months as (
    select
        calendar.month_start,
        calendar.year,
        calendar.month,
        {{ sales_figures() }}
    from calendar
    left join summed_days
        on calendar.date_day = summed_days.order_date
    group by
        calendar.month_start,
        calendar.year,
        calendar.month
),

-- The calendar has no holes, so the row before is the month before, and twelve rows before is the
-- same month a year before.
months_compared as (
    select
        *,
        lag(net_revenue) over (order by month_start) as previous_net_revenue,
        lag(net_revenue, 12) over (order by month_start) as previous_year_net_revenue
    from months
),

-- Days, not months: the first and the last month may be there in part, and February is short.
days_of_months as (
    select
        month,
        count(*) as calendar_days
    from calendar
    group by month
),

revenue_of_months as (
    select
        month,
        sum(net_revenue) as net_revenue
    from months
    group by month
),

all_days as (
    select
        sum(revenue_of_months.net_revenue)
        / sum(days_of_months.calendar_days) as mean_net_revenue
    from days_of_months
    inner join revenue_of_months
        on days_of_months.month = revenue_of_months.month
),

seasons as (
    select
        days_of_months.month,
        revenue_of_months.net_revenue / days_of_months.calendar_days
        / nullif(all_days.mean_net_revenue, 0) as seasonality_index
    from days_of_months
    inner join revenue_of_months
        on days_of_months.month = revenue_of_months.month
    cross join all_days
)

select
    months_compared.month_start,
    months_compared.year,
    months_compared.month,
    -- Nothing tells days before the first order without sales from days that are not in the data.
    span.first_order_date <= months_compared.month_start
    and span.as_of_date >= {{ dbt.last_day('months_compared.month_start', 'month') }}
        as is_complete,
    months_compared.gross_revenue,
    months_compared.returns_amount,
    months_compared.net_revenue,
    months_compared.orders,
    months_compared.customers,
    months_compared.average_order_value,
    months_compared.units,
    months_compared.return_rate,
    months_compared.previous_net_revenue,
    {{ growth_pct('months_compared.net_revenue', 'months_compared.previous_net_revenue') }}
        as growth_pct,
    months_compared.previous_year_net_revenue,
    {{ growth_pct('months_compared.net_revenue', 'months_compared.previous_year_net_revenue') }}
        as growth_year_pct,
    seasons.seasonality_index
from months_compared
inner join seasons
    on months_compared.month = seasons.month
cross join span
order by months_compared.month_start
