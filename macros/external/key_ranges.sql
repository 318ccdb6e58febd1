{#- In which files of a mart a key can be at all, without reading them.

    Ids are mostly given one after the other, so a month has a stretch of them, and a late line of an old
    order is in one month or two. A file's least and greatest key would not say so: 'shop:999' comes after
    'shop:1000', and 'shop:C100', a credit note, after both. So they are kept apart by the length of
    the key and by what comes after its first colon. Where ids are given at random the ranges overlap,
    and every file is read, as without them.

    They are noted in `till.key_ranges` when a file is written, or else when first asked for; a file of a
    mart with partitions never changes, and its name is never given twice. -#}
{%- macro external_files_with_keys(mart, query, files, column, keys) -%}
    {#- Those of the files that can hold a row whose `column` is among `keys`: a table of one column `key`, null
        among them. All files where nothing is known of them. -#}
    {%- if not files or not external_has_key_ranges(mart, query, column) -%}
        {%- do return(files) -%}
    {%- endif -%}
    {%- do external_note_key_ranges(mart, files, column) -%}
    {%- set found = fromjson(sql_value(
        "with ranges as (select file_path, key_length, lowest, highest from till.key_ranges where key_column = "
        ~ sql_text(column) ~ " and file_path in (" ~ sql_texts(external_addresses(mart, files)) ~ ")),"
        ~ " wanted as (select distinct key, strlen(key) as key_length from " ~ keys ~ "),"
        ~ " found as (select ranges.file_path from ranges asof join wanted"
        ~ " on ranges.key_length = wanted.key_length and ranges.lowest <= wanted.key"
        ~ " where wanted.key <= ranges.highest"
        ~ " union select file_path from ranges where key_length is null"
        ~ " and exists (select 1 from wanted where key is null))"
        ~ " select coalesce(to_json(list(file_path order by file_path)), '[]') from found"
    )) -%}
    {%- set candidates = [] -%}
    {%- for file in files if mart.root ~ "/" ~ file.path in found -%}
        {%- do candidates.append(file) -%}
    {%- endfor -%}
    {%- do return(candidates) -%}
{%- endmacro -%}


{%- macro external_has_key_ranges(mart, query, column) -%}
    {#- Text in a mart with partitions, where the table of ranges is there (it is made at the start of a run). -#}
    {%- set texts = query.columns | selectattr("type", "equalto", "VARCHAR") | map(attribute="name") | list -%}
    {%- do return(
        mart.partition_by is not none and column in texts and sql_value(
            "select count(*) from duckdb_tables() where database_name = current_database()"
            ~ " and schema_name = 'till' and table_name = 'key_ranges'"
        ) | int > 0
    ) -%}
{%- endmacro -%}


{%- macro external_addresses(mart, files) -%}
    {%- set addresses = [] -%}
    {%- for file in files -%}
        {%- do addresses.append(mart.root ~ "/" ~ file.path) -%}
    {%- endfor -%}
    {%- do return(addresses) -%}
{%- endmacro -%}


{%- macro external_note_key_ranges(mart, files, column) -%}
    {#- Of those files that nothing is known of yet. -#}
    {%- set of_column = "key_column = " ~ sql_text(column) -%}
    {%- set known = fromjson(sql_value(
        "select coalesce(to_json(list(distinct file_path)), '[]') from till.key_ranges where " ~ of_column
    )) -%}
    {%- set addresses = [] -%}
    {%- for file in files if file.rows > 0 and mart.root ~ "/" ~ file.path not in known -%}
        {%- do addresses.append(mart.root ~ "/" ~ file.path) -%}
    {%- endfor -%}
    {%- if addresses -%}
        {%- set key = sql_identifier(column) -%}
        {%- do run_query(
            "insert into till.key_ranges select __file, " ~ sql_text(column) ~ ", strlen(" ~ key ~ "), min(" ~ key
            ~ "), max(" ~ key ~ ") from read_parquet([" ~ sql_texts(addresses)
            ~ "], hive_partitioning = false, filename = '__file') group by __file, strlen(" ~ key
            ~ "), " ~ key ~ "[strpos(" ~ key ~ ", ':') + 1]"
        ) -%}
    {%- endif -%}
{%- endmacro -%}


{%- macro external_note_all_key_ranges(mart, query, plan, files) -%}
    {#- Of the keys that the next build will look for: while what was written is still in memory. -#}
    {%- if plan.built_from -%}
        {%- for column in external_keys_looked_for(mart) if external_has_key_ranges(mart, query, column) -%}
            {%- do external_note_key_ranges(mart, files, column) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro -%}


{%- macro external_keys_looked_for(mart) -%}
    {#- The unit, and a column that is a key by itself. -#}
    {%- set incremental = config.get("incremental") -%}
    {%- set keys = [incremental.unit] if incremental.unit else [] -%}
    {%- if config.get("contract").enforced -%}
        {%- for constraint in external_constraints()
                if constraint.type in ["unique", "primary_key"] and constraint.columns | length == 1 -%}
            {%- do keys.extend(constraint.columns) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- do return(keys | reject("equalto", mart.partition_by) | unique(case_sensitive=true) | list) -%}
{%- endmacro -%}


{%- macro make_key_ranges() -%}
    {#- At the start of a run. Ranges of files that are gone go with them. -#}
    {%- set files = [] -%}
    {%- for folder in ["marts", "intermediate"] -%}
        {%- do files.append("select file from glob(" ~ sql_text(lake_path() ~ "/" ~ folder ~ "*/*/*/*.parquet") ~ ")") -%}
    {%- endfor -%}
    {%- if flags.FULL_REFRESH -%}
        {%- do run_query("drop table if exists till.key_ranges") -%}
    {%- endif -%}
    {%- do run_query(
        "create table if not exists till.key_ranges"
        ~ " (file_path varchar, key_column varchar, key_length bigint, lowest varchar, highest varchar);"
        ~ "delete from till.key_ranges where file_path not in (" ~ files | join(" union all ") ~ ")"
    ) -%}
{%- endmacro -%}
