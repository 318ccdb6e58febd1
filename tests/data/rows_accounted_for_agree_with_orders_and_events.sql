-- Law: the rows that rows_accounted_for calls counted are those that readers find: the lines of
-- fct_orders, or the events of fct_events. A row is a source whose two sides differ.
with counted as (
    select
        source_name,
        sum(input_rows) as input_rows
    from {{ ref('rows_accounted_for') }}
    where outcome = 'counted'
    group by source_name
),

orders as (
    select
        source_name,
        sum(lines) as mart_rows
    from {{ ref('fct_orders') }}
    group by source_name
),

events as (
    select
        source_name,
        count(*) as mart_rows
    from {{ ref('fct_events') }}
    group by source_name
)

select
    counted.source_name,
    counted.input_rows,
    orders.mart_rows as order_lines,
    events.mart_rows as events
from counted
left join orders
    on counted.source_name = orders.source_name
left join events
    on counted.source_name = events.source_name
where
    counted.input_rows is distinct from orders.mart_rows
    and counted.input_rows is distinct from events.mart_rows
