-- All from counts of values, in whole numbers and decimals: a sum of floats would depend on the
-- order of its parts, and so on the number of threads.
with value_counts as (
    select
        measure,
        measured_value,
        occurrences,
        -- The four decimals of money as a whole number.
        cast(measured_value * 10000 as hugeint) as value_units
    from {{ ref('int_measured_values_counted') }}
),

measures (measure, measure_place, measure_unit) as (
    values
    ('order_value', 1, 'money'),
    ('items_per_order', 2, 'count'),
    ('unit_price', 3, 'money'),
    ('revenue_per_customer', 4, 'money'),
    ('days_between_orders', 5, 'days')
),

-- Without a unit: that of the measure.
statistic_names (statistic, statistic_place, statistic_unit) as (
    values
    ('count', 1, 'count'),
    ('mean', 2, null),
    ('standard_deviation', 3, null),
    ('min', 4, null),
    ('p1', 5, null),
    ('p5', 6, null),
    ('p25', 7, null),
    ('p50', 8, null),
    ('p75', 9, null),
    ('p95', 10, null),
    ('p99', 11, null),
    ('max', 12, null),
    ('skewness', 13, 'ratio'),
    ('lower_fence', 14, null),
    ('upper_fence', 15, null),
    ('outside_fences', 16, 'count')
),

percentiles (percent) as (
    values (1), (5), (25), (50), (75), (95), (99)
),

