{#- What new loads touch.

    A unit (an order) is touched when one of its raw rows came or went since the last build, or when
    what one of its rows looks up (a customer's country, a rate) is other than it was. Every partition
    that holds a row of a touched unit, before or now, is written anew: so a late line, a changed file,
    and an order that moved to another month are all seen in both places. Its rows are those of the
    former file that are of no touched unit, and those that the query gives for the touched ones while
    the raw views show nothing else. So a build costs what is new, not what is there.

    Partitions are named by their value as text, as Parquet's writer does; none is the null. -#}
{%- macro external_touched_by_units(mart, query, incremental, sources, state) -%}
    {#- The partitions to write, the SQL that gives their rows, and the table of those that are new. -#}
    {%- set unit = sql_identifier(incremental.unit) -%}
    {%- set touched_units = external_collect_units(mart, unit, sources, state) -%}
    {%- if sql_value("select count(*) from " ~ touched_units) | int == 0 -%}
        {%- do return({"partitions": [], "sql": none, "new_rows": none}) -%}
    {%- endif -%}
    {%- set new_rows = external_rows_of_units(mart, query, unit, sources, touched_units) -%}
    {%- do return(external_touched_rows(mart, query, unit, state, touched_units, new_rows)) -%}
{%- endmacro -%}


{%- macro external_touched_rows(mart, query, unit, state, touched_units, new_rows) -%}
    {#- The partitions of these units, and their rows: the former ones of other units, and the new ones. -#}
    {%- set touched = external_partitions_of(mart, query, unit, state.files, touched_units, new_rows) -%}
    {%- set columns = sql_identifiers(query.columns | map(attribute="name")) -%}
    {%- set sql = "select " ~ columns ~ " from " ~ new_rows -%}
    {%- set former = state.files | selectattr("partition", "in", touched) | list -%}
    {%- if former -%}
        {%- set sql -%}
            select {{ columns }}
            from {{ external_rows_of_files(mart, former) }} as every_row
            anti join {{ touched_units }} as touched
                on every_row.{{ unit }} is not distinct from touched.unit
            union all
            {{ sql }}
        {%- endset -%}
    {%- endif -%}
    {%- do return({"partitions": touched, "sql": sql, "new_rows": new_rows}) -%}
{%- endmacro -%}


{%- macro external_collect_units(mart, unit, sources, state) -%}
    {#- A temporary table of the touched units; gives back its name. -#}
    {%- set branches = [] -%}
    {%- for table in sources.raw_tables -%}
        {%- set last_load_id = state.built_from.loads[table.name].last_load_id -%}
        {%- for rows in raw_rows_since(table.node, last_load_id) -%}
            {%- do branches.append("select " ~ table.unit ~ " as unit from (\n" ~ rows ~ "\n)") -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for lookup in sources.lookups -%}
        {%- do branches.append(external_units_looking_up(
            mart, lookup, unit, external_rows_of_files(mart, state.files), state
        )) -%}
    {%- endfor -%}
    {%- set touched_units = sql_identifier(mart.name ~ "__touched_units") -%}
    {%- do run_query(
        "create or replace temporary table " ~ touched_units ~ " as select distinct unit from (\n"
        ~ (branches | join("\nunion all\n") or "select null as unit where false") ~ "\n)"
    ) -%}
    {%- do return(touched_units) -%}
{%- endmacro -%}


{%- macro external_rows_of_units(mart, query, unit, sources, touched_units) -%}
    {#- A temporary table of the rows that the query gives for these units; gives back its name.

        The raw views show nothing but the units' rows while it runs. That happens in the transaction
        of this model, which puts them back before it ends: nobody else sees it, and a build that is
        killed leaves nothing of it. -#}
    {%- set new_rows = sql_identifier(mart.name ~ "__new_rows") -%}
    {%- set tables = sources.raw_tables | selectattr("unit") | list -%}
    {%- set file_groups = raw_file_groups() -%}
    {%- set narrowed = [] -%}
    {%- for table in tables -%}
        {%- do narrowed.append(raw_narrowed_view_sql(
            table.node, file_groups.get(table.name, []), table.unit, touched_units
        )) -%}
    {%- endfor -%}
    {%- call statement("rows_of_touched_units") -%}
        {{ narrowed | join("\n") }}
        create or replace temporary table {{ new_rows }} as
        {{ query.sql }};
        {%- for table in tables %}
        {{ raw_view_sql(table.node, file_groups.get(table.name, [])) }}
        {%- endfor %}
    {%- endcall -%}
    {%- set stray = sql_value(
        "select min(coalesce(every_row." ~ unit ~ ", '')) from " ~ new_rows ~ " as every_row anti join " ~ touched_units
        ~ " as touched on every_row." ~ unit ~ " is not distinct from touched.unit"
    ) -%}
    {%- if stray is not none -%}
        {%- do exceptions.raise_compiler_error(
            "incremental of " ~ mart.name ~ ": the model gives " ~ unit ~ " '" ~ stray ~ "' for raw rows of"
            ~ " another one; write in `rows` (order_key_of_raw_rows in dbt_project.yml) how the model makes"
            ~ " it of a raw row, to the letter"
        ) -%}
    {%- endif -%}
    {%- do return(new_rows) -%}
{%- endmacro -%}


{%- macro external_sparse_sql(mart, query, incremental, sources) -%}
    {#- The query of a whole build. Of a mart with few of the rows that it reads (is_sparse) first the units
        alone, so that no other column is computed for the many that are left out. -#}
    {%- if not incremental.is_sparse -%}
        {%- do return(query.sql) -%}
    {%- endif -%}
    {%- set unit = sql_identifier(incremental.unit) -%}
    {%- set units = sql_identifier(mart.name ~ "__units") -%}
    {%- do run_query(
        "create or replace temporary table " ~ units ~ " as select distinct " ~ unit
        ~ " as unit from (\n" ~ query.sql ~ "\n)"
    ) -%}
    {%- do return("select * from " ~ external_rows_of_units(mart, query, unit, sources, units)) -%}
{%- endmacro -%}


{%- macro external_partitions_of(mart, query, unit, former_files, touched_units, new_rows) -%}
    {#- Where rows of these units are: in the former files, and now. -#}
    {%- if mart.partition_by is none -%}
        {%- do return([none]) -%}
    {%- endif -%}
    {%- set partition = "cast(every_row." ~ sql_identifier(mart.partition_by) ~ " as varchar)" -%}
    {%- set partitions = "select " ~ partition ~ " as partition_value from " ~ new_rows ~ " as every_row" -%}
    {%- set keys = "(select unit as key from " ~ touched_units ~ ")" -%}
    {%- set files = external_files_with_keys(mart, query, former_files, config.get("incremental").unit, keys) -%}
    {%- if files -%}
        {%- set partitions = partitions ~ " union select " ~ partition ~ " from "
            ~ external_rows_of_files(mart, files) ~ " as every_row semi join " ~ touched_units ~ " as touched"
            ~ " on every_row." ~ unit ~ " is not distinct from touched.unit" -%}
    {%- endif -%}
    {%- do return(fromjson(sql_value(
        "select coalesce(to_json(list(distinct partition_value order by partition_value)), '[]') from ("
        ~ partitions ~ ")"
    ))) -%}
{%- endmacro -%}


{%- macro external_touched_by_followed(mart, query, incremental, state, now) -%}
    {#- The partitions whose files are not those that this mart was built from, with `onwards` also those
        that come after the first of them, and the SQL of their rows. -#}
    {%- set before, now = state.built_from.followed, now.followed -%}
    {%- set touched = [] -%}
    {#- As text, days and months stand in their order; null, as JSON, after them. -#}
    {%- for partition in (before.keys() | list + now.keys() | list) | unique(case_sensitive=true) | sort -%}
        {%- if before.get(partition) != now.get(partition) or (incremental.onwards and touched) -%}
            {%- do touched.append(fromjson(partition)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return({"partitions": touched, "sql": external_only_touched(mart, query, touched, state)}) -%}
{%- endmacro -%}


{%- macro external_changed_files(before, now) -%}
    {#- Of the partitions that have other files than before: those of before and those of now. -#}
    {%- set earlier, later = [], [] -%}
    {%- for partition in (before.keys() | list + now.keys() | list) | unique(case_sensitive=true)
            if before.get(partition) != now.get(partition) -%}
        {%- do earlier.extend(before.get(partition, [])) -%}
        {%- do later.extend(now.get(partition, [])) -%}
    {%- endfor -%}
    {%- do return({"earlier": earlier, "later": later}) -%}
{%- endmacro -%}


{%- macro external_touched_by_followed_units(mart, query, incremental, sources, state, now) -%}
    {#- The units whose rows in the mart that is followed are others than before are computed anew, from all
        of that mart's rows; the others keep their rows. -#}
    {%- set unit = sql_identifier(incremental.unit) -%}
    {%- set files = external_changed_files(state.built_from.followed, now.followed) -%}
    {%- set rows_of_files = [] -%}
    {%- for paths in [files.earlier, files.later] -%}
        {%- set listed = [] -%}
        {%- for path in paths -%}
            {%- do listed.append({"path": path}) -%}
        {%- endfor -%}
        {%- set from = external_rows_of_files({"root": external_path(sources.followed)}, listed)
            if listed else "(select * from " ~ sources.followed.relation_name ~ " where false)" -%}
        {%- do rows_of_files.append(
            "select " ~ unit ~ " as unit, hash(every_row) as row_hash from " ~ from ~ " as every_row where "
            ~ unit ~ " is not null"
        ) -%}
    {%- endfor -%}
    {%- set touched_units = sql_identifier(mart.name ~ "__touched_units") -%}
    {%- set new_rows = sql_identifier(mart.name ~ "__new_rows") -%}
    {%- do run_query(
        "create or replace temporary table " ~ touched_units ~ " as select distinct unit from ("
        ~ "\n(" ~ rows_of_files[0] ~ " except all " ~ rows_of_files[1] ~ ")"
        ~ "\nunion all (" ~ rows_of_files[1] ~ " except all " ~ rows_of_files[0] ~ "))"
    ) -%}
    {%- if sql_value("select count(*) from " ~ touched_units) | int == 0 -%}
        {%- do return({"partitions": [], "sql": none}) -%}
    {%- endif -%}
    {%- set narrowed = namespace(sql=query.sql) -%}
    {%- for column in modules.re.findall("/[*]touched_only (.*?)[*]/true", query.sql) | unique(case_sensitive=true) -%}
        {%- set narrowed.sql = narrowed.sql.replace(
            "/*touched_only " ~ column ~ "*/true", column ~ " in (select unit from " ~ touched_units ~ ")"
        ) -%}
    {%- endfor -%}
    {%- do run_query("create or replace temporary table " ~ new_rows ~ " as " ~ narrowed.sql) -%}
    {%- do external_refuse_stray_units(mart, unit, new_rows, touched_units) -%}
    {%- do return(external_touched_rows(mart, query, unit, state, touched_units, new_rows)) -%}
{%- endmacro -%}


{%- macro external_refuse_stray_units(mart, unit, new_rows, touched_units) -%}
    {%- set strays = sql_value(
        "select count(*) from " ~ new_rows ~ " as every_row anti join " ~ touched_units
        ~ " as touched on every_row." ~ unit ~ " = touched.unit"
    ) | int -%}
    {%- if strays > 0 -%}
        {%- do exceptions.raise_compiler_error(
            "incremental of " ~ mart.name ~ ": the model gives " ~ strays ~ " rows of units that did not change, or of"
            ~ " none; read the mart that it follows `where touched_only('<unit>')`, and leave rows without "
            ~ unit ~ " out"
        ) -%}
    {%- endif -%}
{%- endmacro -%}


{%- macro external_collect_lookups(mart, sources) -%}
    {#- Per lookup a small temporary table: the keys of each row, and a hash of the columns that the mart
        takes from it (of all, when none are named). -#}
    {%- for lookup in sources.lookups -%}
        {%- do lookup.update({"collected": sql_identifier(mart.name ~ "__" ~ lookup.name)}) -%}
        {%- do run_query(
            "create or replace temporary table " ~ lookup.collected ~ " as select "
            ~ sql_identifiers(lookup["keys"])
            ~ ", hash(" ~ (sql_identifiers(lookup.columns or []) or "every_column") ~ ") as row_hash from "
            ~ lookup.node.relation_name ~ " as every_column"
        ) -%}
    {%- endfor -%}
{%- endmacro -%}


{%- macro external_lookup_changes(mart, lookup, file) -%}
    {#- Rows that were remembered and are no more, and rows that are new. -#}
    {%- set former = "read_parquet(" ~ sql_text(mart.root ~ "/" ~ file.path) ~ ", hive_partitioning = false)" -%}
    {%- set collected = lookup.collected -%}
    {%- do return(
        "((from " ~ former ~ " except all from " ~ collected ~ ")"
        ~ " union all (from " ~ collected ~ " except all from " ~ former ~ "))"
    ) -%}
{%- endmacro -%}


{%- macro external_units_looking_up(mart, lookup, unit, former_rows, state) -%}
    {%- set matches = [] -%}
    {%- for key in lookup["keys"] -%}
        {%- set name = sql_identifier(key) -%}
        {%- do matches.append("every_row." ~ name ~ " is not distinct from changed." ~ name) -%}
    {%- endfor -%}
    {%- set file = state.built_from.lookups[lookup.name] -%}
    {%- do return(
        "select every_row." ~ unit ~ " as unit from " ~ former_rows ~ " as every_row semi join "
        ~ external_lookup_changes(mart, lookup, file) ~ " as changed on " ~ matches | join(" and ")
    ) -%}
{%- endmacro -%}


{%- macro external_remember_lookups(mart, sources, before) -%}
    {#- Writes what the next build compares with; gives back the file of each lookup. One that did not
        change keeps its file. -#}
    {%- set files = {} -%}
    {%- for lookup in sources.lookups -%}
        {%- set file = before.get(lookup.name) -%}
        {%- if file is none or sql_value(
            "select count(*) from " ~ external_lookup_changes(mart, lookup, file)
        ) | int > 0 -%}
            {%- do lake_files("make_folder", [mart.lookups_folder]) -%}
            {%- set address = mart.lookups_folder ~ "/" ~ lookup.name ~ "_" ~ mart.build_id ~ ".parquet" -%}
            {%- call statement("remember_lookup", fetch_result=True) -%}
                copy (from {{ lookup.collected }} order by all) to {{ sql_text(address) }}
                (format parquet, compression zstd, return_stats true)
            {%- endcall -%}
            {%- set file = {
                "path": address[mart.root | length + 1:],
                "bytes": load_result("remember_lookup").table.rows[0]["file_size_bytes"] | int,
            } -%}
        {%- endif -%}
        {%- do files.update({lookup.name: file}) -%}
    {%- endfor -%}
    {%- do return(files) -%}
{%- endmacro -%}


{%- macro external_only_touched(mart, query, touched, state) -%}
    {#- The mart's query in an incremental build: narrowed, with the former rows, and nothing of `once`. -#}
    {%- set former = "(select * from " ~ external_rows_of_files(mart, state.files) ~ ")" -%}
    {%- set incremental = namespace(sql=query.sql) -%}
    {%- for block in modules.re.findall("(?s)/[*]former_rows .*?/[*]end of former_rows[*]/", query.sql) -%}
        {%- set incremental.sql = incremental.sql.replace(block, former) -%}
    {%- endfor -%}
    {%- for block in modules.re.findall("(?s)/[*]once[*]/.*?/[*]end of once[*]/", query.sql) -%}
        {%- set in_an_increment = modules.re.findall(
            "(?s)/[*]in an increment[*]/(.*) where false\\s*/[*]end of once[*]/", block
        ) -%}
        {%- set incremental.sql = incremental.sql.replace(
            block, (in_an_increment or ["select * from (" ~ block ~ ") where false"])[0]
        ) -%}
    {%- endfor -%}
    {%- do return(external_narrowed_to(
        mart, {"sql": incremental.sql, "columns": query.columns}, touched
    )) -%}
{%- endmacro -%}


{%- macro external_narrowed_to(mart, query, partitions) -%}
    {#- The query for these partitions: outside by its result, inside wherever the model asks for it with
        touched_only. -#}
    {%- set marks = modules.re.findall("/[*]touched_only (.*?)[*]/true", query.sql) -%}
    {%- set narrowed = namespace(sql=query.sql) -%}
    {%- for column in marks | unique(case_sensitive=true) -%}
        {%- set narrowed.sql = narrowed.sql.replace(
            "/*touched_only " ~ column ~ "*/true", external_is_touched(mart, query, column, partitions)
        ) -%}
    {%- endfor -%}
    {%- do return(
        "select * from (\n" ~ narrowed.sql ~ "\n) where "
        ~ external_is_touched(mart, query, sql_identifier(mart.partition_by), partitions)
    ) -%}
{%- endmacro -%}


{%- macro external_is_touched(mart, query, column, touched) -%}
    {#- True or false, never null, so that it can be negated. -#}
    {%- set types = {} -%}
    {%- for each in query.columns -%}
        {%- do types.update({each.name: each.type}) -%}
    {%- endfor -%}
    {%- set values = [] -%}
    {%- for value in touched if value is not none -%}
        {%- do values.append("cast(" ~ sql_text(value) ~ " as " ~ types[mart.partition_by] ~ ")") -%}
    {%- endfor -%}
    {%- set is_listed = column ~ " in (" ~ values | join(", ") ~ ")" if values else "false" -%}
    {%- if none in touched -%}
        {%- do return("(" ~ column ~ " is null or " ~ is_listed ~ ")") -%}
    {%- endif -%}
    {%- do return("(" ~ column ~ " is not null and " ~ is_listed ~ ")") -%}
{%- endmacro -%}


{%- macro external_parts(mart, query, followed, partitions) -%}
    {#- A whole build of a mart that follows another goes partition by partition: what is grouped then
        fits into the processor's cache, and memory does not grow with the years. One query for each, which
        opens the files of its partition only; none where there is nothing to divide. -#}
    {%- set parts = [] -%}
    {%- if partitions | length > 1 -%}
        {%- set whole = namespace(sql=query.sql) -%}
        {%- for block in modules.re.findall("(?s)/[*]once[*]/.*?/[*]end of once[*]/", query.sql) -%}
            {%- set table = sql_identifier(mart.name ~ "__once_" ~ loop.index) -%}
            {%- do run_query("create or replace temporary table " ~ table ~ " as " ~ block) -%}
            {%- set whole.sql = whole.sql.replace(block, "select * from " ~ table) -%}
        {%- endfor -%}
        {#- `from <mart> where touched_only(...)`, and nothing but more conditions after it. -#}
        {%- set touched_readings = modules.re.findall(
            "from " ~ modules.re.escape(followed.relation_name)
            ~ "\\s+where /[*]touched_only [^*]*[*]/true(?=\\s*(?:[)]|and|group by|union all))", whole.sql
        ) | unique(case_sensitive=true) | list -%}
        {%- for partition, paths in partitions.items() -%}
            {%- set files = [] -%}
            {%- for path in paths -%}
                {%- do files.append({"path": path}) -%}
            {%- endfor -%}
            {%- set rows_of_partition = external_rows_of_files({"root": external_path(followed)}, files) -%}
            {%- set part = namespace(sql=whole.sql) -%}
            {%- for reading in touched_readings -%}
                {%- set part.sql = part.sql.replace(
                    reading, reading.replace(followed.relation_name, rows_of_partition)
                ) -%}
            {%- endfor -%}
            {%- do parts.append(external_narrowed_to(
                mart, {"sql": part.sql, "columns": query.columns}, [fromjson(partition)]
            )) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- do return(parts) -%}
{%- endmacro -%}


{%- macro once(sql, in_an_increment=none) -%}
    {#- For the SQL of a mart that follows another: a query whose rows are the same for each partition. It
        is not run in an incremental build, which has `former_rows` to ask, or another query to run. -#}
    /*once*/ {{ sql }}
    {%- if in_an_increment is not none %}
    union all
    /*in an increment*/ select * from ({{ in_an_increment }}) where false
    {%- endif %} /*end of once*/
{%- endmacro -%}


{%- macro former_rows(columns) -%}
    {#- For the SQL of an incremental mart: its rows before this build, as a relation. Empty where the whole
        mart is built. `columns` are those wanted, name -> type. -#}
    /*former_rows {{ columns | join(",") }}*/(
        select
            {%- for name, type in columns.items() %}
            cast(null as {{ type }}) as {{ name }}{{ "," if not loop.last }}
            {%- endfor %}
        where false
    )/*end of former_rows*/
{%- endmacro -%}


{%- macro touched_only(column) -%}
    {#- For the SQL of an incremental mart: true in a build of the whole mart; in an incremental one, true
        for the partitions that it writes. `column` holds the partition's value; in a mart that follows the
        units of another, the unit. -#}
    /*touched_only {{ column }}*/true
{%- endmacro -%}
