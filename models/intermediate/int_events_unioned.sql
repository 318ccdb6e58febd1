with events as (
    select
        source_name,
        event_id,
        event_type,
        occurred_at,
        customer_id,
        session_id,
        product_id
    from {{ ref('int_events_conformed') }}
    where set_aside_reason is null
)

select
    source_name,
    event_id,
    event_type,
    occurred_at,
    source_name || ':' || customer_id as customer_key,
    session_id,
    source_name || ':' || product_id as product_key
from events
