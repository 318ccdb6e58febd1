with loads as (
    select
        load_id,
        source_name,
        table_name,
        kind,
        started_at,
        finished_at,
        window_start,
        window_end,
        cursor_before,
        cursor_after,
        rows_read,
        rows_loaded,
        rows_rejected,
        bytes_read,
        files,
        inputs
    from {{ source('till', 'load_manifest') }}
)

select
    load_id,
    source_name,
    table_name,
    kind,
    started_at,
    finished_at,
    cast(epoch_us(finished_at) - epoch_us(started_at) as double) / 1000000 as seconds,
    window_start,
    window_end,
    cursor_before,
    cursor_after,
    rows_read,
    rows_loaded,
    rows_rejected,
    bytes_read,
    files,
    inputs
from loads
order by
    load_id,
    source_name,
    table_name
