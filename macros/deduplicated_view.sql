{#- A view on a raw table whose repeated keys (macros/deduplicate.sql) lie in a table beside it.

    To find them takes a pass over all raw rows; the models, the tests and the people who read the
    view would each do it again. The table may hold keys that are repeated no more (an input was
    replaced); never may one be missing. So it is brought up to date wherever raw views are made, at
    the start of every dbt run, also of one that does not select the view. -#}
{% materialization deduplicated_view, adapter="duckdb" %}
    {%- set existing_relation = load_cached_relation(this) -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- set view = namespace(sql=compiled_code) -%}
    {%- set marked = "(?s)/[*]repeated_keys (.*?)[*]/(.*?)/[*]end of repeated_keys[*]/" -%}
    {%- for about, definition in modules.re.findall(marked, compiled_code) -%}
        {%- set found = fromjson(about) -%}
        {%- set keys = {
            "table_of_keys": '"' ~ this.schema ~ '"."' ~ this.identifier ~ "__repeated_keys_" ~ loop.index ~ '"',
            "raw_schema": found.raw_schema,
            "raw_identifier": found.raw_identifier,
            "key": found.key,
            "definition": definition,
        } -%}
        {%- do refresh_repeated_keys(keys) -%}
        {%- set view.sql = view.sql.replace(definition, "select * from " ~ keys.table_of_keys) -%}
    {%- endfor -%}
    {%- if existing_relation is not none and not existing_relation.is_view -%}
        {%- do adapter.drop_relation(existing_relation) -%}
    {%- endif -%}
    {%- call statement("main") -%}
        create or replace view {{ this }} as (
            {{ view.sql }}
        )
    {%- endcall -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do persist_docs(this.incorporate(type="view"), model) -%}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({"relations": [this.incorporate(type="view")]}) }}
{% endmaterialization %}


{%- macro repeated_keys_begin(relation, key) -%}
    {%- set about = {"raw_schema": relation.schema, "raw_identifier": relation.identifier, "key": key} -%}
    /*repeated_keys {{ tojson(about) }}*/
{%- endmacro -%}


{%- macro repeated_keys_end() -%}
    /*end of repeated_keys*/
{%- endmacro -%}


