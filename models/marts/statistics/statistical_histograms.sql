with value_counts as (
    select
        measure,
        cast(measured_value * 10000 as hugeint) as value_units,
        occurrences
    from {{ ref('int_measured_values_counted') }}
),

-- In whole ten-thousandths, so that a value on a boundary is never a hair below it.
spans as (
    select
        measure,
        max(unit) filter (where statistic = 'p1') as unit,
        cast(floor(max(value) filter (where statistic = 'p1') * 10000) as hugeint) as low_units,
        cast(floor(max(value) filter (where statistic = 'p99') * 10000) as hugeint) as high_units
    from {{ ref('statistical_distributions') }}
    where statistic in ('p1', 'p99')
    group by measure
),

powers_of_ten as (
    select cast(pow(10, unnest(generate_series(2, 18))) as hugeint) as power_units
),

digits (digit) as (
    values (1), (2), (5)
),

-- 0.01, 0.02, 0.05, 0.10 ...: widths that people read with ease.
round_widths as (
    select powers_of_ten.power_units * digits.digit as width_units
    from powers_of_ten
    cross join digits
),

-- The smallest with which 20 bins reach from p1 to p99. What is counted comes in whole numbers.
bin_widths as (
    select
        spans.measure,
        spans.unit,
        spans.low_units,
        spans.high_units,
        min(round_widths.width_units) as width_units
    from spans
    inner join round_widths
        on
            spans.high_units - spans.low_units <= 20 * round_widths.width_units
            and (spans.unit = 'money' or round_widths.width_units >= 10000)
    group by
        spans.measure,
        spans.unit,
        spans.low_units,
        spans.high_units
),

-- Place n holds the values from n widths up to, not including, n + 1 widths.
bin_places as (
    select
        measure,
        unit,
        width_units,
        {{ floored_quotient('low_units', 'width_units') }} as low_place,
        {{ floored_quotient('high_units', 'width_units') }} as high_place
    from bin_widths
),

-- What lies before the bin of p1 or after that of p99 goes into one open bin on each side.
values_placed as (
    select
        bin_places.measure,
        value_counts.occurrences,
        greatest(
            least(
                {{ floored_quotient('value_counts.value_units', 'bin_places.width_units') }},
                bin_places.high_place + 1
            ),
            bin_places.low_place - 1
        ) as place
    from value_counts
    inner join bin_places
        on value_counts.measure = bin_places.measure
),

bin_counts as (
    select
        measure,
        place,
        sum(occurrences) as occurrences
    from values_placed
    group by
        measure,
        place
),

first_and_last_bins as (
    select
        measure,
        cast(min(place) as bigint) as first_place,
        cast(max(place) as bigint) as last_place
    from bin_counts
    group by measure
),

-- A bin without values between others stands there with 0.
places as (
    select
        measure,
        unnest(generate_series(first_place, last_place)) as place
    from first_and_last_bins
),

bins as (
    select
        places.measure,
        bin_places.unit,
        row_number() over by_place as bin,
        case
            when places.place >= bin_places.low_place then places.place * bin_places.width_units
        end as lower_bound_units,
        case
            when places.place <= bin_places.high_place
                then (places.place + 1) * bin_places.width_units
        end as upper_bound_units,
        coalesce(bin_counts.occurrences, 0) as occurrences,
        sum(coalesce(bin_counts.occurrences, 0)) over by_place as occurrences_so_far,
        sum(coalesce(bin_counts.occurrences, 0)) over (partition by places.measure)
            as all_occurrences
    from places
    inner join bin_places
        on places.measure = bin_places.measure
    left join bin_counts
        on
            places.measure = bin_counts.measure
            and places.place = bin_counts.place
    window
        by_place as (
            partition by places.measure
            order by places.place
            rows between unbounded preceding and current row
        )
)

select
    measure,
    bin,
    unit,
    cast(cast(lower_bound_units as decimal(38, 0)) * 0.0001 as decimal(18, 4)) as lower_bound,
    cast(cast(upper_bound_units as decimal(38, 0)) * 0.0001 as decimal(18, 4)) as upper_bound,
    cast(occurrences as bigint) as occurrences,
    cast(occurrences / all_occurrences as double) as share,
    cast(occurrences_so_far / all_occurrences as double) as cumulative_share
from bins
order by
    measure,
    bin
