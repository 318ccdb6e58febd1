-- Law: every order line of staging is in fct_order_lines or set aside for a reason, and none is in
-- both. A row is a source that lost lines on the way or made some up.
with conformed as (
    {{ rows_to_account_for('order_lines', ref('int_order_lines_conformed')) | indent(4) }}
),

set_aside as (
    select
        source_name,
        count(*) as set_aside_lines
    from {{ ref('int_order_lines_set_aside') }}
    group by source_name
),

counted as (
    select
        source_name,
        count(*) as order_lines
    from {{ ref('fct_order_lines') }}
    group by source_name
)

select
    coalesce(conformed.source_name, set_aside.source_name, counted.source_name) as source_name,
    coalesce(conformed.staging_rows, 0) as staging_lines,
    coalesce(set_aside.set_aside_lines, 0) as set_aside_lines,
    coalesce(counted.order_lines, 0) as order_lines
from conformed
full outer join set_aside
    on conformed.source_name = set_aside.source_name
full outer join counted
    on coalesce(conformed.source_name, set_aside.source_name) = counted.source_name
where
    coalesce(conformed.staging_rows, 0)
    != coalesce(set_aside.set_aside_lines, 0) + coalesce(counted.order_lines, 0)
