{#- How a stored value becomes the declared type in a raw view, where that was changed since the load. As it is
    with ingest's own casts, nothing is bent: what is not exactly of the type stops the query and says so. -#}
{%- macro raw_value(node, name, data_type, stored) -%}
    {%- set value = sql_identifier(name) -%}
    {%- set its_type = stored.get(name | lower) -%}
    {%- if its_type is none -%}
        {%- do return("cast(null as " ~ data_type ~ ")") -%}
    {%- elif its_type == data_type | upper or data_type | upper == "VARCHAR" or not raw_can_bend(its_type, data_type) -%}
        {%- do return("cast(" ~ value ~ " as " ~ data_type ~ ")") -%}
    {%- endif -%}
    {%- set table = node.source_name ~ "." ~ node.name -%}
    {%- set empty = value ~ " is null" ~ (" or trim(" ~ value ~ ") = ''" if its_type == "VARCHAR") -%}
    {%- do return(
        "case when " ~ empty ~ " then null else coalesce(" ~ raw_exact_cast(value, its_type, data_type | upper)
        ~ ", cast(error(" ~ sql_text("The value '") ~ " || " ~ value ~ " || " ~ sql_text(
            "' of " ~ table ~ "." ~ name ~ " was loaded as " ~ its_type ~ " and is no " ~ data_type
            ~ ": run till ingest --reload " ~ table ~ ", or declare the former type again"
        ) ~ ") as " ~ data_type ~ ")) end"
    ) -%}
{%- endmacro -%}


{%- macro raw_stored_types(file_group) -%}
    {#- Column -> DuckDB type, as the loads of the group recorded them. -#}
    {%- set types = {} -%}
    {%- for column in (file_group["columns"] if file_group is not none else []) -%}
        {%- set name, type = column.split(" ", 1) -%}
        {%- do types.update({name: type}) -%}
    {%- endfor -%}
    {%- do return(types) -%}
{%- endmacro -%}


{%- macro raw_undeclared_columns(node) -%}
    {%- set declared = node.columns.values() | map(attribute="name") | map("lower") | list -%}
    {%- do return(fromjson(sql_value(
        "select coalesce(to_json(list(column_name order by column_name)), '[]') from till.added_columns"
        ~ " where source_name = " ~ sql_text(node.source_name) ~ " and table_name = " ~ sql_text(node.name)
        ~ " and not list_contains([" ~ sql_texts(declared) ~ "]::varchar[], lower(column_name))"
    ))) -%}
{%- endmacro -%}


{%- macro raw_can_bend(stored, data_type) -%}
    {#- The types of ingest: of others (a lake by hand) the plain cast decides. -#}
    {%- set known = ["VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP"] -%}
    {%- set type = data_type | upper -%}
    {%- do return(
        (stored in known or stored.startswith("DECIMAL("))
        and (type in known or type.startswith("DECIMAL("))
    ) -%}
{%- endmacro -%}


{%- macro raw_exact_cast(value, stored, data_type) -%}
    {#- SQL that is null where the value is not exactly of the type. -#}
    {%- set cast_value = "try_cast(" ~ value ~ " as " ~ data_type ~ ")" -%}
    {%- set day = "[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}" -%}
    {%- if stored != "VARCHAR" -%}
        {%- do return(
            "case when try_cast(" ~ cast_value ~ " as " ~ stored ~ ") = " ~ value
            ~ " then " ~ cast_value ~ " end"
        ) -%}
    {%- elif data_type == "BIGINT" or data_type.startswith("DECIMAL(") -%}
        {%- set scale = data_type.split(",")[1].strip(" )") if "," in data_type else "0" -%}
        {%- set shape = "\\s*[+-]?[0-9]*\\.?[0-9]{0," ~ scale ~ "}0*\\s*" -%}
    {%- elif data_type == "DATE" -%}
        {%- set shape = "\\s*" ~ day ~ "\\s*" -%}
    {%- elif data_type == "TIMESTAMP" -%}
        {%- set shape = "\\s*" ~ day ~ "([ T]+[0-9:.]+)?\\s*" -%}
        {%- do return(
            "case when regexp_full_match(" ~ value ~ ", " ~ sql_text(shape) ~ ") then " ~ cast_value
            ~ " when regexp_matches(" ~ value ~ ", " ~ sql_text("^\\s*" ~ day ~ "[ T]")
            ~ ") then timezone('UTC', try_cast(" ~ value ~ " as timestamptz)) end"
        ) -%}
    {%- elif data_type == "DOUBLE" -%}
        {%- do return("case when isfinite(" ~ cast_value ~ ") then " ~ cast_value ~ " end") -%}
    {%- else -%}
        {%- do return(cast_value) -%}
    {%- endif -%}
    {%- do return(
        "case when regexp_full_match(" ~ value ~ ", " ~ sql_text(shape) ~ ") then " ~ cast_value ~ " end"
    ) -%}
{%- endmacro -%}
