with events as (
    {{ union_conforming('events', {
        'event_id': 'varchar',
        'event_type': 'varchar',
        'occurred_at': 'timestamp',
        'customer_id': 'varchar',
        'session_id': 'varchar',
        'product_id': 'varchar',
        'original_values': 'varchar',
        '_table_name': 'varchar',
        '_load_id': 'varchar',
        '_loaded_at': 'timestamp',
    }) | indent(4) }}
)

select
    *,
    case
        when event_id is null then 'no event id'
        when occurred_at is null then 'unreadable time'
        when {{ is_implausible('occurred_at') }} then 'implausible time'
    end as set_aside_reason
from events
