with set_aside as (
    select
        source_name,
        table_name,
        reason,
        row_key,
        original_values,
        _load_id
    from {{ ref('int_order_lines_set_aside') }}

    union all

    select
        source_name,
        _table_name as table_name,
        set_aside_reason as reason,
        cast(null as varchar) as row_key,
        original_values,
        _load_id
    from {{ ref('int_customers_conformed') }}
    where set_aside_reason is not null

    union all

    select
        source_name,
        _table_name as table_name,
        set_aside_reason as reason,
        event_id as row_key,
        original_values,
        _load_id
    from {{ ref('int_events_conformed') }}
    where set_aside_reason is not null
)

select
    source_name,
    table_name,
    reason,
    row_key,
    original_values,
    _load_id
from set_aside