{%- macro refresh_all_repeated_keys() -%}
    {#- At the start of a run, once the raw views are made. -#}
    {%- do run_query(
        "create table if not exists till.repeated_keys (table_of_keys varchar, raw_schema varchar,"
        ~ " raw_identifier varchar, key varchar[], definition varchar, loads varchar)"
    ) -%}
    {%- set all_keys = fromjson(sql_value(
        "select coalesce(to_json(list(known order by known.table_of_keys)), '[]') from till.repeated_keys as known"
    )) -%}
    {%- for keys in all_keys -%}
        {%- do refresh_repeated_keys(keys) -%}
    {%- endfor -%}
{%- endmacro -%}


{%- macro refresh_repeated_keys(keys) -%}
    {#- Makes the table of the keys, or adds those of new loads to it. -#}
    {%- set nodes = graph.sources.values() | selectattr("schema", "equalto", keys.raw_schema)
        | selectattr("identifier", "equalto", keys.raw_identifier) | list -%}
    {%- set this_table = "table_of_keys = " ~ sql_text(keys.table_of_keys) -%}
    {%- if not nodes -%}
        {%- do run_query("delete from till.repeated_keys where " ~ this_table) -%}
        {%- do return(none) -%}
    {%- endif -%}
    {%- set table = {"name": nodes[0].source_name ~ "." ~ nodes[0].name, "node": nodes[0]} -%}
    {%- set loads = external_loads(table) -%}
    {%- set known = sql_value(
        "select loads from till.repeated_keys where " ~ this_table
        ~ " and definition = " ~ sql_text(keys.definition)
    ) -%}
    {%- set before = fromjson(known) if known is not none and not flags.FULL_REFRESH else none -%}
    {%- if before == loads -%}
        {%- do return(none) -%}
    {%- elif before is not none and before.columns == loads.columns
        and external_loads_fingerprint(table, before.last_load_id) == before.fingerprint -%}
        {%- do add_repeated_keys(keys, table.node, before.last_load_id) -%}
    {%- else -%}
        {%- do run_query("create schema if not exists " ~ keys.table_of_keys.split(".")[0]) -%}
        {%- do run_query("create or replace table " ~ keys.table_of_keys ~ " as " ~ keys.definition) -%}
    {%- endif -%}
    {%- do run_query("delete from till.repeated_keys where " ~ this_table) -%}
    {%- do run_query(
        "insert into till.repeated_keys values (" ~ sql_text(keys.table_of_keys) ~ ", "
        ~ sql_text(keys.raw_schema) ~ ", " ~ sql_text(keys.raw_identifier) ~ ", ["
        ~ sql_texts(keys.key) ~ "], " ~ sql_text(keys.definition) ~ ", " ~ sql_text(tojson(loads)) ~ ")"
    ) -%}
{%- endmacro -%}


{%- macro add_repeated_keys(keys, node, last_load_id) -%}
    {#- Only a key that a new load has can have become a repeated one: rows with such a key are looked for
        at their places (raw_places.sql), the definition then sees nothing else. -#}
    {%- set new_rows = raw_rows_since(node, last_load_id) -%}
    {%- if new_rows -%}
        {%- set raw = adapter.Relation.create(
            database=node.database, schema=node.schema, identifier=node.identifier
        ) -%}
        {%- set new_keys = sql_identifier(keys.raw_identifier ~ "__new_keys") -%}
        {%- set new_units = sql_identifier(keys.raw_identifier ~ "__new_units") -%}
        {%- set rows_of_new_keys = sql_identifier(keys.raw_identifier ~ "__rows_of_new_keys") -%}
        {%- set unit = raw_unit_of_key(node, keys.key) -%}
        {%- set names, matches = [], [] -%}
        {%- for expression in keys.key -%}
            {%- set name = "key_" ~ loop.index -%}
            {%- do names.append(expression ~ " as " ~ name) -%}
            {%- do matches.append("(" ~ expression ~ ") is not distinct from new_keys." ~ name) -%}
        {%- endfor -%}
        {%- do run_query(
            "create or replace temporary table " ~ new_keys ~ " as select distinct " ~ names | join(", ")
            ~ ", " ~ unit ~ " as unit from (" ~ new_rows | join(" union all ") ~ ")"
        ) -%}
        {%- do run_query(
            "create or replace temporary table " ~ new_units ~ " as select distinct unit from " ~ new_keys
        ) -%}
        {%- set file_groups = raw_file_groups().get(node.source_name ~ "." ~ node.name, []) -%}
        {%- set branches = raw_branches_of_units(node, file_groups, unit, new_units)
            or [raw_branch_sql(node, none)] -%}
        {%- do run_query(
            "create or replace temporary table " ~ rows_of_new_keys ~ " as select raw_rows.* from (\n"
            ~ branches | join("\nunion all\n") ~ "\n) as raw_rows semi join " ~ new_keys ~ " as new_keys on "
            ~ matches | join(" and ")
        ) -%}
        {%- do run_query(
            "insert into " ~ keys.table_of_keys ~ " select * from ("
            ~ keys.definition.replace(raw | string, rows_of_new_keys) ~ ") except select * from "
            ~ keys.table_of_keys
        ) -%}
    {%- endif -%}
{%- endmacro -%}


{%- macro raw_unit_of_key(node, key) -%}
    {#- What raw rows are looked for by: the unit that a mart has for the raw table, if equal keys always are of
        one unit, so that their places are looked for once; else a hash of the key. -#}
    {%- set columns = (node.columns.values() | map(attribute="name") | list + raw_undeclared_columns(node))
        | map("lower") | list -%}
    {%- for mart in graph.nodes.values() if mart.config.get("incremental") is mapping -%}
        {%- set of_source = (mart.config.incremental.get("rows") or {}).get(node.source_name) or {} -%}
        {%- set rest = namespace(unit=of_source.get(node.name)) -%}
        {%- if rest.unit -%}
            {%- for expression in key -%}
                {%- set rest.unit = modules.re.sub(
                    "(?<!\\w)" ~ modules.re.escape(expression) ~ "(?!\\w)", "", rest.unit
                ) -%}
            {%- endfor -%}
            {#- Nothing but words around what the key says. -#}
            {%- set words = modules.re.findall("\\w+", modules.re.sub("'[^']*'", "", rest.unit) | lower) -%}
            {%- if not (words | select("in", columns) | list) and '"' not in rest.unit -%}
                {%- do return(of_source[node.name]) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return("hash(" ~ key | join(", ") ~ ")") -%}
{%- endmacro -%}
