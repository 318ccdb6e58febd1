create view orders as from read_parquet('$out/narrow_orders/*.parquet');
create view lines as from read_parquet('$out/narrow_lines/*.parquet', filename = true);

create temp table span as
select
    min(order_date) as first_order_date,
    max(order_date) as as_of_date
from orders;

create temp table calendar as
select cast(unnest(generate_series(first_order_date, as_of_date, interval 1 day)) as date) as day
from span;

-- Days, weeks and months: sums of days; customers counted once per period from one list of
-- customers and days.
create temp table customer_days as
select
    customer_number,
    order_date
from orders
where is_completed and customer_number is not null
group by all;

create temp table day_sums as
select
    order_date,
    sum(gross_revenue) as gross_revenue,
    sum(returns_amount) as returns_amount,
    count(*) filter (where is_completed) as orders,
    sum(units) as units
from orders
group by order_date;

create temp table periods as
with grains as (
    select 'day' as grain, day, day as period from calendar
    union all
    select 'week', day, cast(date_trunc('week', day) as date) from calendar
    union all
    select 'month', day, cast(date_trunc('month', day) as date) from calendar
),

customer_counts as (
    select 'day' as grain, order_date as period, count(*) as customers
    from customer_days
    group by order_date
    union all
    select 'week', period, count(*)
    from (
        select customer_number, date_trunc('week', order_date) as period
        from customer_days
        group by all
    )
    group by period
    union all
    select 'month', period, count(*)
    from (
        select customer_number, date_trunc('month', order_date) as period
        from customer_days
        group by all
    )
    group by period
),

sums as (
    select
        grains.grain,
        grains.period,
        cast(coalesce(sum(gross_revenue), 0) as decimal(18, 4)) as gross_revenue,
        cast(coalesce(sum(returns_amount), 0) as decimal(18, 4)) as returns_amount,
        cast(coalesce(sum(gross_revenue) - sum(returns_amount), 0) as decimal(18, 4))
            as net_revenue,
        cast(coalesce(sum(orders), 0) as bigint) as orders,
        cast(coalesce(sum(units), 0) as decimal(18, 3)) as units,
        cast(sum(gross_revenue) / nullif(sum(orders), 0) as decimal(18, 4)) as average_order_value,
        cast(sum(returns_amount) / nullif(sum(gross_revenue), 0) as double) as return_rate
    from grains
    left join day_sums
        on grains.day = day_sums.order_date
    group by grains.grain, grains.period
)

select
    sums.*,
    coalesce(customer_counts.customers, 0) as customers,
    lag(net_revenue) over by_period as previous_net_revenue,
    cast(100 * (net_revenue - previous_net_revenue) / nullif(previous_net_revenue, 0) as double)
        as growth_pct,
    lag(net_revenue, 12) over by_period as previous_year_net_revenue,
    sum(net_revenue) over (by_period rows 6 preceding) as last_7,
    sum(net_revenue) over (by_period rows 29 preceding) as last_30,
    row_number() over by_period as place
from sums
left join customer_counts
    on sums.grain = customer_counts.grain and sums.period = customer_counts.period
window by_period as (partition by sums.grain order by sums.period);

copy (
    select
        period as order_date,
        isodow(period) as weekday,
        * exclude (grain, period, previous_year_net_revenue, last_7, last_30, place),
        cast(case when place >= 7 then last_7 / 7 end as decimal(18, 4))
            as net_revenue_7_day_average,
        cast(case when place >= 30 then last_30 / 30 end as decimal(18, 4))
            as net_revenue_30_day_average,
        cast(
            avg(cast(net_revenue as double)) over (partition by isodow(period))
            / nullif(avg(cast(net_revenue as double)) over (), 0) as double
        ) as seasonality_index
    from periods
    where grain = 'day'
    order by period
) to '$out/sales_daily.parquet' (format parquet, compression zstd);

copy (
    select
        period as week_start,
        isoyear(period) as iso_year,
        weekofyear(period) as iso_week,
        * exclude (grain, period, previous_year_net_revenue, last_7, last_30, place),
        period >= span.first_order_date and span.as_of_date >= period + 6 as is_complete
    from periods
    cross join span
    where grain = 'week'
    order by period
) to '$out/sales_weekly.parquet' (format parquet, compression zstd);

copy (
    with days_of_months as (
        select month(day) as month, count(*) as days
        from calendar
        group by all
    ),

    seasons as (
        select
            month(period) as month,
            cast(sum(net_revenue) as double) / any_value(days) as daily,
            sum(cast(sum(net_revenue) as double)) over () / sum(any_value(days)) over ()
                as daily_of_all
        from periods
        inner join days_of_months
            on month(periods.period) = days_of_months.month
        where grain = 'month'
        group by month(period)
    )

    select
        period as month_start,
        year(period) as year,
        month(period) as month,
        periods.* exclude (grain, period, last_7, last_30, place),
        period >= span.first_order_date and span.as_of_date >= last_day(period) as is_complete,
        cast(
            100 * (net_revenue - previous_year_net_revenue)
            / nullif(previous_year_net_revenue, 0) as double
        ) as growth_year_pct,
        seasons.daily / nullif(seasons.daily_of_all, 0) as seasonality_index
    from periods
    inner join seasons
        on month(periods.period) = seasons.month
    cross join span
    where grain = 'month'
    order by period
) to '$out/sales_monthly.parquet' (format parquet, compression zstd);

copy (
    with customer_counts as (
        select country_code, count(*) as customers
        from (
            select country_code, customer_number
            from orders
            where is_completed and customer_number is not null
            group by all
        )
        group by country_code
    ),

    sums as (
        select
            country_code,
            sum(gross_revenue) as gross_revenue,
            sum(returns_amount) as returns_amount,
            count(*) filter (where is_completed) as orders,
            sum(units) as units
        from orders
        where is_completed or has_returns
        group by country_code
    )

    select
        country_code,
        country_names.country_name,
        country_names.continent,
        cast(gross_revenue as decimal(18, 4)) as gross_revenue,
        cast(returns_amount as decimal(18, 4)) as returns_amount,
        cast(gross_revenue - returns_amount as decimal(18, 4)) as net_revenue,
        orders,
        coalesce(customers, 0) as customers,
        cast(gross_revenue / nullif(orders, 0) as decimal(18, 4)) as average_order_value,
        cast(units as decimal(18, 3)) as units,
        cast(returns_amount / nullif(gross_revenue, 0) as double) as return_rate,
        cast(gross_revenue / sum(gross_revenue) over () as double) as market_share
    from sums
    left join customer_counts
        using (country_code)
    left join country_names
        using (country_code)
    order by country_code
) to '$out/country_kpis.parquet' (format parquet, compression zstd);
