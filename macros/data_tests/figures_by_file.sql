{#- What a data test wants to know of a mart with partitions, counted once for each of its files.

    A file of a mart never changes: a build that has other rows writes another file. So what was counted
    in one still holds, and a law over all rows reads those files only that it has not counted yet. The
    figures lie in `till.file_figures`, under the file's address, size and time of change: a file that
    somebody changed by hand is counted anew, in whatever month it lies. `--full-refresh` forgets all
    of them (docs/decisions/0018-laws-by-file.md).

    A relation that is no such mart, and any other command than build, run and test, gives the plain
    question over all rows. -#}
{%- macro figures_by_file(relation, figures) -%}
    {%- set files = files_to_count(relation) -%}
    {%- if not files -%}
        (
            select
                {%- for name, expression in figures.items() %}
                {{ expression }} as {{ name }}{{ "," if not loop.last }}
                {%- endfor %}
            from {{ relation }}
        )
    {%- else -%}
        {%- do count_in_files(files, figures) -%}
        (
            select
                {%- for name, expression in figures.items() %}
                max(figure_value) filter (where figure = {{ sql_text(figure_id(expression)) }})
                    as {{ name }}{{ "," if not loop.last }}
                {%- endfor %}
            from till.file_figures
            where
                (file_path, file_version) in (
                    {{ listed_files(files) }}
                )
            group by file_path
        )
    {%- endif -%}
{%- endmacro -%}


{%- macro rows_of_failing_files(relation, condition, rows="__files__", rows_at_once=4000000) -%}
    {#- For a test that looks for rows: the relation itself, or of a mart with partitions those files only
        in which `condition` holds for a row. `rows` is what is counted instead of the files' rows,
        `rows_at_once` how many rows of files may be; more where nothing grows with them. -#}
    {%- set files = files_to_count(relation) -%}
    {%- if not files -%}
        {%- do return(relation) -%}
    {%- endif -%}
    {%- set expression = "count(*) filter (where " ~ condition ~ ")" -%}
    {%- do count_in_files(files, {"failures": expression}, rows, rows_at_once) -%}
    {%- set failing = fromjson(sql_value(
        "select coalesce(to_json(list(distinct file_path order by file_path)), '[]') from till.file_figures"
        ~ " where figure = " ~ sql_text(figure_id(expression, rows)) ~ " and figure_value > 0"
        ~ " and (file_path, file_version) in (" ~ listed_files(files) ~ ")"
    )) -%}
    {%- if not failing -%}
        {%- do return("(select * from " ~ relation ~ " where false)") -%}
    {%- endif -%}
    {%- do return("read_parquet([" ~ sql_texts(failing) ~ "], hive_partitioning = false)") -%}
{%- endmacro -%}


{%- macro files_to_count(relation) -%}
    {#- The files of a mart with partitions, as its record names them, with their rows and what tells one
        version of a file from another; none where the relation has to be asked as a whole. -#}
    {%- if not execute or flags.WHICH not in ["build", "run", "test"] -%}
        {%- do return(none) -%}
    {%- endif -%}
    {%- set node = graph.nodes.values() | selectattr("resource_type", "equalto", "model")
        | selectattr("relation_name", "equalto", relation | string) | first -%}
    {%- if not node or node.config.materialized != "external" or not node.config.get("partition_by") -%}
        {%- do return(none) -%}
    {%- endif -%}
    {%- set root = external_path(node) -%}
    {%- set state = external_state(root ~ "/_state/" ~ node.alias ~ ".json") -%}
    {%- set versions = {} -%}
    {%- for file in lake_files("list_files", [root ~ "/" ~ node.alias]) -%}
        {%- do versions.update({file.path: file.bytes ~ " " ~ file.changed}) -%}
    {%- endfor -%}
    {%- set files = [] -%}
    {%- for file in (state or {"files": []}).files if file.rows > 0 -%}
        {%- set path = root ~ "/" ~ file.path -%}
        {%- if path not in versions -%}
            {%- do return(none) -%}
        {%- endif -%}
        {%- do files.append({"path": path, "version": versions[path], "rows": file.rows}) -%}
    {%- endfor -%}
    {%- do return(files) -%}
{%- endmacro -%}


{%- macro count_in_files(files, figures, rows="__files__", rows_at_once=4000000) -%}
    {#- Counts what is not known yet, some millions of rows at once: memory does not grow with the years. -#}
    {%- set ids = [] -%}
    {%- for expression in figures.values() -%}
        {%- do ids.append(figure_id(expression, rows)) -%}
    {%- endfor -%}
    {%- set known = run_query(
        "select file_path, file_version from till.file_figures where figure in (" ~ sql_texts(ids) ~ ")"
        ~ " group by file_path, file_version having count(distinct figure) = " ~ ids | unique | list | length
    ).rows -%}
    {%- set known_files = [] -%}
    {%- for row in known -%}
        {%- do known_files.append(row[0] ~ " " ~ row[1]) -%}
    {%- endfor -%}
    {%- set batches = [] -%}
    {%- set batch = namespace(files=[], rows=0) -%}
    {%- for file in files if file.path ~ " " ~ file.version not in known_files -%}
        {%- if batch.files and batch.rows + file.rows > rows_at_once -%}
            {%- do batches.append(batch.files) -%}
            {%- set batch.files = [] -%}
            {%- set batch.rows = 0 -%}
        {%- endif -%}
        {%- set batch.files = batch.files + [file] -%}
        {%- set batch.rows = batch.rows + file.rows -%}
    {%- endfor -%}
    {%- if batch.files -%}
        {%- do batches.append(batch.files) -%}
    {%- endif -%}
    {%- for each in batches -%}
        {%- do run_query(count_in_files_sql(each, figures, rows)) -%}
    {%- endfor -%}
{%- endmacro -%}


{%- macro count_in_files_sql(files, figures, rows) -%}
    {%- set from = "read_parquet([" ~ sql_texts(files | map(attribute="path") | list)
        ~ "], hive_partitioning = false, filename = '__file')" -%}
    insert into till.file_figures
    with counted as (
        select
            __file,
            {%- for expression in figures.values() %}
            coalesce(cast({{ expression }} as decimal(38, 4)), 0) as figure_{{ loop.index }}
            {{- "," if not loop.last }}
            {%- endfor %}
        from {{ rows.replace("__files__", from) }}
        group by __file
    )
    {%- for expression in figures.values() %}
    select
        files.file_path,
        files.file_version,
        {{ sql_text(figure_id(expression, rows)) }} as figure,
        coalesce(counted.figure_{{ loop.index }}, 0) as figure_value
    from (
        {{ listed_files(files) }}
    ) as files (file_path, file_version)
    left join counted
        on files.file_path = counted.__file
    {{ "union all" if not loop.last }}
    {%- endfor %}
{%- endmacro -%}


{%- macro figure_id(expression, rows="__files__") -%}
    {%- do return(local_md5(rows ~ " " ~ expression)) -%}
{%- endmacro -%}


{%- macro listed_files(files) -%}
    values
    {%- for file in files %}
    ({{ sql_text(file.path) }}, {{ sql_text(file.version) }}){{ "," if not loop.last }}
    {%- endfor %}
{%- endmacro -%}


{%- macro partition_column(relation) -%}
    {#- What parts the files of a mart; none where the relation is no mart with partitions. -#}
    {%- set node = (graph.nodes.values() if execute else []) | selectattr("resource_type", "equalto", "model")
        | selectattr("relation_name", "equalto", relation | string) | first -%}
    {%- do return(node.config.get("partition_by") if node else none) -%}
{%- endmacro -%}


{%- macro make_file_figures() -%}
    {#- At the start of a run. Figures of files that are gone go with them. -#}
    {%- set is_all_asked_again = flags.FULL_REFRESH or var("check_all_rows", false) -%}
    {%- set files = [] -%}
    {%- for folder in ["marts", "intermediate"] -%}
        {%- do files.append("select file from glob(" ~ sql_text(lake_path() ~ "/" ~ folder ~ "*/*/*/*.parquet") ~ ")") -%}
    {%- endfor -%}
    {%- for table in ["file_figures", "accounted_loads"] if is_all_asked_again -%}
        {%- do run_query("drop table if exists till." ~ table) -%}
    {%- endfor -%}
    {%- do run_query(
        "create table if not exists till.file_figures"
        ~ " (file_path varchar, file_version varchar, figure varchar, figure_value decimal(38, 4));"
        ~ "create table if not exists till.accounted_loads"
        ~ " (staging_view varchar, raw_table varchar, definition varchar, distinct_columns varchar,"
        ~ " loads varchar, rows_dropped bigint);"
        ~ "delete from till.file_figures where file_path not in (" ~ files | join(" union all ") ~ ")"
    ) -%}
{%- endmacro -%}
