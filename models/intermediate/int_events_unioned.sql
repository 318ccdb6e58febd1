with events as (
    {{ union_conforming('events', {
        'event_id': 'varchar',
        'event_type': 'varchar',
        'occurred_at': 'timestamp',
        'customer_id': 'varchar',
        'session_id': 'varchar',
        'product_id': 'varchar',
    }) | indent(4) }}
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
