{#- Rows of a raw table that came or went since a load: what an incremental mart looks at
    (macros/external/touched.sql). -#}
{%- macro raw_rows_since(node, last_load_id) -%}
    {#- Queries for the rows that came or went since the load `last_load_id` (none: since there was no
        load): those of the loads after it, and those of earlier inputs that they replaced. -#}
    {%- set load_number = "cast(load_id as decimal(38, 6))" -%}
    {%- set is_known = external_is_known(load_number, last_load_id) -%}
    {%- set queries = [] -%}
    {%- for file_group in raw_file_groups_where(node, "not (" ~ is_known ~ ")") -%}
        {%- do queries.append(raw_branch_sql(node, file_group)) -%}
    {%- endfor -%}
    {%- if last_load_id is not none -%}
        {%- set has_replaced = "(source_name, table_name, load_id) in (select (source_name, table_name, load_id)"
            ~ " from till.superseded_inputs where replaced_by > " ~ last_load_id ~ ")" -%}
        {%- for file_group in raw_file_groups_where(node, is_known ~ " and " ~ has_replaced) -%}
            {%- do queries.append(raw_branch_sql(node, file_group, raw_superseded(node, last_load_id))) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- do return(queries) -%}
{%- endmacro -%}


{%- macro raw_file_groups_where(node, condition) -%}
    {%- do return(fromjson(sql_value(
        "select coalesce(to_json(list(file_group order by file_group.columns)), '[]') from ("
        ~ "select {'columns': column_types, 'paths': list(path order by load_id, path)} as file_group"
        ~ " from till.load_files where not is_rejected and rows > 0"
        ~ " and source_name = " ~ sql_text(node.source_name) ~ " and table_name = " ~ sql_text(node.name)
        ~ " and " ~ condition ~ " group by column_types)"
    ))) -%}
{%- endmacro -%}
