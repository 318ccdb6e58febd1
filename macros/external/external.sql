{#- A mart is Parquet files and a view on them (docs/decisions/0005-external-marts.md).

    Write under a name that nothing reads, check, rename, record the build, swap the view, commit, and
    only then delete what is no longer used. Killed at any point, the view still finds its files, and
    the next run of the model clears away the rest. -#}
{% materialization external, adapter="duckdb", supported_languages=["sql", "python"] %}
    {%- set mart = external_mart() -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set python_relation = make_intermediate_relation(
        this.incorporate(type="table"), suffix="__python"
    ) -%}
    {{ drop_relation_if_exists(load_cached_relation(python_relation)) }}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- do external_sweep(mart, mart.building) -%}
    {%- if model.language == "python" -%}
        {#- dbt lets Python run from the materialization itself only, not from a macro that it calls. -#}
        {%- call statement("create_python_table", language="python") -%}
            {{- create_table_as(False, python_relation, compiled_code, "python") -}}
        {%- endcall -%}
    {%- endif -%}
    {%- set query = external_query(python_relation) -%}
    {%- set plan = external_plan(mart, query) -%}
    {%- set written = external_write(mart, query, plan) -%}
    {%- do external_check_types(mart, query, written) -%}
    {%- do external_check_constraints(mart, query, plan, written) -%}
    {%- set files = external_publish(mart, plan, written) -%}
    {%- do external_note_all_key_ranges(mart, query, plan, files) -%}
    {%- do external_swap_view(existing_relation, mart, query.columns, files) -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do apply_grants(this, config.get("grants"), should_revoke=False) -%}
    {%- do persist_docs(this.incorporate(type="view"), model) -%}
    {%- if model.language == "python" -%}
        {%- do adapter.drop_relation(python_relation) -%}
    {%- endif -%}
    {{ adapter.commit() }}

    {%- do external_sweep_unlisted(mart, plan, files) -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {% call noop_statement("main", external_report(mart, plan, written), "COPY") -%}
        {{ query.sql }}
    {%- endcall %}
    {{ return({"relations": [this.incorporate(type="view")]}) }}
{% endmaterialization %}


{%- macro external_mart() -%}
    {#- Names and places of this mart. Nothing else decides where a file goes. -#}
    {%- set name = this.identifier -%}
    {%- if not modules.re.fullmatch("[A-Za-z0-9_][A-Za-z0-9_.-]*", name) or name.startswith("_") -%}
        {%- do exceptions.raise_compiler_error(
            "'" ~ name ~ "' cannot name a mart: its files are named after it, so it takes letters,"
            ~ " digits, '_', '-' and '.', and does not begin with '_'"
        ) -%}
    {%- endif -%}
    {%- for option in ["location", "format", "options", "delimiter"] if config.get(option) is not none -%}
        {%- do exceptions.raise_compiler_error(
            "an external model has no '" ~ option ~ "' here: marts are Parquet, and their place follows"
            ~ " from the lake, the target and the model's name"
        ) -%}
    {%- endfor -%}
    {%- set root = external_path(model) -%}
    {%- set build_id = run_started_at.strftime("%Y%m%dT%H%M%SZ") ~ "-" ~ invocation_id[:8] -%}
    {%- do return({
        "name": name,
        "root": root,
        "build_id": build_id,
        "is_object_store": "://" in root,
        "folder": root ~ "/" ~ name,
        "single_file": root ~ "/" ~ name ~ ".parquet",
        "building": root ~ "/_building/" ~ name,
        "state_file": root ~ "/_state/" ~ name ~ ".json",
        "lookups_folder": root ~ "/_state/" ~ name,
        "partition_by": config.get("partition_by"),
    }) -%}
{%- endmacro -%}


{%- macro external_query(python_relation) -%}
    {#- The query to write, in the order of the contract, with the columns it gives. -#}
    {%- if model.language == "python" -%}
        {%- set sql = "select * from " ~ python_relation -%}
    {%- else -%}
        {%- if config.get("sql_header") -%}
            {%- do run_query(config.get("sql_header")) -%}
        {%- endif -%}
        {%- set sql = compiled_code -%}
    {%- endif -%}
    {%- if config.get("contract").enforced -%}
        {%- do get_assert_columns_equivalent(sql) -%}
        {%- set sql = get_select_subquery(sql) -%}
    {%- endif -%}
    {%- do return({"sql": sql, "columns": external_columns("(\n" ~ sql ~ "\n)")}) -%}
{%- endmacro -%}


{%- macro external_columns(from) -%}
    {#- Names and types of what stands in `from`, in order. -#}
    {%- set columns = [] -%}
    {%- for row in run_query("describe select * from " ~ from).rows -%}
        {%- do columns.append({"name": row[0], "type": row[1]}) -%}
    {%- endfor -%}
    {%- do return(columns) -%}
{%- endmacro -%}


{%- macro external_publish(mart, plan, written) -%}
    {#- Moves the files into place and records the build. The record is the point of no return: from
        then on the mart consists of the files that it names. -#}
    {%- set moves = [] -%}
    {%- set files = plan.kept | list -%}
    {%- for file in written -%}
        {%- if file.written_to != file.path -%}
            {%- do moves.append([file.written_to, file.path]) -%}
        {%- endif -%}
        {%- do files.append({
            "path": file.path[mart.root | length + 1:],
            "rows": file.rows,
            "bytes": file.bytes,
            "partition": file.partition,
            "build_id": mart.build_id,
        }) -%}
    {%- endfor -%}
    {%- set files = files | sort(attribute="path") -%}
    {%- if not plan.is_unchanged -%}
        {%- do lake_files("move_files", [moves]) -%}
        {%- set state = {
            "version": 1,
            "model": mart.name,
            "build_id": mart.build_id,
            "files": files,
            "retired": plan.retired,
            "built_from": plan.built_from,
        } -%}
        {%- do lake_files("write_text", [mart.state_file, tojson(state, sort_keys=True) ~ "\n"]) -%}
    {%- endif -%}
    {%- do return(files) -%}
{%- endmacro -%}


{%- macro external_swap_view(existing_relation, mart, columns, files) -%}
    {#- The view names each file: a file that a build is writing, or one left over, is never read. -#}
    {%- if existing_relation is not none and not existing_relation.is_view -%}
        {%- do adapter.drop_relation(existing_relation) -%}
    {%- endif -%}
    {%- call statement("swap_view") -%}
        create or replace view {{ this }} as
        select
            {%- for column in columns %}
            {{ sql_identifier(column.name) }}{{ "," if not loop.last }}
            {%- endfor %}
        from {{ external_rows_of_files(mart, files) }}
    {%- endcall -%}
{%- endmacro -%}


{%- macro external_rows_of_files(mart, files) -%}
    {#- What to select from to read files of a mart; `mart` needs its root only, a file its path. -#}
    {%- set addresses = [] -%}
    {%- for file in files -%}
        {%- do addresses.append(mart.root ~ "/" ~ file.path) -%}
    {%- endfor -%}
    {%- do return("read_parquet([" ~ sql_texts(addresses) ~ "], hive_partitioning = false)") -%}
{%- endmacro -%}


{%- macro external_sweep(mart, folder) -%}
    {#- Deletes what a killed build left behind in its own folder. -#}
    {%- do lake_files(
        "delete_files", [mart.root, lake_files("list_files", [folder]) | map(attribute="path") | list]
    ) -%}
{%- endmacro -%}


{%- macro external_sweep_unlisted(mart, plan, files) -%}
    {#- Deletes the model's files that the build just recorded does not name. -#}
    {%- set listed = files | map(attribute="path") | list + plan.retired -%}
    {%- for file in ((plan.built_from or {}).get("lookups") or {}).values() -%}
        {%- do listed.append(file.path) -%}
    {%- endfor -%}
    {%- set unlisted = [] -%}
    {%- for folder in [mart.folder, mart.lookups_folder] -%}
        {%- for file in lake_files("list_files", [folder]) -%}
            {%- if file.path[mart.root | length + 1:] not in listed -%}
                {%- do unlisted.append(file.path) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if mart.name ~ ".parquet" not in listed and not mart.is_object_store -%}
        {%- do unlisted.append(mart.single_file) -%}
    {%- endif -%}
    {%- do lake_files("delete_files", [mart.root, unlisted]) -%}
{%- endmacro -%}


{%- macro external_report(mart, plan, written) -%}
    {#- What dbt prints beside the model: rows written, and which partitions or why all of them. -#}
    {%- set rows = (written | sum(attribute="rows")) ~ " rows" -%}
    {%- if plan.is_full -%}
        {%- do return(rows ~ (", built whole: " ~ plan.why_full if plan.why_full else "")) -%}
    {%- elif not plan.touched -%}
        {%- do return("nothing new, " ~ plan.kept | length ~ " files kept") -%}
    {%- endif -%}
    {%- do return(
        rows ~ " in " ~ plan.touched | length ~ " touched partitions, " ~ plan.kept | length ~ " files kept"
    ) -%}
{%- endmacro -%}
