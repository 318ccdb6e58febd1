"""Small marts made of nothing but SQL: two years of a shop, the same on every machine.

They have the columns and types of the real marts, so that pages can be tested without a build.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from tests.browser import synthetic_figures, synthetic_overview, synthetic_people

ORDERS = 6_000

# md5 spreads well and never changes between versions, unlike hash().
NOISE = "(cast('0x' || substr(md5({seed} || ':' || cast({key} as varchar)), 1, 7) as bigint) / 268435456.0)"


def noise(seed: str, key: str) -> str:
    return NOISE.format(seed=f"'{seed}'", key=key)


def write_marts(folder: Path, *, orders: int = ORDERS) -> dict[str, list[Path]]:
    """Write all marts as Parquet into `folder`; with `orders=0` they are empty, with their columns."""
    folder.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    connection.execute("set threads = 1")
    for name, sql in _steps(orders):
        connection.execute(f"create table if not exists {name} as {sql}")
    marts: dict[str, list[Path]] = {}
    for (name,) in connection.execute(
        "select table_name from duckdb_tables() where table_name not like 'step_%' order by 1"
    ).fetchall():
        path = folder / f"{name}.parquet"
        connection.execute(f"copy (from {name}) to '{path}' (format parquet)")
        marts[name] = [path]
    connection.close()
    return marts


def _steps(orders: int) -> list[tuple[str, str]]:
    return [
        ("dim_products", PRODUCTS),
        ("dim_countries", COUNTRIES),
        ("step_orders", STEP_ORDERS.format(orders=orders)),
        ("fct_order_lines", ORDER_LINES),
        ("fct_orders", FCT_ORDERS),
        ("step_calendar", CALENDAR),
        ("sales_daily", SALES_DAILY),
        ("sales_weekly", _sales_period("week", "week_start")),
        ("sales_monthly", _sales_period("month", "month_start")),
        ("customer_kpis", CUSTOMER_KPIS),
        ("product_kpis", PRODUCT_KPIS),
        ("country_kpis", COUNTRY_KPIS),
        ("executive_summary", EXECUTIVE_SUMMARY),
        *synthetic_figures.STEPS,
        *synthetic_people.STEPS,
        *synthetic_overview.STEPS,
        ("ingest_log", INGEST_LOG),
        ("rows_accounted_for", ROWS_ACCOUNTED_FOR),
    ]


MONEY = "decimal(18, 4)"

PRODUCTS = f"""
select
    'demo:SKU-' || printf('%04d', i) as product_key,
    'demo' as source_name,
    'SKU-' || printf('%04d', i) as product_id,
    (['Linen', 'Oak', 'Copper', 'Glass', 'Wool', 'Paper', 'Stone', 'Olive'])[1 + i % 8] || ' '
    || (['tea towel', 'bread board', 'lantern', 'carafe', 'throw', 'notebook'])[1 + i // 8] as product_name,
    (['Kitchen', 'Kitchen', 'Light', 'Table', 'Home', 'Office'])[1 + i // 8] as category,
    cast(4 + round({noise("cost", "i")} * 20, 2) as {MONEY}) as unit_cost,
    'merchandise' as line_type
from range(0, 48) as t(i)
"""

COUNTRIES = """
select * from (values
    ('ES', 'Spain', 'ESP', 'Europe'), ('GB', 'United Kingdom', 'GBR', 'Europe'),
    ('FR', 'France', 'FRA', 'Europe'), ('DE', 'Germany', 'DEU', 'Europe'),
    ('PL', 'Poland', 'POL', 'Europe'), ('US', 'United States', 'USA', 'North America'),
    ('ZZ', 'Unknown', null, null)
) as t(country_code, country_name, alpha_3_code, continent)
"""

STEP_ORDERS = f"""
with drawn as (
    select
        i,
        {noise("day", "i")} as a, {noise("who", "i")} as b, {noise("where", "i")} as c,
        {noise("keep", "i")} as d
    from range(0, {{orders}} * 2) as t(i)
),
dated as (
    -- The square root makes the shop grow.
    select *, date '2024-01-01' + cast(floor(sqrt(0.08 + 0.92 * a) * 731) as integer) as order_date
    from drawn
)
select
    'demo:' || i as order_key, cast(i as varchar) as order_id, order_date,
    case when b < 0.06 then null else 'demo:C' || printf('%05d', cast(floor(b * b * 900) as integer)) end
        as customer_key,
    case
        when order_date >= date '2025-01-01' and c > 0.86 then 'PL'
        else (['ES', 'ES', 'ES', 'ES', 'GB', 'GB', 'FR', 'DE', 'US', 'ZZ'])[1 + cast(floor(c * 10) as integer)]
    end as country_code,
    (['till', 'till', 'web', 'web', 'app', 'marketplace'])[1 + cast(floor(d * 6) as integer)] as channel
from dated
-- Weekends sell more, summers less, the end of the year much more.
where order_date < date '2026-01-01'
    and {noise("season", "i")} < 0.35
    + 0.15 * cast(isodow(order_date) in (5, 6) as integer)
    + 0.25 * cast(month(order_date) in (11, 12) as integer)
    - 0.10 * cast(month(order_date) in (7, 8) as integer)
"""

ORDER_LINES = f"""
with lines as (
    select
        o.*, n,
        {noise("p", "o.order_key || n")} as p, {noise("q", "o.order_key || n")} as q
    from step_orders as o
    cross join range(1, 4) as t(n)
    where n = 1 or {noise("more", "o.order_key || n")} < 0.55
),
priced as (
    select
        *,
        'demo:SKU-' || printf('%04d', cast(floor(p * p * 48) as integer)) as product_key,
        case when q < 0.04 then -1 else 1 + cast(floor(q * 3) as integer) end as quantity,
        cast(6 + round(p * 42, 2) as {MONEY}) as unit_price
    from lines
)
select
    'demo' as source_name, order_key || '-' || n as order_line_key, order_key, order_id,
    cast(order_date as timestamp) as ordered_at, order_date,
    cast(date_trunc('month', order_date) as date) as order_month,
    customer_key, product_key, country_code, channel, 'merchandise' as line_type,
    case when quantity < 0 then 'returned' else 'completed' end as line_status,
    cast(quantity as decimal(18, 3)) as quantity, unit_price,
    cast(0 as {MONEY}) as discount_amount, 'EUR' as currency,
    cast(1 as decimal(18, 8)) as exchange_rate, unit_price as reporting_unit_price,
    cast(quantity * unit_price as {MONEY}) as net_amount
from priced
"""

INGEST_LOG = """
with days as (
    select date_trunc('month', order_date) as day, count(*) as rows_loaded from fct_order_lines group by all
)
select
    cast(epoch(day) as varchar) as load_id, 'demo' as source_name, 'purchases' as table_name, 'csv' as kind,
    day as started_at, day + interval 2 second as finished_at, cast(2 as double) as seconds,
    rows_loaded + 1 as rows_read, rows_loaded, cast(1 as bigint) as rows_rejected,
    rows_loaded * 60 as bytes_read, cast(1 as bigint) as files, cast(1 as bigint) as inputs
from days
"""

ROWS_ACCOUNTED_FOR = """
select
    'demo' as source_name, 'purchases' as table_name, outcome, reason,
    cast(input_rows as bigint) as input_rows
from (
    select 'counted' as outcome, 'in the marts' as reason, count(*) as input_rows from fct_order_lines
    union all
    select 'rejected', 'quantity: … is not a whole number', sum(rows_rejected) from ingest_log
    union all
    select 'set aside', 'unreadable date', count(*) // 900 from fct_order_lines
    union all
    select 'repeated', 'exact duplicate or older version', count(*) // 400 from fct_order_lines
)
where input_rows > 0
"""

FIGURES = f"""
    cast(coalesce(sum(net_amount) filter (where line_status = 'completed'), 0) as {MONEY}) as gross_revenue,
    cast(coalesce(-sum(net_amount) filter (where line_status = 'returned'), 0) as {MONEY}) as returns_amount,
    cast(coalesce(sum(net_amount), 0) as {MONEY}) as net_revenue,
    count(distinct order_key) filter (where line_status = 'completed') as orders,
    count(distinct customer_key) filter (where line_status = 'completed') as customers,
    cast(sum(net_amount) filter (where line_status = 'completed')
        / nullif(count(distinct order_key) filter (where line_status = 'completed'), 0) as {MONEY})
        as average_order_value,
    cast(coalesce(sum(quantity) filter (where line_status = 'completed'), 0) as decimal(18, 3)) as units,
    cast(-coalesce(sum(net_amount) filter (where line_status = 'returned'), 0) as double)
        / nullif(sum(net_amount) filter (where line_status = 'completed'), 0) as return_rate
"""

FCT_ORDERS = f"""
select
    source_name, order_id, order_key, min(ordered_at) as ordered_at, order_date, order_month,
    customer_key, country_code, channel, currency, count(*) as lines,
    count(*) filter (where net_amount is null) as lines_without_amount,
    count(distinct product_key) as items, sum(quantity) as units,
    cast(coalesce(sum(net_amount) filter (where line_status = 'completed'), 0) as {MONEY}) as gross_revenue,
    cast(coalesce(-sum(net_amount) filter (where line_status = 'returned'), 0) as {MONEY}) as returns_amount,
    cast(sum(net_amount) as {MONEY}) as net_revenue,
    count(*) filter (where line_status = 'completed') > 0 as is_completed
from fct_order_lines
group by all
"""

CALENDAR = """
select cast(day as date) as order_date
from (select min(order_date) as first_day, max(order_date) as last_day from fct_order_lines) as ends,
    lateral (select unnest(generate_series(first_day, last_day, interval 1 day)) as day)
where first_day is not null
"""

SALES_DAILY = f"""
with days as (
    select c.order_date, {FIGURES}
    from step_calendar as c
    left join (select * from fct_order_lines) as l using (order_date)
    group by c.order_date
)
select
    order_date, isodow(order_date) as weekday, * exclude (order_date),
    lag(net_revenue) over (order by order_date) as previous_net_revenue,
    cast((net_revenue / nullif(lag(net_revenue) over (order by order_date), 0) - 1) * 100 as double)
        as growth_pct,
    case when row_number() over (order by order_date) >= 7 then cast(avg(net_revenue)
        over (order by order_date rows 6 preceding) as {MONEY}) end as net_revenue_7_day_average,
    case when row_number() over (order by order_date) >= 30 then cast(avg(net_revenue)
        over (order by order_date rows 29 preceding) as {MONEY}) end as net_revenue_30_day_average,
    cast(avg(net_revenue) over (partition by isodow(order_date))
        / nullif(avg(net_revenue) over (), 0) as double) as seasonality_index
from days
"""


def _sales_period(grain: str, start: str) -> str:
    calendar = (
        "year(week_start) as iso_year, week(week_start) as iso_week"
        if grain == "week"
        else "year(month_start) as year, month(month_start) as month"
    )
    yearly = (
        ""
        if grain == "week"
        else f"""
        lag(net_revenue, 12) over (order by {start}) as previous_year_net_revenue,
        cast((net_revenue / nullif(lag(net_revenue, 12) over (order by {start}), 0) - 1) * 100 as double)
            as growth_year_pct,
        cast(sum(net_revenue) over (partition by month({start})) / nullif(sum(days)
            over (partition by month({start})), 0)
            / nullif(sum(net_revenue) over () / sum(days) over (), 0) as double) as seasonality_index,"""
    )
    return f"""
    with periods as (
        select
            cast(date_trunc('{grain}', c.order_date) as date) as {start},
            count(distinct c.order_date) as days, {FIGURES}
        from step_calendar as c
        left join fct_order_lines as l using (order_date)
        group by 1
    )
    select
        {start}, {calendar},
        {start} + interval 1 {grain} <= (select max(order_date) + 1 from step_calendar)
            and {start} >= (select min(order_date) from step_calendar) as is_complete,
        * exclude ({start}, days), {yearly}
        lag(net_revenue) over (order by {start}) as previous_net_revenue,
        cast((net_revenue / nullif(lag(net_revenue) over (order by {start}), 0) - 1) * 100 as double)
            as growth_pct
    from periods
    """


CUSTOMER_KPIS = f"""
with known as (
    select customer_key, min(country_code) as country_code, min(order_date) as first_order_date,
        max(order_date) as last_order_date, {FIGURES}
    from fct_order_lines
    where customer_key is not null
    group by customer_key
),
ranked as (
    select *,
        least(5, 1 + cast(floor(5 * percent_rank() over (order by last_order_date)) as integer)) as r_score,
        least(5, 1 + cast(floor(5 * percent_rank() over (order by orders)) as integer)) as f_score,
        least(5, 1 + cast(floor(5 * percent_rank() over (order by gross_revenue)) as integer)) as m_score
    from known
)
select
    customer_key, substr(customer_key, 6) as customer_id, 'demo' as source_name,
    'Person ' || substr(customer_key, 7) as customer_name, country_code, country_name, first_order_date,
    last_order_date, cast(date_trunc('month', first_order_date) as date) as cohort_month,
    (select max(order_date) from fct_order_lines) - last_order_date as recency_days,
    orders as frequency, orders, gross_revenue as monetary, gross_revenue, returns_amount, net_revenue,
    (last_order_date - first_order_date) / nullif(orders - 1, 0) as mean_days_between_orders,
    average_order_value, units, return_rate, r_score, f_score, m_score,
    case
        when r_score >= 4 and f_score + m_score >= 8 then 'Champions'
        when f_score + m_score >= 8 and r_score <= 2 then 'At risk'
        when f_score + m_score >= 7 then 'Loyal customers'
        when r_score >= 4 and f_score <= 2 then 'New customers'
        when r_score >= 3 then 'Potential loyalists'
        when r_score = 2 then 'About to sleep'
        else 'Lost customers'
    end as rfm_segment,
    (select max(order_date) from fct_order_lines) - last_order_date <= 90 as is_active,
    m_score >= 4 and (select max(order_date) from fct_order_lines) - last_order_date > 90 as is_at_risk
from ranked
left join dim_countries using (country_code)
"""

PRODUCT_KPIS = f"""
with products as (
    select product_key, count(*) as all_lines,
        min(unit_price) as lowest_price, max(unit_price) as highest_price,
        min(order_date) as first_order_date, max(order_date) as last_order_date, {FIGURES}
    from fct_order_lines group by product_key
)
select
    product_key, product_id, source_name, product_name, category, gross_revenue, returns_amount,
    net_revenue, units, orders, customers, cast(gross_revenue / nullif(units, 0) as {MONEY}) as average_price,
    lowest_price, highest_price, first_order_date, last_order_date, return_rate,
    cast(gross_revenue / sum(gross_revenue) over () as double) as market_share,
    rank() over (order by gross_revenue desc) as revenue_rank,
    case when sum(gross_revenue) over (order by gross_revenue desc)
        <= 0.8 * sum(gross_revenue) over () then 'A' else 'B' end as abc_class
from products
inner join dim_products using (product_key)
"""

COUNTRY_KPIS = f"""
with countries as (select country_code, {FIGURES} from fct_order_lines group by country_code)
select
    country_code, country_name, continent, gross_revenue, returns_amount, net_revenue, orders, customers,
    average_order_value, units, return_rate,
    cast(gross_revenue / nullif(sum(gross_revenue) over (), 0) as double) as market_share
from countries
inner join dim_countries using (country_code)
"""

EXECUTIVE_SUMMARY = f"""
with figures as (
    unpivot (
        select month_start, cast(net_revenue as {MONEY}) as net_revenue,
            cast(gross_revenue as {MONEY}) as gross_revenue, cast(orders as {MONEY}) as orders,
            cast(customers as {MONEY}) as customers,
            cast(average_order_value as {MONEY}) as average_order_value,
            cast(units as {MONEY}) as units, cast(returns_amount as {MONEY}) as returns_amount
        from sales_monthly where is_complete
    ) on columns(* exclude month_start) into name figure value value
)
select
    f.figure, replace(upper(f.figure[1]) || f.figure[2:], '_', ' ') as figure_name, c.comparison,
    f.month_start as period_start, b.month_start as comparison_start,
    case when f.figure in ('orders', 'customers', 'units') then 'count' else 'money' end as unit,
    f.value, b.value as comparison_value,
    cast((f.value / nullif(b.value, 0) - 1) * 100 as double) as change_pct,
    b.month_start is not null as is_comparison_complete, f.figure != 'returns_amount' as is_up_good
from figures as f
cross join (values ('previous_month', 1), ('same_month_last_year', 12)) as c(comparison, months)
left join figures as b
    on f.figure = b.figure and b.month_start = f.month_start - to_months(c.months)
where f.month_start = (select max(month_start) from figures)
"""
