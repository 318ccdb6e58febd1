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
