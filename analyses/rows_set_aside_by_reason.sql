-- Ad hoc: what staging has and no mart counts, by source and reason, with one example to look up in
-- the source.
select
    source_name,
    table_name,
    reason,
    count(*) as set_aside_rows,
    min(original_values) as example
from {{ ref('int_rows_set_aside') }}
group by
    source_name,
    table_name,
    reason
order by
    set_aside_rows desc,
    source_name asc,
    table_name asc,
    reason asc
