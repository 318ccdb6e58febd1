-- The macro days_of_one_utc_offset with what the engine knows of each zone: on a still day, from
-- its first to its last microsecond, in local time and in UTC, the offset is the zone's. Nearly all
-- days are still, and none of those about a clock change. A row is a moment or zone amiss.
--
-- A build asks of the zone that it computes in; tests/pipeline/test_portable_macros.py of others
-- too: half an hour (Lord Howe), a day left out (Apia, 30 December 2011), summer time that pauses
-- (Casablanca).
with still_days as (
    {%- for zone in var('zones_of_still_days', [var('business_timezone')]) %}
        select
            '{{ zone }}' as time_zone,
            calendar_day,
            utc_offset
        from ({{ days_of_one_utc_offset(zone) | indent(8) }})
        {{ "union all" if not loop.last }}
    {%- endfor %}
),

times_of_day (time_of_day) as (
    values
    (interval 0 hour),
    (interval 3 hour),
    (interval '23:59:59.999999')
),

moments as (
    select
        still_days.time_zone,
        still_days.utc_offset,
        still_days.calendar_day + times_of_day.time_of_day as moment
    from still_days
    cross join times_of_day
),

moments_that_differ as (
    select
        time_zone,
        cast(moment as varchar) as problem
    from moments
    where
        moment - utc_offset is distinct from (moment at time zone time_zone) at time zone 'UTC'
        or moment + utc_offset
        is distinct from (moment at time zone 'UTC') at time zone time_zone
),

-- 60 years have 21,915 days; Casablanca has four changes in a year, with four days about each.
zones_with_too_few_days as (
    select
        time_zone,
        'still days: ' || count(*) as problem
    from still_days
    group by time_zone
    having count(*) not between 21915 - 60 * 4 * 4 and 21915
),

days_of_a_change as (
    select
        time_zone,
        cast(calendar_day as varchar) as problem
    from still_days
    where
        (time_zone = 'Europe/Madrid' and calendar_day = date '2024-03-31')
        or (time_zone = 'Pacific/Apia' and calendar_day = date '2011-12-30')
)

select
    time_zone,
    problem
from moments_that_differ
union all
select
    time_zone,
    problem
from zones_with_too_few_days
union all
select
    time_zone,
    problem
from days_of_a_change
