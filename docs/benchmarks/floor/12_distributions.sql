-- Distributions, wide (the mart has a row per statistic), from how often each value occurs: exact, and small beside the values.
create temp table value_counts as
select 'order_value' as measure, cast(gross_revenue as double) as measured, count(*) as times
from orders
where is_completed
group by gross_revenue
union all
select 'items_per_order', items, count(*)
from orders
where is_completed
group by items
union all
select 'unit_price', unit_price, count(*)
from lines
where is_gross
group by unit_price
union all
select 'revenue_per_customer', gross_revenue, count(*)
from customer_totals
where orders > 0
group by gross_revenue
union all
select 'days_between_orders', days, count(*)
from (
    select
        order_date - lag(order_date) over (partition by customer_number order by order_date)
            as days
    from customer_days
)
where days is not null
group by days;

copy (
    with cumulated as (
        select
            measure,
            measured,
            times,
            sum(times) over (partition by measure order by measured) as up_to_here,
            sum(times) over (partition by measure) as whole
        from value_counts
    ),

    moments as (
        select
            measure,
            cast(sum(times) as bigint) as count,
            sum(measured * times) / sum(times) as mean,
            min(measured) as min,
            max(measured) as max
        from value_counts
        group by measure
    ),

    spreads as (
        select
            measure,
            sqrt(sum(times * pow(measured - mean, 2)) / (any_value(count) - 1)) as standard_deviation,
            (sum(times * pow(measured - mean, 3)) / any_value(count))
            / pow(sum(times * pow(measured - mean, 2)) / any_value(count), 1.5) as skewness
        from value_counts
        inner join moments
            using (measure)
        group by measure
    ),

    -- Linear between the two nearest values, as quantile_cont does.
    quantiles as (
        select
            measure,
            share,
            min(measured) filter (where up_to_here > floor(share * (whole - 1))) as below,
            min(measured) filter (where up_to_here > ceil(share * (whole - 1))) as above,
            any_value(share * (whole - 1)) - floor(any_value(share * (whole - 1))) as part
        from cumulated
        cross join (values (0.01), (0.05), (0.25), (0.5), (0.75), (0.95), (0.99)) as shares (share)
        group by measure, share
    ),

    points as (
        select measure, share, below + part * (above - below) as point
        from quantiles
    ),

    fences as (
        select
            measure,
            max(point) filter (where share = 0.25) as q1,
            max(point) filter (where share = 0.75) as q3,
            q1 - 1.5 * (q3 - q1) as lower_fence,
            q3 + 1.5 * (q3 - q1) as upper_fence
        from points
        group by measure
    ),

    outside as (
        select
            measure,
            cast(coalesce(
                sum(times) filter (where measured < lower_fence or measured > upper_fence), 0
            ) as bigint) as outliers
        from value_counts
        inner join fences
            using (measure)
        group by measure
    )

    select
        moments.*,
        spreads.standard_deviation,
        spreads.skewness,
        (select max(point) from points where measure = moments.measure and share = 0.01) as p1,
        (select max(point) from points where measure = moments.measure and share = 0.05) as p5,
        fences.q1 as p25,
        (select max(point) from points where measure = moments.measure and share = 0.5) as p50,
        fences.q3 as p75,
        (select max(point) from points where measure = moments.measure and share = 0.95) as p95,
        (select max(point) from points where measure = moments.measure and share = 0.99) as p99,
        fences.lower_fence,
        fences.upper_fence,
        outside.outliers
    from moments
    inner join spreads
        using (measure)
    inner join fences
        using (measure)
    inner join outside
        using (measure)
    order by moments.measure
) to '$out/distributions.parquet' (format parquet, compression zstd);

copy (
    with bounds as (
        select
            measure,
            min(measured) as lowest,
            (max(measured) - min(measured)) / 50 as width
        from value_counts
        group by measure
    )

    select
        measure,
        least(49, cast(floor((measured - lowest) / nullif(width, 0)) as integer)) as bin,
        cast(sum(times) as bigint) as times
    from value_counts
    inner join bounds
        using (measure)
    group by all
    order by measure, bin
) to '$out/histograms.parquet' (format parquet, compression zstd);
