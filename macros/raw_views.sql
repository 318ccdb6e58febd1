{#- Makes what `source()` points to, at the start of every dbt run, from the load manifest: exactly the
    files of committed loads, without the rows of inputs that a later load replaced. -#}
{%- macro make_raw_views() -%}
    {%- if execute -%}
        {%- do refuse_unreadable_load_records() -%}
        {%- do run_query(load_records_sql()) -%}
        {%- do refuse_broken_load_records() -%}
        {%- do refuse_broken_compactions() -%}
        {%- do refuse_unread_tables() -%}
        {%- do run_query(rejected_rows_view_sql()) -%}
        {%- set file_groups = raw_file_groups() -%}
        {%- set statements = [] -%}
        {%- for node in graph.sources.values() if node.source_name != "till" -%}
            {%- set table_key = node.source_name ~ "." ~ node.name -%}
            {%- do statements.append(raw_view_sql(node, file_groups.get(table_key, []))) -%}
        {%- endfor -%}
        {%- if statements -%}
            {%- do run_query(statements | join("\n")) -%}
        {%- endif -%}
        {%- do refresh_all_repeated_keys() -%}
        {%- do make_file_figures() -%}
        {%- do make_key_ranges() -%}
    {%- endif -%}
{%- endmacro -%}


{%- macro load_records_glob() -%}
    {%- do return(lake_path() ~ "/raw/_manifest/*.json") -%}
{%- endmacro -%}


{%- macro compactions_glob() -%}
    {%- do return(lake_path() ~ "/raw/_manifest/compacted/*.json") -%}
{%- endmacro -%}


{%- macro refuse_unreadable_load_records() -%}
    {#- Also an empty file: passed over, its load would silently be gone. -#}
    {%- set glob = sql_text(load_records_glob()) -%}
    {%- set broken = sql_value(
        "select min(filename) from read_text(" ~ glob ~ ") where case when json_valid(content)"
        ~ " then json_type(content) != 'ARRAY' or json_array_length(content) = 0 else true end"
    ) if sql_value("select count(*) from glob(" ~ glob ~ ")") | int > 0 -%}
    {%- set glob = sql_text(compactions_glob()) -%}
    {%- set broken_compaction = sql_value(
        "select min(filename) from read_text(" ~ glob ~ ") where case when json_valid(content)"
        ~ " then json_extract(content, '$.version') is distinct from '1'"
        ~ " or json_type(content, '$.files') is distinct from 'ARRAY' else true end"
    ) if sql_value("select count(*) from glob(" ~ glob ~ ")") | int > 0 -%}
    {%- if broken_compaction -%}
        {%- do exceptions.raise_compiler_error(
            "The record of compacted files " ~ broken_compaction ~ " cannot be read: restore it from a"
            ~ " backup, or upgrade Tillhouse if a newer one wrote it"
        ) -%}
    {%- endif -%}
    {%- if broken -%}
        {%- do exceptions.raise_compiler_error(
            "The load record " ~ broken ~ " cannot be read: restore it from a backup, or delete it;"
            ~ " without it, its load does not count"
        ) -%}
    {%- endif -%}
{%- endmacro -%}


{%- macro load_records_sql() -%}
    {#- One pass over the records; what the views need lies in small tables of schema `till`. -#}
    {%- set records_glob = load_records_glob() -%}
    {%- set file_type = "struct(path varchar, rows bigint, bytes bigint)[]" -%}
    {%- set columns = {
        "version": "integer",
        "load_id": "varchar",
        "source_name": "varchar",
        "table_name": "varchar",
        "kind": "varchar",
        "started_at": "varchar",
        "finished_at": "varchar",
        "window_start": "varchar",
        "window_end": "varchar",
        "cursor_before": "varchar",
        "cursor_after": "varchar",
        "rows_read": "bigint",
        "rows_loaded": "bigint",
        "rows_rejected": "bigint",
        "bytes_read": "bigint",
        "files": file_type,
        "rejected_files": file_type,
        "inputs": "struct(path varchar)[]",
        "supersedes": "struct(load_id varchar, path varchar)[]",
        "schema": 'struct(name varchar, "type" varchar)[]',
        "added": "struct(name varchar)[]",
        "replayed_files": file_type,
    } -%}
    {%- set found = sql_value("select count(*) from glob(" ~ sql_text(records_glob) ~ ")") | int -%}
    create schema if not exists till;

    -- First, so that each load that it names has its record below.
    {{ compacted_files_sql() }}

    create or replace temporary table load_records as
    {%- if found > 0 %}
    select *
    from read_json(
        {{ sql_text(records_glob) }},
        format = 'array',
        maximum_object_size = 268435456,
        columns = {
            {%- for name, type in columns.items() %}
            {{ sql_text(name) }}: {{ sql_text(type) }}{{ "," if not loop.last }}
            {%- endfor %}
        }
    );
    {%- else %}
    select
        {%- for name, type in columns.items() %}
        cast(null as {{ type }}) as {{ sql_identifier(name) }}{{ "," if not loop.last }}
        {%- endfor %}
    where false;
    {%- endif %}

    create or replace table till.load_manifest as
    select
        load_id,
        source_name,
        table_name,
        kind,
        cast(try_cast(started_at as timestamptz) at time zone 'UTC' as timestamp) as started_at,
        cast(try_cast(finished_at as timestamptz) at time zone 'UTC' as timestamp) as finished_at,
        window_start,
        window_end,
        cursor_before,
        cursor_after,
        rows_read,
        rows_loaded,
        rows_rejected,
        bytes_read,
        cast(coalesce(len(files), 0) as bigint) as files,
        cast(coalesce(len(inputs), 0) as bigint) as inputs
    from load_records
    order by load_id, source_name, table_name;

    -- What an incremental mart compares to see which loads are new to it, and that the others are
    -- those that it was built from.
    create or replace table till.load_hashes as
    select
        source_name,
        table_name,
        try_cast(load_id as decimal(38, 6)) as load_number,
        md5(cast(to_json(load_records) as varchar)) as record_hash
    from load_records
    order by all;

    -- Inputs (a load and the path of a file in it) that a later load replaced.
    create or replace table till.superseded_inputs as
    select
        source_name,
        table_name,
        superseded.load_id as load_id,
        superseded.path as path,
        min(replaced_by) as replaced_by
    from
        (
            select
                source_name,
                table_name,
                try_cast(load_id as decimal(38, 6)) as replaced_by,
                unnest(supersedes) as superseded
            from load_records
        )
    group by source_name, table_name, superseded.load_id, superseded.path
    order by all;

    -- Columns that were loaded as text though nobody had declared them.
    create or replace table till.added_columns as
    select distinct
        source_name,
        table_name,
        unnest(added).name as column_name
    from load_records
    order by all;

    create or replace table till.replayed_files as
    select
        source_name,
        table_name,
        unnest(replayed_files).path as path
    from load_records
    order by all;

    create or replace table till.load_files as
    with inputs_counted as (
        select
            records.load_id,
            records.source_name,
            records.table_name,
            count(*) as inputs,
            count(superseded.path) as superseded_inputs
        from
            (
                select load_id, source_name, table_name, unnest(inputs) as input
                from load_records
            ) as records
        left join till.superseded_inputs as superseded
            on
                records.load_id = superseded.load_id
                and records.source_name = superseded.source_name
                and records.table_name = superseded.table_name
                and records.input.path = superseded.path
        group by records.load_id, records.source_name, records.table_name
    ),

    files_listed as (
        select load_id, source_name, table_name, schema, false as is_rejected, unnest(files) as file
        from load_records
        union all
        select
            load_id, source_name, table_name, schema, true as is_rejected, unnest(rejected_files) as file
        from load_records
    )

    select
        files.load_id,
        files.source_name,
        files.table_name,
        files.is_rejected,
        coalesce(compacted.path, files.file.path) as path,
        files.file.rows as rows,
        list_sort(
            list_transform(files.schema, lambda field: lower(field.name) || ' ' || upper(field.type))
        ) as column_types,
        compacted.path is not null as is_compacted,
        -- Of all the loads whose rows stand in the file.
        bool_or(coalesce(inputs.superseded_inputs > 0, false)) over one_file as is_partly_superseded,
        bool_and(coalesce(inputs.superseded_inputs = inputs.inputs, false)) over one_file
            as is_superseded
    from files_listed as files
    left join compacted_files as compacted
        on
            files.source_name = compacted.source_name
            and files.table_name = compacted.table_name
            and files.file.path = compacted.replaced_path
    left join inputs_counted as inputs
        on
            files.load_id = inputs.load_id
            and files.source_name = inputs.source_name
            and files.table_name = inputs.table_name
    window one_file as (
        partition by
            files.source_name,
            files.table_name,
            coalesce(compacted.path, files.file.path)
    )
    order by files.source_name, files.table_name, files.load_id, files.is_rejected, path;
{%- endmacro -%}


{%- macro compacted_files_sql() -%}
    {#- Which files of load records are to be read elsewhere (docs/decisions/0007-compaction.md). -#}
    {%- set compactions_glob = sql_text(compactions_glob()) -%}
    {%- set found = sql_value("select count(*) from glob(" ~ compactions_glob ~ ")") | int -%}
    create or replace temporary table compacted_files as
    {%- if found > 0 %}
    select
        source_name,
        table_name,
        compacted_file.file.path as path,
        unnest(compacted_file.replaces) as replaced_path
    from
        (
            select source_name, table_name, unnest(files) as compacted_file
            from read_json(
                {{ compactions_glob }},
                format = 'unstructured',
                maximum_object_size = 268435456,
                columns = {
                    'source_name': 'varchar',
                    'table_name': 'varchar',
                    'files': 'struct(file struct(path varchar), replaces varchar[])[]'
                }
            )
        );
    {%- else %}
    select
        cast(null as varchar) as source_name,
        cast(null as varchar) as table_name,
        cast(null as varchar) as path,
        cast(null as varchar) as replaced_path
    where false;
    {%- endif %}
{%- endmacro -%}


{%- macro refuse_broken_compactions() -%}
    {#- Rows of a load without a record must not count, and nothing outside the table's folder. -#}
    {%- set problem = sql_value(
        "select compacted.path from compacted_files as compacted left join ("
        ~ "select source_name, table_name, unnest(files).path as path from load_records) as loaded"
        ~ " on compacted.source_name = loaded.source_name and compacted.table_name = loaded.table_name"
        ~ " and compacted.replaced_path = loaded.path"
        ~ " where loaded.path is null or not starts_with(compacted.path, 'raw/' || compacted.source_name"
        ~ " || '/' || compacted.table_name || '/compacted=')"
        ~ " or list_contains(string_split(compacted.path, '/'), '..') limit 1"
    ) -%}
    {%- if problem is not none -%}
        {%- do exceptions.raise_compiler_error(
            "The compacted file " ~ problem ~ " has rows of a load without a record, or lies where it must"
            ~ " not: restore " ~ lake_path() ~ "/raw/_manifest from a backup"
        ) -%}
    {%- endif -%}
{%- endmacro -%}


{%- macro refuse_broken_load_records() -%}
    {#- A record that this version cannot read rightly stops the run; leaving its rows out would be worse. -#}
    {%- set unreadable = "try_cast(load_id as decimal(38, 6)) is null"
        ~ " or try_cast(started_at as timestamptz) is null or try_cast(finished_at as timestamptz) is null" -%}
    {%- set problem = sql_value(
        "select case"
        ~ " when version is null or version != 1 then 'is of version ' || coalesce(version, 0)"
        ~ " || '; this Tillhouse reads version 1: upgrade it'"
        ~ " when load_id is null or source_name is null or table_name is null"
        ~ " then 'lacks its load_id, source_name or table_name'"
        ~ " when " ~ unreadable ~ " then 'has a load_id that is no number, or a time that is none'"
        ~ " else 'names a file outside its own load_id folder' end"
        ~ " || ' (load ' || coalesce(load_id, '?') || ' of ' || coalesce(source_name, '?')"
        ~ " || '.' || coalesce(table_name, '?') || ')'"
        ~ " from load_records"
        ~ " where version is distinct from 1 or load_id is null or source_name is null"
        ~ " or table_name is null or " ~ unreadable ~ " or len(list_filter("
        ~ "coalesce(files, []) || coalesce(rejected_files, []) || coalesce(replayed_files, []), lambda file: file.path is null"
        ~ " or not contains(file.path, '/load_id=' || load_id || '/')"
        ~ " or list_contains(string_split(file.path, '/'), '..'))) > 0"
        ~ " limit 1"
    ) -%}
    {%- if problem is not none -%}
        {%- do exceptions.raise_compiler_error("A record in " ~ lake_path() ~ "/raw/_manifest " ~ problem) -%}
    {%- endif -%}
{%- endmacro -%}


{%- macro refuse_unread_tables() -%}
    {#- Rows of an active source that no source() reads would be missing from every figure, unnoticed. -#}
    {%- set known = var("tables_not_read", []) | list -%}
    {%- for node in graph.sources.values() -%}
        {%- do known.append(node.source_name ~ "." ~ node.name) -%}
    {%- endfor -%}
    {%- set unread = sql_value(
        "select string_agg(distinct source_name || '.' || table_name, ', ') from till.load_manifest"
        ~ " where rows_loaded > 0"
        ~ " and list_contains([" ~ sql_texts(var("active_sources")) ~ "], source_name)"
        ~ " and not list_contains([" ~ sql_texts(known) ~ "], source_name || '.' || table_name)"
    ) -%}
    {%- if unread is not none -%}
        {%- do exceptions.raise_compiler_error(
            "The lake holds rows of " ~ unread ~ ", but dbt has no source of that name, so no figure would"
            ~ " count them. Run `till generate`; if the table is gone from the sources file on purpose,"
            ~ " name it under tables_not_read in dbt_project.yml"
        ) -%}
    {%- endif -%}
{%- endmacro -%}


{%- macro raw_file_groups() -%}
    {#- Per table, the files to read, grouped by the columns that they hold and their types: no file has to be
        opened to learn what is in it, and a column that came later is a typed null in earlier files. -#}
    {%- set groups = fromjson(sql_value(
        "select coalesce(to_json(list(file_group order by file_group.key, file_group.columns)), '[]') from ("
        ~ "select {'key': source_name || '.' || table_name, 'columns': column_types,"
        ~ " 'is_partly_superseded': is_partly_superseded, 'is_compacted': is_compacted,"
        ~ " 'paths': list(distinct path order by path)} as file_group"
        ~ " from till.load_files"
        ~ " where not is_rejected and not is_superseded and rows > 0"
        ~ " group by source_name, table_name, column_types, is_partly_superseded, is_compacted)"
    )) -%}
    {%- set by_table = {} -%}
    {%- for file_group in groups -%}
        {%- do by_table.setdefault(file_group.key, []).append(file_group) -%}
    {%- endfor -%}
    {%- do return(by_table) -%}
{%- endmacro -%}


{%- macro raw_view_sql(node, file_groups) -%}
    {%- set branches = [] -%}
    {%- for file_group in file_groups -%}
        {%- do branches.append(raw_counted_branch_sql(node, file_group)) -%}
    {%- endfor -%}
    {{- raw_view_of_branches_sql(node, branches) -}}
{%- endmacro -%}


{%- macro raw_counted_branch_sql(node, file_group, condition=none) -%}
    {#- The rows of a group without those of inputs that a later load replaced. -#}
    {%- set conditions = [condition] | select | list -%}
    {%- if file_group.is_partly_superseded -%}
        {%- do conditions.append("not " ~ raw_superseded(node, file_group)) -%}
    {%- endif -%}
    {%- do return(raw_branch_sql(node, file_group, conditions | join(" and "))) -%}
{%- endmacro -%}


{%- macro raw_view_of_branches_sql(node, branches) -%}
    {#- The view itself; without a branch it is typed and empty. -#}
    {%- set branches = branches or [raw_branch_sql(node, none)] %}
    create schema if not exists {{ sql_identifier(node.schema) }};
    create or replace view {{ sql_identifier(node.schema) }}.{{ sql_identifier(node.identifier) }} as
    {{ branches | join("\nunion all\n") }};
{%- endmacro -%}


{%- macro raw_branch_sql(node, file_group, condition=none, with_place=false) -%}
    {#- One select over the files of a group, or a typed one without rows where there are no files. With the
        path of the file as `__path` and the number of the row in it as `__place`, if that is asked for. -#}
    {%- set load_id = raw_load_id(file_group) -%}
    {%- set added = ["_file", "_load_id", "_loaded_at"] -%}
    {%- set stored = raw_stored_types(file_group) -%}
    select
        {%- for column in node.columns.values() if column.name not in added %}
        {{ raw_value(node, column.name, column.data_type or "varchar", stored) }} as {{ sql_identifier(column.name) }},
        {%- endfor %}
        {%- for name in raw_undeclared_columns(node) %}
        {{ raw_value(node, name, "varchar", stored) }} as {{ sql_identifier(name) }},
        {%- endfor %}
    {%- if file_group is none %}
        cast(null as varchar) as _file,
        cast(null as varchar) as _load_id,
        cast(null as timestamp) as _loaded_at
    where false
    {%- else %}
        {%- if with_place %}
        __path,
        {#- A column of that name hides the number of the row: then the place is not known. #}
        {{ "cast(null as bigint)" if "file_row_number" in stored else "file_row_number" }} as __place,
        {%- endif %}
        cast(_file as varchar) as _file,
        {{ load_id }} as _load_id,
        -- A load id is the UNIX time, in seconds, of the start of its load.
        make_timestamp(
            cast(cast({{ load_id }} as decimal(38, 6)) * 1000000 as bigint)
        ) as _loaded_at
    from read_parquet(
        [{{ lake_file_texts(file_group["paths"]) }}], filename = '__path', hive_partitioning = false
    )
    {%- if condition %}
    where {{ condition }}
    {%- endif %}
    {%- endif -%}
{%- endmacro -%}


{%- macro raw_load_id(file_group) -%}
    {#- The load of a row: its folder says so, or, where rows of several loads stand together, a column. -#}
    {%- if file_group is not none and file_group.is_compacted -%}
        {%- do return("_load_id") -%}
    {%- endif -%}
    {%- do return("regexp_extract(__path, '.*[/\\\\]load_id=([^/\\\\]+)[/\\\\]', 1)") -%}
{%- endmacro -%}


{%- macro raw_superseded(node, file_group, after=none) -%}
    {#- Whether the input that a row came from was replaced, by a load after `after` if that is given. -#}
    {%- do return(
        "exists (select 1 from till.superseded_inputs as superseded"
        ~ " where superseded.source_name = " ~ sql_text(node.source_name)
        ~ " and superseded.table_name = " ~ sql_text(node.name)
        ~ " and superseded.load_id = " ~ raw_load_id(file_group)
        ~ " and superseded.path = _file"
        ~ (" and superseded.replaced_by > " ~ after if after is not none else "") ~ ")"
    ) -%}
{%- endmacro -%}


{%- macro lake_file_texts(paths) -%}
    {%- set addresses = [] -%}
    {%- for path in paths -%}
        {%- do addresses.append(lake_path() ~ "/" ~ path) -%}
    {%- endfor -%}
    {%- do return(sql_texts(addresses)) -%}
{%- endmacro -%}
