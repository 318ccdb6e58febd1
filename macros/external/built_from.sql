{#- What a mart is built from, as the state file keeps it: enough to see, at the next build, all that
    could make the rows of an untouched partition other than they are.

    engine    the version and time zone of DuckDB
    model     hash of the model: compiled SQL (so also its variables), columns, constraints, config
    upstream  name -> hash: SQL of each view in between, content of each table and seed
    loads     raw table -> the last of the loads that were read, a hash of them all and of the columns
    followed  partition -> files of the mart that this one follows
    lookups   relation -> the file that remembers the keys of each row and a hash of the rest -#}
{%- macro external_built_from(mart, query, sources) -%}
    {%- set loads = {} -%}
    {%- for table in sources.raw_tables -%}
        {%- do loads.update({table.name: external_loads(table)}) -%}
    {%- endfor -%}
    {%- do return({
        "engine": local_md5(sql_value("select version() || ' ' || current_setting('TimeZone')")),
        "model": external_model_hash(mart, query),
        "upstream": external_upstream_hashes(sources),
        "loads": loads,
        "followed": external_followed(sources),
        "lookups": {},
    }) -%}
{%- endmacro -%}


{%- macro external_walk(mart, incremental) -%}
    {#- All that the model reads, directly or through other models, sorted by how a change is noticed. -#}
    {%- set found = {"views": [], "tables": [], "marts": [], "raw_tables": [], "lookups": [], "followed": none} -%}
    {%- set seen = [] -%}
    {%- set to_visit = model.depends_on.nodes | list -%}
    {%- for _ in range(100000) if to_visit -%}
        {%- set unique_id = to_visit.pop() -%}
        {%- if unique_id not in seen -%}
            {%- do seen.append(unique_id) -%}
            {%- do to_visit.extend(external_sort_in(found, unique_id, incremental)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set lookups_found = found.lookups | map(attribute="name") | list -%}
    {%- set unknown = incremental.lookups.keys() | reject("in", lookups_found) | list -%}
    {%- if incremental.follows and found.followed is none -%}
        {%- do unknown.append(incremental.follows) -%}
    {%- endif -%}
    {%- if unknown -%}
        {%- do exceptions.raise_compiler_error(
            "incremental of " ~ mart.name ~ ": the model reads no '" ~ unknown[0] ~ "'"
        ) -%}
    {%- endif -%}
    {%- if incremental.unit and found.followed is not none and not found.followed.config.get("partition_by") -%}
        {%- do exceptions.raise_compiler_error(
            "incremental of " ~ mart.name ~ ": " ~ incremental.follows ~ " has no partition_by, so nothing says"
            ~ " where its rows changed"
        ) -%}
    {%- endif -%}
    {%- for lookup in found.lookups -%}
        {%- do external_refuse_lookup_of_own_rows(mart, lookup, found.raw_tables) -%}
    {%- endfor -%}
    {%- do return(found) -%}
{%- endmacro -%}


{%- macro external_refuse_lookup_of_own_rows(mart, lookup, raw_tables) -%}
    {#- While the rows of some units are computed, the raw tables with a unit show nothing else: a view on
        one of them could not be looked up then. -#}
    {%- set own_rows = raw_tables | selectattr("unit") | map(attribute="name") | list -%}
    {%- set below = {"views": [], "tables": [], "marts": [], "raw_tables": []} -%}
    {%- set to_visit = lookup.node.depends_on.nodes | list if lookup.node.config.materialized in external_views() else [] -%}
    {%- for _ in range(100000) if to_visit -%}
        {%- do to_visit.extend(external_sort_in(
            below, to_visit.pop(), {"lookups": {}, "follows": none, "rows": {}, "after": []}
        )) -%}
    {%- endfor -%}
    {%- for table in below.raw_tables if table.name in own_rows -%}
        {%- do exceptions.raise_compiler_error(
            "incremental of " ~ mart.name ~ ": the lookup " ~ lookup.name ~ " is a view on " ~ table.name
            ~ ", whose rows the mart itself is made of; materialize a model between them as a table"
        ) -%}
    {%- endfor -%}
{%- endmacro -%}


{%- macro external_sort_in(found, unique_id, incremental) -%}
    {#- Puts one node where it belongs; gives back the nodes to visit behind it. -#}
    {%- set node = graph.sources.get(unique_id) or graph.nodes[unique_id] -%}
    {%- set materialized = node.config.materialized -%}
    {%- if node.name in incremental.after -%}
        {%- do return([]) -%}
    {%- elif node.resource_type == "source" and node.source_name != "till" -%}
        {%- do found.raw_tables.append({
            "name": node.source_name ~ "." ~ node.name,
            "node": node,
            "unit": (incremental.rows.get(node.source_name) or {}).get(node.name),
        }) -%}
    {%- elif node.name in incremental.lookups -%}
        {%- do found.lookups.append({
            "name": node.name,
            "node": node,
            "keys": incremental.lookups[node.name]["keys"],
            "columns": incremental.lookups[node.name]["columns"],
        }) -%}
    {%- elif materialized == "external" -%}
        {%- if node.name == incremental.follows -%}
            {%- do found.update({"followed": node}) -%}
        {%- else -%}
            {%- do found.marts.append(node) -%}
        {%- endif -%}
    {%- elif materialized in external_views() -%}
        {%- do found.views.append(node) -%}
        {%- do return(node.depends_on.nodes | list) -%}
    {%- elif materialized == "ephemeral" -%}
        {%- do return(node.depends_on.nodes | list) -%}
    {%- else -%}
        {%- do found.tables.append(node) -%}
    {%- endif -%}
    {%- do return([]) -%}
{%- endmacro -%}


{%- macro external_views() -%}
    {%- do return(["view", "deduplicated_view"]) -%}
{%- endmacro -%}


{%- macro external_model_hash(mart, query) -%}
    {%- set options = {} -%}
    {%- for name in ["partition_by", "sort_by", "row_group_size", "incremental", "sql_header"] -%}
        {%- do options.update({name: config.get(name)}) -%}
    {%- endfor -%}
    {%- do return(local_md5(
        compiled_code ~ tojson([query.columns, external_constraints(), options], sort_keys=True)
    )) -%}
{%- endmacro -%}


{%- macro external_upstream_hashes(sources) -%}
    {%- set hashes = {} -%}
    {%- for node in sources.views -%}
        {%- do hashes.update({node.name: external_view_hash(node)}) -%}
    {%- endfor -%}
    {%- for node in sources.tables -%}
        {%- do hashes.update({node.name: sql_value(
            "select md5(concat_ws(' ', count(*), sum(cast(hash(every_column) as hugeint))))"
            ~ " from " ~ node.relation_name ~ " as every_column"
        )}) -%}
    {%- endfor -%}
    {%- for node in sources.marts -%}
        {%- do hashes.update({node.name: local_md5(tojson(external_partitions(node)))}) -%}
    {%- endfor -%}
    {%- do return(hashes) -%}
{%- endmacro -%}


{%- macro external_view_hash(node) -%}
    {#- What stands in the warehouse is what the mart reads, with macros and variables put in. DuckDB
        words it differently while a view is new and once it was read back (CROSS JOIN, then a comma;
        an EXCLUDE in another order), so the parsed query is hashed, not its text. Where that should
        not be enough, the mart is built whole once more than needed. -#}
    {%- set query -%}
        select if(starts_with(parsed, '{"error":false'), parsed, sql)
        from (
            select
                sql,
                regexp_replace(
                    cast(json_serialize_sql(sql[instr(sql, ' AS ') + 4:]) as varchar),
                    '"query_location":[0-9]+', '', 'g'
                ) as parsed
            from duckdb_views()
            where
                database_name = current_database()
                and schema_name = {{ sql_text(node.schema) }}
                and view_name = {{ sql_text(node.alias) }}
        )
    {%- endset -%}
    {%- set parsed = namespace(text=sql_value(query) or "") -%}
    {%- for names in modules.re.findall('"exclude_list":(\\[[^\\]]*\\])', parsed.text) | unique(case_sensitive=true) -%}
        {%- set parsed.text = parsed.text.replace(names, tojson(fromjson(names, []) | sort)) -%}
    {%- endfor -%}
    {%- do return(local_md5(parsed.text)) -%}
{%- endmacro -%}


{%- macro external_followed(sources) -%}
    {%- do return(external_partitions(sources.followed) if sources.followed is not none else {}) -%}
{%- endmacro -%}


{%- macro external_partitions(node) -%}
    {#- The files of another mart, as its record names them: partition (as JSON) -> paths. -#}
    {%- set partitions = {} -%}
    {%- set state = external_state(external_path(node) ~ "/_state/" ~ node.alias ~ ".json") -%}
    {%- for file in (state or {}).get("files", []) -%}
        {%- do partitions.setdefault(tojson(file.partition), []).append(file.path) -%}
    {%- endfor -%}
    {%- do return(partitions) -%}
{%- endmacro -%}


{%- macro external_loads(table) -%}
    {%- set last_load = sql_value(
        "select cast(max(load_number) as varchar) || 's' " ~ external_loads_sql(table)
    ) -%}
    {%- set last_load_id = last_load[:-1] if last_load is not none else none -%}
    {%- do return({
        "last_load_id": last_load_id,
        "fingerprint": external_loads_fingerprint(table, last_load_id),
        "columns": local_md5(raw_branch_sql(table.node, none)),
    }) -%}
{%- endmacro -%}


{%- macro external_loads_fingerprint(table, last_load_id) -%}
    {#- One hash for all records of the table's loads up to that one. -#}
    {%- do return(sql_value(
        "select md5(coalesce(string_agg(record_hash, '' order by record_hash), '')) "
        ~ external_loads_sql(table) ~ " and " ~ external_is_known("load_number", last_load_id)
    )) -%}
{%- endmacro -%}


{%- macro external_loads_sql(table) -%}
    {%- do return(
        "from till.load_hashes where source_name = " ~ sql_text(table.node.source_name)
        ~ " and table_name = " ~ sql_text(table.node.name)
    ) -%}
{%- endmacro -%}


{%- macro external_is_known(load_number, last_load_id) -%}
    {#- Whether a load is one of those that end with `last_load_id`; none: there were no loads. -#}
    {%- do return(load_number ~ " <= " ~ last_load_id if last_load_id is not none else "false") -%}
{%- endmacro -%}
