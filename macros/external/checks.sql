{#- What is checked on the written files before they take the place of the old ones. A COPY knows no
    constraints, so those of the contract are looked up here; what fails leaves the mart as it was. -#}
{%- macro external_check_types(mart, query, written) -%}
    {#- Parquet has no type for some of DuckDB's and silently takes another: HUGEINT becomes DOUBLE. -#}
    {%- if not written -%}
        {%- do return(none) -%}
    {%- endif -%}
    {%- set from = "read_parquet([" ~ sql_text(written[0].written_to) ~ "], hive_partitioning = false)" -%}
    {%- for kept in external_columns(from) -%}
        {%- set asked = query.columns[loop.index0] -%}
        {%- if kept.type != asked.type -%}
            {%- do external_refuse(
                mart,
                "column '" ~ asked.name ~ "' is " ~ asked.type ~ ", which Parquet would keep as "
                ~ kept.type ~ ": cast it in the model to the type that readers should find"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro -%}


{%- macro external_check_constraints(mart, query, plan, written) -%}
    {#- Kept files were checked when they were written: only a key must also differ from theirs. -#}
    {%- if config.get("contract").enforced and written -%}
        {%- set files = "read_parquet([" ~ sql_texts(written | map(attribute="written_to") | list)
            ~ "], hive_partitioning = false)" -%}
        {%- for constraint in external_constraints() -%}
            {%- if constraint.type in ["not_null", "primary_key"] -%}
                {%- for name in constraint.columns -%}
                    {%- do external_check_not_null(mart, written, files, name) -%}
                {%- endfor -%}
            {%- endif -%}
            {%- if constraint.type in ["unique", "primary_key"] -%}
                {%- do external_check_unique(mart, query, plan, files, constraint.columns) -%}
            {%- endif -%}
            {%- if constraint.type == "check" -%}
                {%- do external_check_expression(mart, files, constraint.expression) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro -%}


{%- macro external_constraints() -%}
    {#- Those of the model and those of its columns, in one form: type, columns, expression. -#}
    {%- set constraints = [] -%}
    {%- for constraint in model.constraints -%}
        {%- do constraints.append({
            "type": constraint.type | string,
            "columns": constraint.columns or [],
            "expression": constraint.expression or none,
        }) -%}
    {%- endfor -%}
    {%- for column in model.columns.values() -%}
        {%- for constraint in column.constraints -%}
            {%- do constraints.append({
                "type": constraint.type | string,
                "columns": [column.name],
                "expression": constraint.expression or none,
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do return(constraints) -%}
{%- endmacro -%}


{%- macro external_check_not_null(mart, written, files, name) -%}
    {#- The writer has counted the nulls; only a column that it counts none for is read. -#}
    {%- set counts = [] -%}
    {%- for file in written -%}
        {%- do counts.append(file.nulls.get(name)) -%}
    {%- endfor -%}
    {%- if none in counts -%}
        {%- set counts = [
            sql_value("select count(*) from " ~ files ~ " where " ~ sql_identifier(name) ~ " is null")
        ] -%}
    {%- endif -%}
    {%- if counts | sum > 0 -%}
        {%- do external_refuse(mart, "column '" ~ name ~ "' must not be null, and is in " ~ counts | sum ~ " rows") -%}
    {%- endif -%}
{%- endmacro -%}


{%- macro external_check_unique(mart, query, plan, files, columns) -%}
    {#- Hashes first: they take a fraction of the memory of long keys. Only where a hash occurs twice
        are the keys themselves looked at, so two keys that share a hash are not mistaken for one. -#}
    {%- set names = sql_identifiers(columns) -%}
    {%- set known = [] -%}
    {%- for name in columns -%}
        {%- do known.append(sql_identifier(name) ~ " is not null") -%}
    {%- endfor -%}
    {%- set is_key = known | join(" and ") -%}
    {%- set new_keys = plan.new_rows or files -%}
    {%- set kept = external_kept_with_keys(mart, query, plan.kept, new_keys, columns) -%}
    {%- set kept_files = external_rows_of_files(mart, kept) -%}
    {%- set hashes = sql_identifier(mart.name ~ "__repeated_hashes") -%}
    {%- do run_query(
        "create or replace temporary table " ~ hashes ~ " as "
        ~ repeated_hashes([names], "(from " ~ files ~ " where " ~ is_key ~ ")")
    ) -%}
    {%- if kept %}
        {#- By the keys themselves: their range lets DuckDB pass over most of what is kept. Rows that were
            taken over from former files of the mart differ from what is kept since they were written. -#}
        {%- do run_query(
            "insert into " ~ hashes ~ " select distinct hash(" ~ names ~ ") from " ~ kept_files ~ " where "
            ~ is_key ~ " and (" ~ names ~ ") in (select (" ~ names ~ ") from " ~ new_keys ~ ")"
        ) -%}
    {%- endif %}
    {%- if sql_value("select count(*) from " ~ hashes) | int > 0 -%}
        {%- set keys = "select " ~ names ~ " from " ~ files
            ~ (" union all select " ~ names ~ " from " ~ kept_files if kept else "") -%}
        {%- set example = sql_value(
            "select to_json({'keys': count(*), 'first': min(key)}) from ("
            ~ "select concat_ws(', ', " ~ names ~ ") as key from (" ~ keys ~ ")"
            ~ " where hash(" ~ names ~ ") in (select row_hash from " ~ hashes ~ ") and " ~ is_key
            ~ " group by " ~ names ~ " having count(*) > 1)"
        ) -%}
        {%- set found = fromjson(example) -%}
        {%- if found["keys"] > 0 -%}
            {%- do external_refuse(
                mart,
                "the key (" ~ columns | join(", ") ~ ") must be unique, and " ~ found["keys"]
                ~ " of its values occur more than once, for example: " ~ found["first"]
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro -%}


{%- macro external_kept_with_keys(mart, query, kept, new_keys, columns) -%}
    {#- The kept files that can hold one of the new keys. A file of another partition does not, if the partition
        is part of the key. -#}
    {%- if mart.partition_by in columns -%}
        {%- do return([]) -%}
    {%- elif columns | length > 1 -%}
        {%- do return(kept) -%}
    {%- endif -%}
    {%- set keys = "(select " ~ sql_identifier(columns[0]) ~ " as key from " ~ new_keys ~ ")" -%}
    {%- do return(external_files_with_keys(mart, query, kept, columns[0], keys)) -%}
{%- endmacro -%}


{%- macro external_check_expression(mart, files, expression) -%}
    {%- set violations = sql_value("select count(*) from " ~ files ~ " where not (" ~ expression ~ ")") | int -%}
    {%- if violations > 0 -%}
        {%- do external_refuse(mart, "the check (" ~ expression ~ ") fails for " ~ violations ~ " rows") -%}
    {%- endif -%}
{%- endmacro -%}


{%- macro external_refuse(mart, reason) -%}
    {%- do external_sweep(mart, mart.building) -%}
    {%- do exceptions.raise_compiler_error(
        mart.name ~ " was not replaced, its former rows are still there: " ~ reason
    ) -%}
{%- endmacro -%}
