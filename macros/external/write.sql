{#- Writes the query of a mart to Parquet files that nothing reads yet. Gives back a list of files:
    written_to, path (where it belongs), rows, bytes, partition (text; none for null or where the model
    has no partitions), nulls (per column; a column that Parquet counts none for is missing). -#}
{%- macro external_write(mart, query, plan) -%}
    {%- if not plan.is_full and not plan.touched -%}
        {%- do return([]) -%}
    {%- endif -%}
    {%- set written = [] -%}
    {%- for sql in plan.parts or [plan.sql] -%}
        {%- do written.extend(external_copy(mart, sql, mart.partition_by)) -%}
    {%- endfor -%}
    {%- if not written and not plan.kept -%}
        {#- Partitions without rows give no files; one without rows keeps the mart's columns typed. -#}
        {%- set no_rows = "select * from (\n" ~ query.sql ~ "\n) where false" -%}
        {%- set written = external_copy(mart, no_rows, none) -%}
    {%- endif -%}
    {%- set places = written | map(attribute="written_to") | list -%}
    {%- if places | unique(case_sensitive=true) | list | length < places | length -%}
        {%- do external_refuse(
            mart, "two partitions would share a folder: its values hold Parquet's own word for null"
        ) -%}
    {%- endif -%}
    {%- do return(written) -%}
{%- endmacro -%}


{%- macro external_copy(mart, sql, partition_by) -%}
    {%- set is_single = mart.partition_by is none and not mart.is_object_store -%}
    {%- set base = mart.folder if mart.is_object_store else mart.building ~ "/" ~ mart.build_id -%}
    {%- set extension = "parquet" if mart.is_object_store else "partial" -%}
    {%- set target = base if partition_by is not none else base ~ "/" ~ mart.build_id ~ "." ~ extension -%}
    {%- set sort_by = config.get("sort_by") or [] -%}
    {%- set sort_by = [sort_by] if sort_by is string else sort_by -%}
    {%- do lake_files("make_folder", [base]) -%}
    {%- call statement("copy_to_parquet", fetch_result=True) -%}
        copy (
            {%- if sort_by %}
            select *
            from (
            {%- endif %}
            {{ sql }}
            {%- if sort_by %}
            )
            order by {% for name in sort_by %}{{ sql_identifier(name) }}{{ ", " if not loop.last }}{% endfor %}
            {%- endif %}
        ) to {{ sql_text(target) }} (
            format parquet,
            compression zstd,
            row_group_size {{ config.get("row_group_size", 122880) | int }},
            {#- A column of more values is written plainly: DuckDB would collect 24,576 of a key before it
                gives up, a quarter of the time of writing for a twentieth of the size. #}
            dictionary_size_limit 2000,
            {%- if partition_by is not none %}
            partition_by ({{ sql_identifier(partition_by) }}),
            write_partition_columns true,
            overwrite_or_ignore true,
            file_extension {{ sql_text(extension) }},
            filename_pattern {{ sql_text(mart.build_id ~ "_{i}") }},
            {%- endif %}
            return_stats true
        )
    {%- endcall -%}
    {%- set written = [] -%}
    {%- for row in load_result("copy_to_parquet").table.rows -%}
        {%- set statistics = fromjson(row["column_statistics"] or "{}") -%}
        {%- set nulls = {} -%}
        {%- for name, values in statistics.items() if "null_count" in values -%}
            {%- do nulls.update({name[1:-1].replace('""', '"'): values["null_count"] | int}) -%}
        {%- endfor -%}
        {%- set inner = row["filename"].replace("\\", "/")[base | length + 1:] -%}
        {%- set final = inner[: -(extension | length)] ~ "parquet" -%}
        {%- do written.append({
            "written_to": row["filename"],
            "path": mart.single_file if is_single else mart.folder ~ "/" ~ final,
            "rows": row["count"] | int,
            "bytes": row["file_size_bytes"] | int,
            "partition": (fromjson(row["partition_keys"] or "{}") or {}).get(partition_by),
            "nulls": nulls,
        }) -%}
    {%- endfor -%}
    {%- do return(written) -%}
{%- endmacro -%}
