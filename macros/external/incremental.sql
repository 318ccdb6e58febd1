{#- Which partitions a build of a mart has to write (macros/README.md, "How an incremental build decides").

    A mart with `incremental` in its config rewrites the partitions that new loads touch and keeps the
    files of the others, but only while that gives the same rows as building it anew. Whenever that is
    not certain, everything is written, and dbt's line for the model says why. -#}
{%- macro external_plan(mart, query) -%}
    {%- set incremental = external_incremental_config(mart, query) -%}
    {%- if incremental is none -%}
        {%- do return({
            "is_full": true, "why_full": none, "kept": [], "retired": [], "built_from": none, "sql": query.sql,
        }) -%}
    {%- endif -%}
    {%- set state = external_state(mart.state_file) -%}
    {%- set before = (state or {}).get("built_from") -%}
    {%- set sources = external_walk(mart, incremental) -%}
    {%- set now = external_built_from(mart, query, sources) -%}
    {%- do external_collect_lookups(mart, sources) -%}
    {%- set why_full = external_why_full(mart, sources, state, before, now) -%}
    {%- if why_full is not none -%}
        {%- do now.update({"lookups": external_remember_lookups(mart, sources, {})}) -%}
        {%- do return({
            "is_full": true,
            "why_full": why_full,
            "kept": [],
            "built_from": now,
            "sql": external_sparse_sql(mart, query, incremental, sources),
            "parts": external_parts(mart, query, sources.followed, now.followed) if not incremental.unit else [],
            "retired": [],
        }) -%}
    {%- endif -%}
    {%- if incremental.follows and incremental.unit -%}
        {%- set changes = external_touched_by_followed_units(mart, query, incremental, sources, state, now) -%}
    {%- elif incremental.follows -%}
        {%- set changes = external_touched_by_followed(mart, query, incremental, state, now) -%}
    {%- else -%}
        {%- set changes = external_touched_by_units(mart, query, incremental, sources, state) -%}
    {%- endif -%}
    {%- set touched = changes.partitions -%}
    {%- do now.update({"lookups": external_remember_lookups(mart, sources, before.lookups)}) -%}
    {%- do return({
        "is_full": false,
        "why_full": none,
        "touched": touched,
        "kept": external_kept(state, touched),
        "retired": external_retired(state, touched),
        "built_from": now,
        "sql": changes.sql,
        "new_rows": changes.new_rows,
        "is_unchanged": not touched and now == before,
    }) -%}
{%- endmacro -%}


{%- macro external_incremental_config(mart, query) -%}
    {#- The model's `incremental`, checked and with every key there; none for a mart built whole. -#}
    {%- set incremental = config.get("incremental") -%}
    {%- if not incremental -%}
        {%- do return(none) -%}
    {%- endif -%}
    {%- set known = ["unit", "rows", "lookups", "follows", "onwards", "after", "is_sparse"] -%}
    {%- set columns = query.columns | map(attribute="name") | list -%}
    {%- set problem = none -%}
    {%- if incremental is not mapping -%}
        {%- set problem = "it is a mapping with " ~ known | join(", ") -%}
    {%- elif mart.partition_by is none and "follows" in incremental and "unit" not in incremental -%}
        {%- set problem = "a mart that follows another needs partition_by, to replace whole partitions, or a unit,"
            ~ " to compute those anew whose rows are others" -%}
    {%- elif incremental.keys() | reject("in", known) | list -%}
        {%- set problem = "'" ~ incremental.keys() | reject("in", known) | first ~ "' is none of "
            ~ known | join(", ") -%}
    {%- elif "follows" not in incremental and "unit" not in incremental -%}
        {%- set problem = "it names the unit whose rows belong together, or the mart it follows, or both" -%}
    {%- elif "follows" in incremental and "unit" in incremental and incremental.keys() | reject("in", ["follows", "unit", "after"]) | list -%}
        {%- set problem = "a mart that follows the units of another takes nothing but 'after' beside them" -%}
    {%- else -%}
        {%- set named = [mart.partition_by, incremental.unit] | select | list -%}
        {%- for lookup in (incremental.lookups or {}).values() -%}
            {%- do named.extend(lookup["keys"] or ["keys of a lookup"]) -%}
        {%- endfor -%}
        {%- set missing = named | reject("in", columns) | list -%}
        {%- if missing -%}
            {%- set problem = "the mart has no column '" ~ missing[0] ~ "'" -%}
        {%- endif -%}
    {%- endif -%}
    {%- if problem is not none -%}
        {%- do exceptions.raise_compiler_error("incremental of " ~ mart.name ~ ": " ~ problem) -%}
    {%- endif -%}
    {%- do return({
        "unit": incremental.unit,
        "rows": incremental.rows or {},
        "lookups": incremental.lookups or {},
        "follows": incremental.follows,
        "onwards": incremental.onwards or false,
        "after": incremental.after or [],
        "is_sparse": incremental.is_sparse or false,
    }) -%}
{%- endmacro -%}


{%- macro external_state(state_file) -%}
    {#- The record of a mart's last build; none where there is none that can be read. -#}
    {%- set text = lake_files("read_text", [state_file]) -%}
    {%- set state = fromjson(text, none) if text is not none else none -%}
    {%- do return(state if state is mapping and state.version == 1 else none) -%}
{%- endmacro -%}


{%- macro external_why_full(mart, sources, state, before, now) -%}
    {#- Why keeping partitions could be wrong, in words for the person who waits; none when it is right. -#}
    {%- if should_full_refresh() -%}
        {%- do return("a full refresh was asked for") -%}
    {%- elif not before -%}
        {%- do return("there is no record of a build to go on from") -%}
    {%- elif before.engine != now.engine -%}
        {%- do return("DuckDB or its settings are others") -%}
    {%- elif before.model != now.model -%}
        {%- do return("the model's SQL, columns, constraints or config changed, or a variable in them") -%}
    {%- endif -%}
    {%- for name in (before.upstream.keys() | list + now.upstream.keys() | list) | unique(case_sensitive=true) -%}
        {%- if before.upstream.get(name) != now.upstream.get(name) -%}
            {%- do return(name ~ " changed") -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return(
        external_why_loads(sources, before, now)
        or external_why_files(mart, state, before)
        or external_why_followed(sources, before, now)
    ) -%}
{%- endmacro -%}


{%- macro external_why_loads(sources, before, now) -%}
    {%- for table in sources.raw_tables -%}
        {%- set earlier, later = before.loads.get(table.name), now.loads[table.name] -%}
        {%- if earlier is none or earlier.columns != later.columns -%}
            {%- do return("the columns of " ~ table.name ~ " changed") -%}
        {%- elif external_loads_fingerprint(table, earlier.last_load_id) != earlier.fingerprint -%}
            {%- do return("loads of " ~ table.name ~ " that it was built from changed or are gone") -%}
        {%- elif later.fingerprint != earlier.fingerprint and not table.unit -%}
            {%- do return(table.name ~ " has new loads, and nothing says which rows they touch") -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return(none) -%}
{%- endmacro -%}


{%- macro external_why_files(mart, state, before) -%}
    {#- Whether each file that the last build recorded is still there, with its size. -#}
    {%- set sizes = {} -%}
    {%- for place in [mart.folder, mart.single_file, mart.lookups_folder] -%}
        {%- for file in lake_files("list_files", [place]) -%}
            {%- do sizes.update({file.path[mart.root | length + 1:]: file.bytes}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for file in state.files + before.lookups.values() | list -%}
        {%- if sizes.get(file.path) != file.bytes -%}
            {%- do return("the file " ~ file.path ~ " is missing or was changed") -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return(none) -%}
{%- endmacro -%}


{%- macro external_why_followed(sources, before, now) -%}
    {#- Units are found by comparing files of now with those that the mart was built from, which the mart
        that is followed keeps for one build (external_retired). -#}
    {%- if not config.get("incremental").unit or sources.followed is none -%}
        {%- do return(none) -%}
    {%- endif -%}
    {%- set root = external_path(sources.followed) -%}
    {%- set found = lake_files("list_files", [root ~ "/" ~ sources.followed.alias]) | map(attribute="path") | list -%}
    {%- for path in external_changed_files(before.followed, now.followed).earlier
            if root ~ "/" ~ path not in found -%}
        {%- do return(sources.followed.name ~ " no longer has the rows that it was built from") -%}
    {%- endfor -%}
    {%- do return(none) -%}
{%- endmacro -%}


{%- macro external_retired(state, touched) -%}
    {#- Files that this build replaces and that stay for one more, because another mart asks them which of its
        units are other than they were. Of more than a quarter of the rows they are not kept: to
        compute those marts whole is then as quick as to compare. -#}
    {%- if not external_is_followed_by_units() -%}
        {%- do return([]) -%}
    {%- elif not touched -%}
        {%- do return(state.retired or []) -%}
    {%- endif -%}
    {%- set replaced = state.files | selectattr("partition", "in", touched) | list -%}
    {%- if replaced | sum(attribute="rows") * 4 > state.files | sum(attribute="rows") -%}
        {%- do return([]) -%}
    {%- endif -%}
    {%- do return(replaced | map(attribute="path") | list) -%}
{%- endmacro -%}


{%- macro external_is_followed_by_units() -%}
    {%- for node in graph.nodes.values() if node.resource_type == "model" -%}
        {%- set incremental = node.config.get("incremental") or {} -%}
        {%- if incremental.follows == model.name and incremental.unit -%}
            {%- do return(true) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return(false) -%}
{%- endmacro -%}


{%- macro external_kept(state, touched) -%}
    {#- Files of untouched partitions. The one of an empty mart, without rows, is kept only if nothing
        is written. -#}
    {%- set kept = [] -%}
    {%- for file in state.files if not touched or (file.rows > 0 and file.partition not in touched) -%}
        {%- do kept.append(file) -%}
    {%- endfor -%}
    {%- do return(kept) -%}
{%- endmacro -%}
