{#- dbt's own generic tests with the same answers, where the model is a mart with partitions from those
    files only that fail (figures_by_file.sql). dbt finds these by their name. -#}
{%- macro duckdb__test_not_null(model, column_name) -%}
    {{ default__test_not_null(rows_of_failing_files(model, column_name ~ " is null"), column_name) }}
{%- endmacro -%}


{%- macro duckdb__test_accepted_values(model, column_name, values, quote=True) -%}
    {%- set accepted = [] -%}
    {%- for value in values -%}
        {%- do accepted.append("'" ~ value ~ "'" if quote else value) -%}
    {%- endfor -%}
    {%- set rows = rows_of_failing_files(model, column_name ~ " not in (" ~ accepted | join(", ") ~ ")") -%}
    {{ default__test_accepted_values(rows, column_name, values, quote) }}
{%- endmacro -%}


{%- macro duckdb__test_relationships(model, column_name, to, field) -%}
    {#- Files that held known keys alone still do, as long as no key is gone that the parent had then. -#}
    {%- set files = files_to_count(model) -%}
    {%- set rows = model -%}
    {%- if files -%}
        {%- set keys = "till." ~ sql_identifier("keys_" ~ local_md5(model ~ " " ~ column_name ~ " " ~ to ~ " " ~ field)) -%}
        {%- set parents = "(select " ~ field ~ " as parent_key from " ~ to ~ " where " ~ field ~ " is not null)" -%}
        {#- Held against the keys that are known, which are those of the parent by then; every row by itself:
            to make keys distinct costs more than to find them. -#}
        {%- set keys_of_files -%}
            (
                select
                    children.__file,
                    children.child_key is not null and known.parent_key is null as is_missing
                from (
                    select
                        __file,
                        {{ column_name }} as child_key
                    from __files__
                ) as children
                left join {{ keys }} as known
                    on children.child_key = known.parent_key
            )
        {%- endset -%}
        {%- do run_query(
            "create table if not exists " ~ keys ~ " as select * from " ~ parents ~ " where false"
        ) -%}
        {%- set are_keys_gone = sql_value(
            "select count(*) from " ~ keys ~ " as known anti join " ~ parents
            ~ " as parents on known.parent_key = parents.parent_key"
        ) | int > 0 -%}
        {%- set figure = sql_text(figure_id("count(*) filter (where is_missing)", keys_of_files)) -%}
        {#- A file that failed may do so no more, once the parent has more keys. -#}
        {%- do run_query(
            "delete from till.file_figures where figure = " ~ figure
            ~ ("" if are_keys_gone else " and figure_value > 0")
        ) -%}
        {#- Before the files are counted: killed in between, too many keys are known, never too few. -#}
        {%- if are_keys_gone -%}
            {%- do run_query("delete from " ~ keys) -%}
        {%- endif -%}
        {%- do run_query(
            "insert into " ~ keys ~ " select distinct parents.parent_key from " ~ parents ~ " as parents anti join "
            ~ keys ~ " as known on parents.parent_key = known.parent_key"
        ) -%}
        {%- set rows = rows_of_failing_files(model, "is_missing", keys_of_files, rows_at_once=20000000) -%}
    {%- endif -%}
    {{ default__test_relationships(rows, column_name, to, field) }}
{%- endmacro -%}
