{#- The one raw table that a source's order lines (or events) come from. Where several make them, as orders
    and their lines do, rows of a table and rows of the mart cannot be held against each other. -#}
{%- set counted_tables = [] -%}
{%- for mart, keys in [
    ('fct_order_lines', var('order_key_of_raw_rows')),
    ('fct_events', var('event_key_of_raw_rows')),
] -%}
    {%- for source_name, tables in keys.items() -%}
        {%- if source_name in var('active_sources') and tables | length == 1 -%}
            {%- do counted_tables.append((source_name, tables.keys() | first, mart)) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endfor -%}

with rejected as (
    select
        source_name,
        table_name,
        -- Without the values: they may be a customer's.
        regexp_replace(reason, '''.*''', '…', 's') as reason,
        count(*) as input_rows
    from {{ source('till', 'rejected_rows') }}
    where replayed_at is null
    group by
        source_name,
        table_name,
        regexp_replace(reason, '''.*''', '…', 's')
),

set_aside as (
    select
        source_name,
        table_name,
        reason,
        count(*) as input_rows
    from {{ ref('int_rows_set_aside') }}
    group by
        source_name,
        table_name,
        reason
),

order_lines as (
    select
        source_name,
        count(*) as mart_rows
    from {{ ref('fct_order_lines') }}
    group by source_name
),

events as (
    select
        source_name,
        count(*) as mart_rows
    from {{ ref('fct_events') }}
    group by source_name
),

tables_of_marts as (
    {%- for source_name, table_name, mart in counted_tables %}
    select
        '{{ source_name }}' as source_name,
        '{{ table_name }}' as table_name,
        (select count(*) from {{ source(source_name, table_name) }}) as raw_rows,
        coalesce(
            (
                select mart_rows
                from {{ 'order_lines' if mart == 'fct_order_lines' else 'events' }}
                where source_name = '{{ source_name }}'
            ),
            0
        ) as counted_rows
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        cast(null as varchar) as source_name,
        cast(null as varchar) as table_name,
        cast(null as bigint) as raw_rows,
        cast(null as bigint) as counted_rows
    where false
    {%- endfor %}
),

accounts as (
    select
        source_name,
        table_name,
        'rejected' as outcome,
        reason,
        input_rows
    from rejected

    union all

    select
        source_name,
        table_name,
        'set aside' as outcome,
        reason,
        input_rows
    from set_aside

    union all

    select
        source_name,
        table_name,
        'counted' as outcome,
        'in the marts' as reason,
        counted_rows as input_rows
    from tables_of_marts

    union all

    -- What is in no mart and was not set aside can only be a repetition: staging drops nothing else, which
    -- accounts_for_every_raw_row holds it to.
    select
        tables_of_marts.source_name,
        tables_of_marts.table_name,
        'repeated' as outcome,
        'exact duplicate or older version' as reason,
        tables_of_marts.raw_rows
        - tables_of_marts.counted_rows
        - coalesce(sum(set_aside.input_rows), 0) as input_rows
    from tables_of_marts
    left join set_aside
        on
            tables_of_marts.source_name = set_aside.source_name
            and tables_of_marts.table_name = set_aside.table_name
    group by
        tables_of_marts.source_name,
        tables_of_marts.table_name,
        tables_of_marts.raw_rows,
        tables_of_marts.counted_rows
)

select
    source_name,
    table_name,
    outcome,
    reason,
    cast(input_rows as bigint) as input_rows
from accounts
where input_rows != 0
order by
    source_name,
    table_name,
    outcome,
    reason
