-- Law: rows read = rows loaded + rows rejected. A row is a load that lost or made up rows.
select
    load_id,
    source_name,
    table_name,
    rows_read,
    rows_loaded,
    rows_rejected
from {{ ref('ingest_log') }}
where rows_read != rows_loaded + rows_rejected
