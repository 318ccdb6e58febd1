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
        -- A customer of several days of a week is one customer.
        customers_first_in_week as customers
    from {{ ref('int_sales_days_summed') }}
),

customer_months as (
    select
        order_month,
        customer_key,
        first_order_date,
        last_order_date
    from {{ ref('int_customer_months_summed') }}
    where orders > 0
),

calendar as (
    select
        dates.date_day,
        dates.week_start,
        dates.month_start,
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
    left join summed_days
        on calendar.date_day = summed_days.order_date
    group by
        calendar.week_start,
        calendar.iso_year,
        calendar.iso_week
),

-- Days are summed month by month: of a week that two months share, a customer of both parts was
-- counted in each of them.
parts_of_shared_weeks as (
    select
        week_start,
        month_start,
        min(date_day) as first_day,
        max(date_day) as last_day
    from calendar
    group by
        week_start,
        month_start
    qualify count(*) over (partition by week_start) = 2
),

-- The one part is the end of its month, the other the beginning: a customer was there if the last
-- order of the month lies in it, or the first one. (A hash takes half the work of a key;
-- customers_share_no_hash holds it to be as good.)
customers_of_shared_weeks as (
    select
        parts_of_shared_weeks.week_start,
        hash(customer_months.customer_key) as customer_hash,
        count(*) as parts
    from customer_months
    inner join parts_of_shared_weeks
        on
            customer_months.order_month = parts_of_shared_weeks.month_start
            and customer_months.last_order_date >= parts_of_shared_weeks.first_day
            and customer_months.first_order_date <= parts_of_shared_weeks.last_day
    group by
        parts_of_shared_weeks.week_start,
        hash(customer_months.customer_key)
),

customers_of_both_parts as (
    select
        week_start,
        count(*) as customers
    from customers_of_shared_weeks
    where parts = 2
    group by week_start
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
    weeks_compared.customers - coalesce(customers_of_both_parts.customers, 0) as customers,
    weeks_compared.average_order_value,
    weeks_compared.units,
    weeks_compared.return_rate,
    weeks_compared.previous_net_revenue,
    {{ growth_pct('weeks_compared.net_revenue', 'weeks_compared.previous_net_revenue') }}
        as growth_pct
from weeks_compared
left join customers_of_both_parts
    on weeks_compared.week_start = customers_of_both_parts.week_start
cross join span
order by weeks_compared.week_start
