with days as (
    select
        order_date,
        weekday,
        net_revenue,
        -- Wide enough for what is computed of it below, exactly.
        cast(net_revenue as decimal(22, 4)) as revenue
    from {{ ref('sales_daily') }}
),

earlier_days as (
    select
        days.order_date,
        earlier.revenue
    from days
    inner join days as earlier
        on
            days.weekday = earlier.weekday
            and earlier.order_date between {{ dbt.dateadd('day', -56, 'days.order_date') }}
            and {{ dbt.dateadd('day', -7, 'days.order_date') }}
),

-- Of eight weeks or of none: fewer would call an ordinary day unusual. Eight values have two in the
-- middle; half their sum is the median, in decimals and so without a rounding.
medians as (
    select
        order_date,
        (list_sort(list(revenue))[4] + list_sort(list(revenue))[5]) * 0.5 as median
    from earlier_days
    group by order_date
    having count(*) = 8
),

deviations as (
    select
        earlier_days.order_date,
        medians.median,
        abs(earlier_days.revenue - medians.median) as deviation
    from earlier_days
    inner join medians
        on earlier_days.order_date = medians.order_date
),

expectations as (
    select
        order_date,
        median,
        (list_sort(list(deviation))[4] + list_sort(list(deviation))[5]) * 0.5 as mad
    from deviations
    group by
        order_date,
        median
),

-- 1.4826 x MAD is a standard deviation where days vary normally. Nothing is divided by it: where
-- five weeks are equal it is 0, and any other amount is an anomaly.
bounds as (
    select
        order_date,
        median,
        mad,
        median - 3.5 * 1.4826 * mad as lower_bound,
        median + 3.5 * 1.4826 * mad as upper_bound
    from expectations
)

select
    days.order_date,
    days.weekday,
    days.net_revenue,
    cast(bounds.median as decimal(18, 4)) as expected_net_revenue,
    cast(bounds.mad as decimal(18, 4)) as net_revenue_mad,
    -- Rounded towards the median: amounts have four decimals too, so the same days lie outside.
    cast(ceil(bounds.lower_bound * 10000) * 0.0001 as decimal(18, 4)) as lower_net_revenue,
    cast(floor(bounds.upper_bound * 10000) * 0.0001 as decimal(18, 4)) as upper_net_revenue,
    coalesce(
        days.net_revenue not between bounds.lower_bound and bounds.upper_bound, false
    ) as is_anomaly
from days
left join bounds
    on days.order_date = bounds.order_date
order by days.order_date
