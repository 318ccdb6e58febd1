"""The marts of the sales and the statistics page, made of the small shop of `synthetic_marts`."""

from __future__ import annotations

MONEY = "decimal(18, 4)"

DIM_DATES = """
select
    order_date as date_day,
    cast(date_trunc('week', order_date) as date) as week_start,
    cast(date_trunc('month', order_date) as date) as month_start
from step_calendar
"""

SALES_ANOMALIES = f"""
with expected as (
    select
        order_date, weekday, net_revenue,
        case when count(*) over eight_weeks = 8 then cast(median(net_revenue) over eight_weeks as {MONEY}) end
            as expected_net_revenue
    from sales_daily
    window eight_weeks as (partition by weekday order by order_date rows between 8 preceding and 1 preceding)
)
select
    *,
    cast(expected_net_revenue * 0.25 as {MONEY}) as net_revenue_mad,
    cast(expected_net_revenue * 0.2 as {MONEY}) as lower_net_revenue,
    cast(expected_net_revenue * 1.8 as {MONEY}) as upper_net_revenue,
    coalesce(net_revenue not between expected_net_revenue * 0.2 and expected_net_revenue * 1.8, false)
        as is_anomaly
from expected
"""

SALES_FORECAST = f"""
with learnt as (
    select max(order_date) as as_of_date, avg(net_revenue) as usual from sales_daily having count(*) > 0
)
select
    cast(as_of_date + to_days(cast(ahead as integer)) as date) as forecast_date,
    cast(ahead as bigint) as days_ahead,
    cast(usual * (1 + 0.2 * sin(ahead)) as {MONEY}) as net_revenue,
    cast(usual * 0.6 as {MONEY}) as lower_80_net_revenue, cast(usual * 1.5 as {MONEY}) as upper_80_net_revenue,
    cast(usual * 0.4 as {MONEY}) as lower_95_net_revenue, cast(usual * 1.9 as {MONEY}) as upper_95_net_revenue,
    'ets' as method, 'ets_is_better' as status,
    0.9 as backtest_mase, 1.2 as naive_backtest_mase, 0.9 as ets_backtest_mase,
    0.8 as backtest_coverage_80, 0.95 as backtest_coverage_95,
    as_of_date - 1 as trained_until
from learnt
cross join range(1, 91) as steps(ahead)
"""

STEP_MEASURED = """
select 'order_value' as measure, cast(gross_revenue as double) as v, 'money' as unit
from fct_orders where is_completed
union all
select 'items_per_order', items, 'count' from fct_orders where is_completed
union all
select 'unit_price', unit_price, 'money' from fct_order_lines where line_status = 'completed'
union all
select 'revenue_per_customer', gross_revenue, 'money' from customer_kpis where orders > 0
union all
select 'days_between_orders', days, 'days'
from (
    select order_date - lag(order_date) over (partition by customer_key order by order_date) as days
    from (
        select distinct customer_key, order_date from fct_orders
        where is_completed and customer_key is not null
    )
)
where days is not null
"""

STATISTICAL_DISTRIBUTIONS = """
with quartiles as (
    select measure, any_value(unit) as unit, quantile_cont(v, 0.25) as q1, quantile_cont(v, 0.75) as q3
    from step_measured group by measure
),
figures as (
    select
        m.measure, q.unit, count(*) as n, avg(v) as mean, stddev_samp(v) as deviation,
        min(v) as low, max(v) as high,
        quantile_cont(v, [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]) as p, skewness(v) as skewness,
        any_value(q1 - 1.5 * (q3 - q1)) as lower_fence, any_value(q3 + 1.5 * (q3 - q1)) as upper_fence,
        count(*) filter (v not between q1 - 1.5 * (q3 - q1) and q3 + 1.5 * (q3 - q1)) as outside
    from step_measured as m inner join quartiles as q on m.measure = q.measure
    group by m.measure, q.unit
)
select measure, told.name as statistic, coalesce(told.unit, figures.unit) as unit,
    cast(told.amount as decimal(28, 10)) as value
from figures, lateral (select unnest([
    {'name': 'count', 'unit': 'count', 'amount': n}, {'name': 'mean', 'unit': null, 'amount': mean},
    {'name': 'standard_deviation', 'unit': null, 'amount': deviation},
    {'name': 'min', 'unit': null, 'amount': low}, {'name': 'p1', 'unit': null, 'amount': p[1]},
    {'name': 'p5', 'unit': null, 'amount': p[2]}, {'name': 'p25', 'unit': null, 'amount': p[3]},
    {'name': 'p50', 'unit': null, 'amount': p[4]}, {'name': 'p75', 'unit': null, 'amount': p[5]},
    {'name': 'p95', 'unit': null, 'amount': p[6]}, {'name': 'p99', 'unit': null, 'amount': p[7]},
    {'name': 'max', 'unit': null, 'amount': high}, {'name': 'skewness', 'unit': 'ratio', 'amount': skewness},
    {'name': 'lower_fence', 'unit': null, 'amount': lower_fence},
    {'name': 'upper_fence', 'unit': null, 'amount': upper_fence},
    {'name': 'outside_fences', 'unit': 'count', 'amount': outside}
]) as told)
"""

STATISTICAL_HISTOGRAMS = f"""
with widths as (
    select measure, any_value(unit) as unit, greatest(round(quantile_cont(v, 0.99) / 16), 1) as width
    from step_measured group by measure
),
placed as (
    select m.measure, w.unit, w.width, least(floor(v / w.width), 16) as place, count(*) as occurrences
    from step_measured as m inner join widths as w on m.measure = w.measure
    group by all
)
select
    measure, row_number() over by_place as bin, unit,
    cast(place * width as {MONEY}) as lower_bound,
    cast(case when place < 16 then (place + 1) * width end as {MONEY}) as upper_bound,
    occurrences,
    occurrences / sum(occurrences) over (partition by measure) as share,
    sum(occurrences) over by_place / sum(occurrences) over (partition by measure) as cumulative_share
from placed
window by_place as (partition by measure order by place)
"""

STEPS = [
    ("dim_dates", DIM_DATES),
    ("sales_anomalies", SALES_ANOMALIES),
    ("sales_forecast", SALES_FORECAST),
    ("step_measured", STEP_MEASURED),
    ("statistical_distributions", STATISTICAL_DISTRIBUTIONS),
    ("statistical_histograms", STATISTICAL_HISTOGRAMS),
]
