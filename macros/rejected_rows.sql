{#- The view on what was not loaded: rows of inputs that count today. One that a replay loaded since says when;
    it is known by its load and its place in that load's file of rejected rows. -#}
{%- macro rejected_rows_view_sql() -%}
    {%- set paths = fromjson(sql_value(
        "select coalesce(to_json(list(path order by load_id, path)), '[]')"
        ~ " from till.load_files where is_rejected and rows > 0"
    )) -%}
    {%- set replayed = fromjson(sql_value(
        "select coalesce(to_json(list({'source': source_name, 'table': table_name, 'path': path}"
        ~ " order by path)), '[]') from till.replayed_files"
    )) -%}
    {%- set columns = {
        "source_name": "varchar",
        "table_name": "varchar",
        "load_id": "varchar",
        "file": "varchar",
        "line": "bigint",
        "column_name": "varchar",
        "reason": "varchar",
        "original_text": "varchar",
        "replayed_at": "timestamp",
    } %}
    create or replace view till.rejected_rows as
    {%- if paths %}
    select
        {%- for name, type in columns.items() if name != "replayed_at" %}
        cast(rejects.{{ name }} as {{ type }}) as {{ name }},
        {%- endfor %}
        cast({{ "replays.replayed_at" if replayed else "null" }} as timestamp) as replayed_at
    from read_parquet(
        [{{ lake_file_texts(paths) }}],
        union_by_name = true, file_row_number = true, hive_partitioning = false
    ) as rejects
    {%- if replayed %}
    left join (
        {%- for one in replayed %}
        select
            {{ sql_text(one.source) }} as source_name,
            {{ sql_text(one.table) }} as table_name,
            load_id,
            place,
            replayed_at
        from read_parquet([{{ lake_file_texts([one.path]) }}], hive_partitioning = false)
        {{ "union all" if not loop.last }}
        {%- endfor %}
    ) as replays
        on
            rejects.source_name = replays.source_name
            and rejects.table_name = replays.table_name
            and rejects.load_id = replays.load_id
            and rejects.file_row_number = replays.place
    {%- endif %}
    where not exists (
        select 1
        from till.superseded_inputs as superseded
        where
            superseded.source_name = rejects.source_name
            and superseded.table_name = rejects.table_name
            and superseded.load_id = rejects.load_id
            and superseded.path = rejects.file
    )
    {%- else %}
    select
        {%- for name, type in columns.items() %}
        cast(null as {{ type }}) as {{ name }}{{ "," if not loop.last }}
        {%- endfor %}
    where false
    {%- endif %};
{%- endmacro -%}
