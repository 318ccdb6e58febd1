{#- Where the raw rows of some units stand: in which files, at which rows. To find them takes the unit of
    every raw row; the rows themselves are then read at their places, and nothing beside them.

    What was found is kept in a table of schema `till`, for the next model that asks for the same
    units. It cannot be stale: its name holds a hash of the query, which names each file and how its
    columns are read, and a raw file never changes once its load is committed. -#}
{%- macro raw_places(node, file_groups, unit, units) -%}
    {#- A table of (unit, path, place) that knows every one of these units, and maybe others: a row for each
        raw row, place being its number in the file, and one without a path for each unit that was
        looked for. None where the units are so many that reading everything costs no more. -#}
    {%- set of_unit = "places_" ~ local_md5(node.schema ~ "." ~ node.identifier ~ " " ~ unit)[:16] -%}
    {%- set branches = [] -%}
    {%- for file_group in file_groups -%}
        {%- do branches.append(
            "select " ~ unit ~ " as unit, __path as path, __place as place from (\n"
            ~ raw_branch_sql(node, file_group, with_place=true) ~ "\n)"
        ) -%}
    {%- endfor -%}
    {%- set all_rows = branches | join("\nunion all\n") -%}
    {%- set name = of_unit ~ "_" ~ local_md5(all_rows)[:16] -%}
    {%- set places = "till." ~ sql_identifier(name) -%}
    {%- do raw_forget_places(of_unit, name) -%}
    {%- do run_query(
        "create table if not exists " ~ places ~ " as select * from (\n" ~ all_rows ~ "\n) where false"
    ) -%}
    {%- set wanted = sql_identifier(name ~ "__wanted") -%}
    {%- do run_query(
        "create or replace temporary table " ~ wanted ~ " as select distinct unit from " ~ units
        ~ " as every_unit anti join " ~ places ~ " as places on every_unit.unit is not distinct from places.unit"
    ) -%}
    {%- set unknown = sql_value("select count(*) from " ~ wanted) | int -%}
    {%- if unknown > 500000 -%}
        {%- do return(none) -%}
    {%- elif unknown > 0 -%}
        {%- do run_query(
            "insert into " ~ places ~ " select unit, null, null from " ~ wanted
            ~ " union all select every_row.* from (\n" ~ all_rows ~ "\n) as every_row semi join " ~ wanted
            ~ " as wanted on every_row.unit is not distinct from wanted.unit"
        ) -%}
    {%- endif -%}
    {%- do return(places) -%}
{%- endmacro -%}


{%- macro raw_forget_places(of_unit, name) -%}
    {#- Drops what was found in other files than are to be read now. -#}
    {%- set former = run_query(
        "select table_name from duckdb_tables() where database_name = current_database()"
        ~ " and schema_name = 'till' and starts_with(table_name, " ~ sql_text(of_unit) ~ ")"
        ~ " and table_name != " ~ sql_text(name)
    ) -%}
    {%- for row in former.rows -%}
        {%- do run_query("drop table if exists till." ~ sql_identifier(row[0])) -%}
    {%- endfor -%}
{%- endmacro -%}


{%- macro raw_branches_of_units(node, file_groups, unit, units) -%}
    {#- Queries for the counted rows of these units. Files that hold none are not read again, and of a large
        file nothing but the stretches that do. -#}
    {%- set places = raw_places(node, file_groups, unit, units) if file_groups else none -%}
    {%- set parts = raw_parts_with_places(places, units) if places is not none -%}
    {%- set branches = [] -%}
    {%- for file_group in file_groups -%}
        {%- for part in raw_parts_of_group(file_group, parts) -%}
            {%- do branches.append(
                "select every_row.* from (\n"
                ~ raw_counted_branch_sql(node, dict(file_group, paths=part.paths), part.condition)
                ~ "\n) as every_row semi join " ~ units ~ " as touched on (" ~ unit
                ~ ") is not distinct from touched.unit"
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do return(branches) -%}
{%- endmacro -%}


{%- macro raw_parts_with_places(places, units) -%}
    {#- The files with rows of these units, those with the same stretches of rows together: a stretch is a row
        of blocks of 20,480 rows. Small files are one block, so a lake of them stays one part. -#}
    {%- set block_rows = 20480 -%}
    {%- do return(fromjson(sql_value(
        "with blocks as (select distinct path, place // " ~ block_rows ~ " as block from " ~ places
        ~ " as places semi join " ~ units ~ " as touched on places.unit is not distinct from touched.unit"
        ~ " where path is not null),"
        ~ " numbered as (select path, block, block - row_number() over (partition by path order by block)"
        ~ " as stretch from blocks),"
        ~ " stretches as (select path, min(block) * " ~ block_rows ~ " as first_place,"
        ~ " (max(block) + 1) * " ~ block_rows ~ " - 1 as last_place from numbered group by path, stretch),"
        ~ " files as (select path, list([first_place, last_place] order by first_place) as stretches"
        ~ " from stretches group by path),"
        ~ " parts as (select stretches, list(path order by path) as paths from files group by stretches)"
        ~ " select coalesce(to_json(list({'paths': paths, 'stretches': stretches} order by paths)), '[]')"
        ~ " from parts"
    ))) -%}
{%- endmacro -%}


{%- macro raw_parts_of_group(file_group, parts) -%}
    {#- The parts of a group of files, as paths and a condition on the rows; the group itself where nothing is
        known of it. A part with many stretches, or one of many, is read as whole files. -#}
    {%- if parts is none -%}
        {%- do return([{"paths": file_group.paths, "condition": none}]) -%}
    {%- endif -%}
    {%- set in_group = {} -%}
    {%- for path in file_group.paths -%}
        {%- do in_group.update({lake_path() ~ "/" ~ path: path}) -%}
    {%- endfor -%}
    {%- set found, read_whole = [], [] -%}
    {%- for part in parts -%}
        {%- set paths = [] -%}
        {%- for address in part.paths if address in in_group -%}
            {%- do paths.append(in_group[address]) -%}
        {%- endfor -%}
        {%- set is_known = none not in part.stretches[0] -%}
        {%- if paths and is_known and part.stretches | length <= 200 and found | length < 100 -%}
            {%- set conditions = [] -%}
            {%- for first_place, last_place in part.stretches -%}
                {%- do conditions.append("file_row_number between " ~ first_place ~ " and " ~ last_place) -%}
            {%- endfor -%}
            {%- do found.append({"paths": paths, "condition": "(" ~ conditions | join(" or ") ~ ")"}) -%}
        {%- else -%}
            {%- do read_whole.extend(paths) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if read_whole -%}
        {%- do found.append({"paths": read_whole | sort, "condition": none}) -%}
    {%- endif -%}
    {%- do return(found) -%}
{%- endmacro -%}
