{#- The law of accounts_for_every_raw_row for a raw table without a key, once for each load.

    What held of the loads before still does: they never change, and a row of theirs that agrees with none of
    the new ones is dropped or kept as it was. So an increment asks the rows that could agree with a new one:
    those that lie in every column between the least and the greatest of its values, in old loads too. Of each
    set of rows that agree it holds all or none, so the law holds of them by themselves. -#}
{%- macro accounts_of_rows(raw, staging, distinct_columns) -%}
    {#- Raw rows, those that staging makes of them, and those that it may drop: exact duplicates. Rows that
        agree share a hash of 64 bits; only where one occurs twice are rows themselves compared. -#}
    select
        (select count(*) from {{ raw }}) as raw_rows,
        (select count(*) from {{ staging }}) as staging_rows,
        (
            select coalesce(sum(copies - 1), 0)
            from (
                select count(*) as copies
                from {{ raw }}
                where hash({{ distinct_columns | join(", ") }}) in (
                    {{ repeated_hashes(distinct_columns, raw) | indent(20) }}
                )
                group by {{ distinct_columns | join(", ") }}
            )
        ) as rows_dropped
{%- endmacro -%}


{%- macro accounts_since_last_time(raw, staging, distinct_columns) -%}
    {#- The accounts as SQL: of all rows, of what new loads touch, or, where nothing is new, of nothing. -#}
    {%- set accounts = accounts_of_rows(raw, staging, distinct_columns) -%}
    {%- if not execute or flags.WHICH not in ["build", "run", "test"] -%}
        {%- do return(accounts) -%}
    {%- endif -%}
    {%- set table = raw_table_of(raw) -%}
    {%- if table is none -%}
        {%- do return(accounts) -%}
    {%- endif -%}
    {%- set staging_sql = view_definition(staging) -%}
    {%- set definition = local_md5(staging_sql) -%}
    {%- set columns = distinct_columns | join(", ") -%}
    {%- set loads = external_loads(table) -%}
    {%- set known = run_query(
        "select loads, rows_dropped from till.accounted_loads where staging_view = " ~ sql_text(staging)
        ~ " and raw_table = " ~ sql_text(raw) ~ " and definition = " ~ sql_text(definition)
        ~ " and distinct_columns = " ~ sql_text(columns)
    ).rows -%}
    {%- set before = fromjson(known[0][0]) if known | length > 0 else none -%}
    {%- set nothing = "select 0 as raw_rows, 0 as staging_rows, 0 as rows_dropped where false" -%}
    {%- if before == loads -%}
        {%- do return(nothing) -%}
    {%- endif -%}
    {%- set rows_dropped = 0 -%}
    {%- if before is not none and before.columns == loads.columns and before.last_load_id is not none
        and external_loads_fingerprint(table, before.last_load_id) == before.fingerprint -%}
        {%- set touched = rows_like_new_ones(table.node, raw, staging_sql, distinct_columns, before.last_load_id) -%}
        {%- if touched is not none -%}
            {%- set accounts = accounts_of_rows(touched.raw, touched.staging, distinct_columns) -%}
            {%- set rows_dropped = known[0][1] - sql_value(
                "select rows_dropped from (" ~ accounts_of_rows(touched.known_raw, "(select 1)", distinct_columns) ~ ")"
            ) -%}
        {%- endif -%}
    {%- endif -%}
    {%- set found = run_query(
        "select rows_dropped, raw_rows = staging_rows + rows_dropped from (" ~ accounts ~ ")"
    ).rows[0] -%}
    {%- if found[1] -%}
        {%- do run_query(
            "delete from till.accounted_loads where staging_view = " ~ sql_text(staging) ~ ";"
            ~ "insert into till.accounted_loads values (" ~ sql_text(staging) ~ ", " ~ sql_text(raw) ~ ", "
            ~ sql_text(definition) ~ ", " ~ sql_text(columns) ~ ", " ~ sql_text(tojson(loads)) ~ ", "
            ~ (rows_dropped + found[0]) ~ ")"
        ) -%}
        {%- do return(nothing) -%}
    {%- endif -%}
    {%- do return(accounts) -%}
{%- endmacro -%}


{%- macro rows_like_new_ones(node, raw, staging_sql, distinct_columns, last_load_id) -%}
    {#- Raw rows that may agree with one that came since, all of them and those known before, and the staging
        view over these alone. None where rows also went, or where the view cannot be narrowed. -#}
    {%- set has_replaced = sql_value(
        "select count(*) from till.superseded_inputs where replaced_by > " ~ last_load_id
        ~ " and source_name = " ~ sql_text(node.source_name) ~ " and table_name = " ~ sql_text(node.name)
    ) | int > 0 -%}
    {%- set new_rows = raw_rows_since(node, last_load_id) -%}
    {%- set raw_pattern = '"?' ~ modules.re.escape(raw.database) ~ '"?[.]"?' ~ modules.re.escape(raw.schema)
        ~ '"?[.]"?' ~ modules.re.escape(raw.identifier) ~ '"?(?![\\w"])' -%}
    {%- set view_query = staging_sql[(staging_sql.find(" AS ") + 4):].rstrip().rstrip(";") -%}
    {%- set is_narrowed = modules.re.search(raw_pattern, view_query)
        and raw.schema not in modules.re.sub(raw_pattern, "", view_query) -%}
    {%- if has_replaced or not new_rows or not is_narrowed -%}
        {%- do return(none) -%}
    {%- endif -%}
    {%- set bounds = [] -%}
    {%- for column in distinct_columns -%}
        {%- do bounds.append(
            "'least_" ~ loop.index ~ "': cast(min(" ~ column ~ ") as varchar), 'greatest_" ~ loop.index
            ~ "': cast(max(" ~ column ~ ") as varchar), 'type_" ~ loop.index ~ "': any_value(typeof(" ~ column
            ~ ")), 'has_null_" ~ loop.index ~ "': coalesce(bool_or(" ~ column ~ " is null), true)"
        ) -%}
    {%- endfor -%}
    {%- set found = fromjson(sql_value(
        "select to_json({" ~ bounds | join(", ") ~ "}) from (" ~ new_rows | join(" union all ") ~ ")"
    )) -%}
    {%- set within = [] -%}
    {%- for column in distinct_columns -%}
        {%- set type = found["type_" ~ loop.index] -%}
        {%- if not found["has_null_" ~ loop.index] -%}
            {%- do within.append(
                column ~ " between cast(" ~ sql_text(found["least_" ~ loop.index]) ~ " as " ~ type
                ~ ") and cast(" ~ sql_text(found["greatest_" ~ loop.index]) ~ " as " ~ type ~ ")"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set touched_raw = "(select * from " ~ raw ~ " where " ~ (within | join(" and ") or "true") ~ ")" -%}
    {%- do return({
        "raw": touched_raw,
        "known_raw": "(select * from " ~ touched_raw ~ " where cast(_load_id as decimal(38, 6)) <= " ~ last_load_id ~ ")",
        "staging": "(" ~ modules.re.sub(raw_pattern, touched_raw.replace("\\", "\\\\"), view_query) ~ ")",
    }) -%}
{%- endmacro -%}


{%- macro rows_to_account_for(canonical, conformed) -%}
    {#- Rows per source that a canonical table has to hold: source_name, staging_rows. Where the accounts of all
        staging models of a source are made for its loads of now, they are the raw rows less those dropped;
        the rows of other sources are counted in `conformed`. -#}
    {%- set counts, counted = [], [] -%}
    {%- for source_name, models in (var("conforming_models")[canonical].items() if execute else []) -%}
        {%- if source_name in var("active_sources") -%}
            {%- set staging_rows = [] -%}
            {%- for model_name in models -%}
                {%- do staging_rows.append(accounted_rows(model_name)) -%}
            {%- endfor -%}
            {%- if none not in staging_rows -%}
                {%- do counted.append(source_name) -%}
                {%- do counts.append(
                    "select " ~ sql_text(source_name) ~ " as source_name, " ~ staging_rows | join(" + ")
                    ~ " as staging_rows"
                ) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for each in counts %}
    {{ each }}
    union all
    {%- endfor %}
    select
        source_name,
        count(*) as staging_rows
    from {{ conformed }}
    {%- if counted %}
    where source_name not in ({{ sql_texts(counted) }})
    {%- endif %}
    group by source_name
{%- endmacro -%}


{%- macro accounted_rows(model_name) -%}
    {#- SQL of the rows that a staging model has, by its accounts; none where these are not those of now. -#}
    {%- set node = graph.nodes.values() | selectattr("resource_type", "equalto", "model")
        | selectattr("name", "equalto", model_name) | first -%}
    {%- if not node or flags.WHICH not in ["build", "run", "test"] -%}
        {%- do return(none) -%}
    {%- endif -%}
    {%- set staging = adapter.Relation.create(
        database=node.database, schema=node.schema, identifier=node.alias
    ) -%}
    {%- set known = run_query(
        "select raw_table, loads, rows_dropped from till.accounted_loads where staging_view = "
        ~ sql_text(staging) ~ " and definition = " ~ sql_text(local_md5(view_definition(staging)))
    ).rows -%}
    {%- set table = raw_table_of(known[0][0]) if known | length > 0 else none -%}
    {%- if table is none or fromjson(known[0][1]) != external_loads(table) -%}
        {%- do return(none) -%}
    {%- endif -%}
    {%- do return("(select count(*) from " ~ known[0][0] ~ ") - " ~ known[0][2]) -%}
{%- endmacro -%}


{%- macro raw_table_of(raw) -%}
    {%- set node = graph.sources.values() | selectattr("relation_name", "equalto", raw | string) | first -%}
    {%- do return({"name": node.source_name ~ "." ~ node.name, "node": node} if node else none) -%}
{%- endmacro -%}


{%- macro view_definition(relation) -%}
    {%- do return(sql_value(
        "select sql from duckdb_views() where database_name = current_database() and schema_name = "
        ~ sql_text(relation.schema) ~ " and view_name = " ~ sql_text(relation.identifier)
    ) or "") -%}
{%- endmacro -%}
