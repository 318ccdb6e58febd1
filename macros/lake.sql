{#- Where the lake is, safe quoting, and the file operations that SQL has no words for. -#}

{%- macro lake_path() -%}
    {%- set address = env_var("TILL_LAKE", "") or "lake" -%}
    {%- do return(address.rstrip("/") or address) -%}
{%- endmacro -%}

{%- macro external_path(node) -%}
    {#- The folder of a node's files: marts/, or intermediate/ for what only other models read. -#}
    {%- set folder = "intermediate" if node.config.schema == "intermediate" else "marts" -%}
    {%- do return(lake_path() ~ "/" ~ folder ~ ("" if target.name == "lake" else "_" ~ target.name)) -%}
{%- endmacro -%}

{%- macro sql_text(value) -%}
    {%- if value is none -%}
        {%- do return("null") -%}
    {%- endif -%}
    {%- do return("'" ~ (value | string).replace("'", "''") ~ "'") -%}
{%- endmacro -%}

{%- macro sql_texts(values) -%}
    {%- set quoted = [] -%}
    {%- for value in values -%}
        {%- do quoted.append(sql_text(value)) -%}
    {%- endfor -%}
    {%- do return(quoted | join(", ")) -%}
{%- endmacro -%}

{%- macro sql_identifier(name) -%}
    {%- do return('"' ~ (name | string).replace('"', '""') ~ '"') -%}
{%- endmacro -%}

{%- macro sql_identifiers(names) -%}
    {%- set quoted = [] -%}
    {%- for name in names -%}
        {%- do quoted.append(sql_identifier(name)) -%}
    {%- endfor -%}
    {%- do return(quoted | join(", ")) -%}
{%- endmacro -%}

{%- macro sql_value(query) -%}
    {#- The one value of a query. Lists and structs come as JSON: select to_json(...), then fromjson. -#}
    {%- set rows = run_query(query).rows -%}
    {%- do return(rows[0][0] if rows | length > 0 else none) -%}
{%- endmacro -%}

{%- macro lake_files(action, arguments) -%}
    {#- Asks till/warehouse_plugin.py to do `action`. dbt-duckdb's store() returns nothing, so the
        plugin leaves its answer in the request. -#}
    {%- set request = {"action": action, "arguments": arguments} -%}
    {%- do adapter.store_relation("warehouse_plugin", none, [], "", "", request) -%}
    {%- do return(request["answer"]) -%}
{%- endmacro -%}
