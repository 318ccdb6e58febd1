{#
    Local clock time to UTC, as DuckDB and PostgreSQL write it; other engines have a function each
    (docs/portability.md), to be added as <engine>__local_to_utc and <engine>__utc_to_local.

    A local time that the spring change skips (02:30 on that Sunday) is read as if the clock had
    not yet moved, so it becomes 01:30 UTC in Madrid; one that the autumn change repeats is taken
    as the second, in winter time. Tested with literals in tests/data/time_zones_of_literals.sql.

    local_time  (str)  SQL expression of type timestamp
    time_zone   (str)  IANA name, e.g. 'Europe/Madrid'

    Example: {{ local_to_utc('purchased_at', var('business_timezone')) }}
#}
{% macro local_to_utc(local_time, time_zone) -%}
    {{ adapter.dispatch('local_to_utc')(local_time, time_zone) }}
{%- endmacro %}

{% macro default__local_to_utc(local_time, time_zone) -%}
    (({{ local_time }}) at time zone '{{ time_zone }}') at time zone 'UTC'
{%- endmacro %}

{#
    UTC to local clock time: cast the result to date for the business day.

    utc_time   (str)  SQL expression of type timestamp
    time_zone  (str)  IANA name

    Example: cast({{ utc_to_local('ordered_at', var('business_timezone')) }} as date)
#}
{% macro utc_to_local(utc_time, time_zone) -%}
    {{ adapter.dispatch('utc_to_local')(utc_time, time_zone) }}
{%- endmacro %}

{% macro default__utc_to_local(utc_time, time_zone) -%}
    (({{ utc_time }}) at time zone 'UTC') at time zone '{{ time_zone }}'
{%- endmacro %}

{#
    The days on which the clock of a zone stands still, with how far it is ahead of UTC: `calendar_day`
    and `utc_offset` (an interval). A moment of such a day, in UTC or local time, needs no time zone
    arithmetic, which costs ten times a join by day; only the others (the day of a clock change, two
    before it and one after it, and all days outside 1990 to 2049) still do:

        coalesce(paid_at_local - still_days.utc_offset, <local_to_utc of it>) as paid_at
        left join still_days on cast(paid_at_local as date) = still_days.calendar_day

    A local time is less than a day away from UTC. So a moment of a day in either clock lies between
    UTC's midnight a day before it and the one two days after; where both of these, and the two between
    them, have one offset, there is no change among them.

    time_zone  (str)  IANA name

    Example: with still_days as ({{ days_of_one_utc_offset('Europe/London') }})
#}
{% macro days_of_one_utc_offset(time_zone) -%}
select
    calendar_day,
    utc_offset
from (
    select
        calendar_day,
        utc_offset,
        lag(utc_offset) over (order by calendar_day) as offset_a_day_before,
        lead(utc_offset) over (order by calendar_day) as offset_a_day_after,
        lead(utc_offset, 2) over (order by calendar_day) as offset_two_days_after
    from (
        select
            calendar_day,
            {{ utc_to_local('cast(calendar_day as timestamp)', time_zone) }}
            - cast(calendar_day as timestamp) as utc_offset
        from (
            select {{ each_day("date '1989-12-31'", "date '2050-01-02'") }} as calendar_day
        ) as days
    ) as offsets
) as neighbours
where
    utc_offset = offset_a_day_before
    and utc_offset = offset_a_day_after
    and utc_offset = offset_two_days_after
{%- endmacro %}
