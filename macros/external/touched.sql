{#- Which partitions new loads touch.

    A unit (an order) is touched when one of its raw rows came or went since the last build, or when
    what one of its rows looks up (a customer's country, a rate) is other than it was. Every partition
    that holds a row of a touched unit, before or now, is written anew: so a late line, a changed file,
    and an order that moved to another month are all seen in both places.

    Partitions are named by their value as text, as Parquet's writer does; none is the null. -#}
{%- macro external_touched(mart, query, incremental, sources, state, now) -%}
    {%- if incremental.follows -%}
        {%- do return(external_touched_by_followed(state.built_from.followed, now.followed)) -%}
    {%- endif -%}
    {%- set former_rows = "read_parquet([" ~ external_addresses(mart, state.files)
        ~ "], hive_partitioning = false)" -%}
    {%- set unit = sql_identifier(incremental.unit) -%}
    {%- set branches = [] -%}
    {%- for table in sources.raw_tables -%}
        {%- set last_load_id = state.built_from.loads[table.name].last_load_id -%}
        {%- for rows in raw_rows_since(table.node, last_load_id) -%}
            {%- do branches.append("select " ~ table.unit ~ " as unit from (\n" ~ rows ~ "\n)") -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for lookup in sources.lookups -%}
        {%- do branches.append(external_units_looking_up(mart, lookup, unit, former_rows, state)) -%}
    {%- endfor -%}
    {%- set touched_units = sql_identifier(mart.name ~ "__touched_units") -%}
    {%- do run_query(
        "create or replace temporary table " ~ touched_units ~ " as select distinct unit from (\n"
        ~ (branches | join("\nunion all\n") or "select null as unit where false") ~ "\n)"
    ) -%}
    {%- if sql_value("select count(*) from " ~ touched_units) | int == 0 -%}
        {%- do return([]) -%}
    {%- endif -%}
    {%- do return(external_partitions_of(mart, query, unit, former_rows, touched_units)) -%}
{%- endmacro -%}


{%- macro external_partitions_of(mart, query, unit, former_rows, touched_units) -%}
    {#- Where rows of these units are: in the former files, and in what the query gives now. -#}
    {%- set partitions = [] -%}
    {%- for rows in [former_rows, "(\n" ~ query.sql ~ "\n)"] -%}
        {%- do partitions.append(
            "select cast(every_row." ~ sql_identifier(mart.partition_by) ~ " as varchar) as partition_value"
            ~ " from " ~ rows ~ " as every_row semi join " ~ touched_units ~ " as touched"
            ~ " on every_row." ~ unit ~ " is not distinct from touched.unit"
        ) -%}
    {%- endfor -%}
    {%- do return(fromjson(sql_value(
        "select coalesce(to_json(list(distinct partition_value order by partition_value)), '[]') from (\n"
        ~ partitions | join("\nunion\n") ~ "\n)"
    ))) -%}
{%- endmacro -%}


{%- macro external_touched_by_followed(before, now) -%}
    {#- The partitions whose files are not those that this mart was built from. -#}
    {%- set touched = [] -%}
    {%- for partition in (before.keys() | list + now.keys() | list) | unique(case_sensitive=true) -%}
        {%- if before.get(partition) != now.get(partition) -%}
            {%- do touched.append(fromjson(partition)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do return(touched) -%}
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


{%- macro external_only_touched(mart, query, touched) -%}
    {#- The mart's query, narrowed to the touched partitions: outside by its result, inside wherever the
        model asks for it with touched_only. -#}
    {%- set marks = modules.re.findall("/[*]touched_only (.*?)[*]/true", query.sql) -%}
    {%- set narrowed = namespace(sql=query.sql) -%}
    {%- for column in marks | unique(case_sensitive=true) -%}
        {%- set narrowed.sql = narrowed.sql.replace(
            "/*touched_only " ~ column ~ "*/true", external_is_touched(mart, query, column, touched)
        ) -%}
    {%- endfor -%}
    {%- do return(
        "select * from (\n" ~ narrowed.sql ~ "\n) where "
        ~ external_is_touched(mart, query, sql_identifier(mart.partition_by), touched)
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


{%- macro touched_only(column) -%}
    {#- For the SQL of an incremental mart: true in a build of the whole mart; in an incremental one, true
        for the partitions that it writes. `column` holds the partition's value. -#}
    /*touched_only {{ column }}*/true
{%- endmacro -%}
