-- Few rows, and a pass over all lines to find them: kept, and looked for among the orders that new
-- loads touch. After fct_order_lines, because both narrow the same raw views while they are built.
{{ config(
    materialized='external',
    incremental={
        'unit': 'order_key',
        'rows': var('order_key_of_raw_rows'),
        'after': ['fct_order_lines'],
        'is_sparse': true,
    },
) }}
-- depends_on: {{ ref('fct_order_lines') }}

select
    source_name,
    source_name || ':' || order_id as order_key,
    _table_name as table_name,
    set_aside_reason as reason,
    order_line_id as row_key,
    original_values,
    _load_id
from {{ ref('int_order_lines_conformed') }}
where set_aside_reason is not null
