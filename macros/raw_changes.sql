{#- Rows of a raw table that came or went since a load, and the raw view with nothing but the rows of some
    units: what an incremental mart looks at (macros/external/touched.sql). -#}
{%- macro raw_rows_since(node, last_load_id) -%}
    {#- Queries for the rows that came or went since the load `last_load_id` (none: since there was no
        load): those of the loads after it, and those of earlier inputs that they replaced. -#}
    {%- set load_number = "cast(load_id as decimal(38, 6))" -%}
    {%- set is_known = external_is_known(load_number, last_load_id) -%}
    {%- set queries = [] -%}
    {#- Rows of known and of new loads may stand in one compacted file. -#}
    {%- set is_row_known = external_is_known("cast(_load_id as decimal(38, 6))", last_load_id) -%}
    {%- for file_group in raw_file_groups_where(node, "not (" ~ is_known ~ ")") -%}
        {%- do queries.append(raw_branch_sql(
            node, file_group, "not (" ~ is_row_known ~ ")" if file_group.is_compacted
        )) -%}
    {%- endfor -%}
    {%- if last_load_id is not none -%}
        {%- set has_replaced = "(source_name, table_name, load_id) in (select (source_name, table_name, load_id)"
            ~ " from till.superseded_inputs where replaced_by > " ~ last_load_id ~ ")" -%}
        {%- for file_group in raw_file_groups_where(node, is_known ~ " and " ~ has_replaced) -%}
            {%- set is_replaced = raw_superseded(node, file_group, last_load_id) -%}
            {%- do queries.append(raw_branch_sql(
                node,
                file_group,
                is_row_known ~ " and " ~ is_replaced if file_group.is_compacted else is_replaced,
            )) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- do return(queries) -%}
{%- endmacro -%}


{%- macro raw_file_groups_where(node, condition) -%}
    {%- do return(fromjson(sql_value(
        "select coalesce(to_json(list(file_group order by file_group.columns)), '[]') from ("
        ~ "select {'columns': column_types, 'is_compacted': is_compacted,"
        ~ " 'paths': list(distinct path order by path)} as file_group"
        ~ " from till.load_files where not is_rejected and rows > 0"
        ~ " and source_name = " ~ sql_text(node.source_name) ~ " and table_name = " ~ sql_text(node.name)
        ~ " and " ~ condition ~ " group by column_types, is_compacted)"
    ))) -%}
{%- endmacro -%}


{%- macro raw_narrowed_view_sql(node, file_groups, unit, touched_units) -%}
    {#- The raw view with the rows of these units only. -#}
    {{- raw_view_of_branches_sql(node, raw_branches_of_units(node, file_groups, unit, touched_units)) -}}
{%- endmacro -%}
