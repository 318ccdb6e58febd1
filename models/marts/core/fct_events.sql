-- An event is made of raw rows of its own only; it looks nothing up (macros/README.md).
{{ config(
    partition_by='event_month',
    incremental={'unit': 'event_key', 'rows': var('event_key_of_raw_rows')},
) }}

with events as (
    select
        source_name,
        event_id,
        event_type,
        occurred_at,
        cast({{ utc_to_local('occurred_at', var('business_timezone')) }} as date) as event_date,
        customer_key,
        session_id,
        product_key
    from {{ ref('int_events_unioned') }}
)

select
    source_name,
    event_id,
    source_name || ':' || event_id as event_key,
    event_type,
    occurred_at,
    event_date,
    cast({{ dbt.date_trunc('month', 'event_date') }} as date) as event_month,
    customer_key,
    session_id,
    product_key
from events