totals as (
    select
        measure,
        cast(sum(occurrences) as bigint) as values_counted,
        cast(sum(value_units * occurrences) as double) / sum(occurrences) / 10000 as mean_value,
        -- Somewhere near the mean, as a whole number: what is left of each value is then small
        -- enough to be squared and added up exactly.
        cast(sum(value_units * occurrences) // sum(occurrences) as hugeint) as centre_units,
        min(measured_value) as lowest_value,
        max(measured_value) as highest_value
    from value_counts
    group by measure
),

deviations as (
    select
        value_counts.measure,
        value_counts.occurrences,
        value_counts.value_units - totals.centre_units as deviation_units
    from value_counts
    inner join totals
        on value_counts.measure = totals.measure
),

sums_of_deviations as (
    select
        measure,
        cast(sum(occurrences) as double) as values_counted,
        cast(sum(occurrences * deviation_units) as double) as deviations,
        cast(sum(occurrences * deviation_units * deviation_units) as double) as squares
    from deviations
    group by measure
),

-- Of a sample: divided by one less than the number of values.
spreads as (
    select
        measure,
        values_counted,
        deviations / values_counted as mean_deviation_units,
        sqrt(
            (squares - deviations * deviations / values_counted) / nullif(values_counted - 1, 0)
        ) as standard_deviation_units
    from sums_of_deviations
),

standardised_values as (
    select
        deviations.measure,
        deviations.occurrences,
        (deviations.deviation_units - spreads.mean_deviation_units)
        / nullif(spreads.standard_deviation_units, 0) as standard_score
    from deviations
    inner join spreads
        on deviations.measure = spreads.measure
),

-- Each cube is rounded to a decimal first, so that adding them up is exact.
sums_of_cubes as (
    select
        measure,
        cast(
            sum(
                occurrences
                * cast(standard_score * standard_score * standard_score as decimal(38, 15))
            ) as double
        ) as cubes
    from standardised_values
    group by measure
),

values_ranked as (
    select
        measure,
        measured_value,
        sum(occurrences) over by_value - occurrences as first_place,
        sum(occurrences) over by_value as place_after_last
    from value_counts
    window
        by_value as (
            partition by measure
            order by measured_value
            rows between unbounded preceding and current row
        )
),

-- Places count from 0. A percentile lies at the place (values - 1) x percent / 100, mostly between
-- two.
percentile_places as (
    select
        totals.measure,
        percentiles.percent,
        (totals.values_counted - 1) * percentiles.percent // 100 as place_before,
        cast((totals.values_counted - 1) * percentiles.percent % 100 as integer) as hundredths_after
    from totals
    cross join percentiles
),

percentile_values as (
    select
        percentile_places.measure,
        percentile_places.percent,
        percentile_places.hundredths_after,
        min(values_ranked.measured_value) as value_before,
        max(values_ranked.measured_value) as value_after
    from percentile_places
    inner join values_ranked
        on
            percentile_places.measure = values_ranked.measure
            and percentile_places.place_before < values_ranked.place_after_last
            and percentile_places.place_before + sign(percentile_places.hundredths_after)
            >= values_ranked.first_place
    group by
        percentile_places.measure,
        percentile_places.percent,
        percentile_places.hundredths_after
),

percentiles_interpolated as (
    select
        measure,
        percent,
        cast(
            value_before + (value_after - value_before) * hundredths_after * 0.01
            as decimal(28, 10)
        ) as percentile
    from percentile_values
),

quartiles as (
    select
        measure,
        max(percentile) filter (where percent = 25) as lower_quartile,
        max(percentile) filter (where percent = 75) as upper_quartile
    from percentiles_interpolated
    group by measure
),

fences as (
    select
        measure,
        lower_quartile - 1.5 * (upper_quartile - lower_quartile) as lower_fence,
        upper_quartile + 1.5 * (upper_quartile - lower_quartile) as upper_fence
    from quartiles
),

values_outside_fences as (
    select
        fences.measure,
        sum(value_counts.occurrences) as outside_fences
    from fences
    inner join value_counts
        on
            fences.measure = value_counts.measure
            and (
                fences.lower_fence > value_counts.measured_value
                or fences.upper_fence < value_counts.measured_value
            )
    group by fences.measure
),

-- Every measure has every statistic, also before there is a value.
rows_to_fill as (
    select
        measures.measure,
        measures.measure_place,
        statistic_names.statistic,
        statistic_names.statistic_place,
        coalesce(statistic_names.statistic_unit, measures.measure_unit) as unit
    from measures
    cross join statistic_names
),

statistics_filled as (
    select
        rows_to_fill.measure,
        rows_to_fill.measure_place,
        rows_to_fill.statistic,
        rows_to_fill.statistic_place,
        rows_to_fill.unit,
        case rows_to_fill.statistic
            when 'count' then cast(coalesce(totals.values_counted, 0) as decimal(28, 10))
            when 'mean' then cast(totals.mean_value as decimal(28, 10))
            when 'standard_deviation'
                then cast(spreads.standard_deviation_units / 10000 as decimal(28, 10))
            when 'min' then cast(totals.lowest_value as decimal(28, 10))
            when 'max' then cast(totals.highest_value as decimal(28, 10))
            when 'skewness'
                then cast(
                    spreads.values_counted * sums_of_cubes.cubes
                    / nullif((spreads.values_counted - 1) * (spreads.values_counted - 2), 0)
                    as decimal(28, 10)
                )
            when 'lower_fence' then cast(fences.lower_fence as decimal(28, 10))
            when 'upper_fence' then cast(fences.upper_fence as decimal(28, 10))
            when 'outside_fences'
                then cast(coalesce(values_outside_fences.outside_fences, 0) as decimal(28, 10))
            else percentiles_interpolated.percentile
        end as statistic_value
    from rows_to_fill
    left join totals
        on rows_to_fill.measure = totals.measure
    left join spreads
        on rows_to_fill.measure = spreads.measure
    left join sums_of_cubes
        on rows_to_fill.measure = sums_of_cubes.measure
    left join fences
        on rows_to_fill.measure = fences.measure
    left join values_outside_fences
        on rows_to_fill.measure = values_outside_fences.measure
    left join percentiles_interpolated
        on
            rows_to_fill.measure = percentiles_interpolated.measure
            and rows_to_fill.statistic = 'p' || percentiles_interpolated.percent
)

select
    measure,
    statistic,
    unit,
    statistic_value as value
from statistics_filled
order by
    measure_place,
    statistic_place
