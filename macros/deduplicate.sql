{#
    Two ways to say which raw rows count, both written for tables larger than memory: first the
    keys that occur more than once are found (one narrow aggregate), then only their rows are
    ordered. A row_number() over the whole table runs out of memory at 80 million rows.

    Both name the raw relation several times on purpose: a CTE that is used twice would be kept
    whole in memory, a view is read again with only the columns needed.

    The keys are marked in the SQL: a model of the materialization deduplicated_view keeps them in a
    table, so that they are looked for once and not by everybody who reads it.
#}

{#
    One row of those that agree in every source column, that of the newest load: what was implausible
    when it first came (a date of next week) is not once a later load holds it. For tables without a key.

    relation  (relation)     the raw table: source(...)
    columns   (list of str)  all source columns (not _file, _load_id, _loaded_at)
    key       (list of str)  expressions that exact duplicates are bound to share and that few
                             other rows do: what the model makes its key of, so that two rows
                             never get the same one, e.g. ["nullif(trim(receipt_no), '')"]
    key_columns  (list of str)  the source columns that `key` is made of, e.g. ['receipt_no']; without
                             them whoever reads the view computes the expressions for every row

    Gives every column of the relation and `_twin`: null where the key is alone; else, where rows
    that differ share the key, eight hexadecimal digits of the row's content, which tell them apart
    in the same way on every run.

    Example: {{ without_exact_duplicates(source('shop', 'purchases'), ['a', 'b'], ['a']) }}
#}
{#- The keys are kept as the rows spell them, so that reading compares plain columns. Rows are found by a
    hash of the key, a fraction of its memory. Two keys that share a hash are both looked at closely. -#}
{% macro without_exact_duplicates(relation, columns, key, key_columns=none) %}
{%- set spelled = key_columns or key %}
with repeated_keys as (
    {{ repeated_keys_begin(relation, key) }}
    select distinct
        {%- for expression in spelled %}
        {{ expression }} as key_{{ loop.index }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }}
    where
        hash({{ key | join(', ') }}) in (
            {{ repeated_hashes(key, relation) | indent(12) }}
        )
    {{ repeated_keys_end() }}
),

{# `is not distinct from`: rows without a key can be duplicates of each other too #}
alone as (
    select
        raw_rows.*,
        cast(null as varchar) as _twin
    from {{ relation }} as raw_rows
    anti join repeated_keys
        on {{ _same_key(spelled) }}
),

copies as (
    select
        raw_rows.*,
        md5(cast(row({{ columns | join(', ') }}) as varchar)) as _content,
        row_number() over (
            partition by {{ columns | join(', ') }}
            order by raw_rows._load_id desc, raw_rows._file desc
        ) as _copy
    from {{ relation }} as raw_rows
    semi join repeated_keys
        on {{ _same_key(spelled) }}
),

newest_copies as (
    select
        * exclude (_content, _copy),
        case
            when count(*) over (partition by {{ key | join(', ') }}) > 1 then left(_content, 8)
        end as _twin
    from copies
    where _copy = 1
)

select * from alone
union all by name
select * from newest_copies
{% endmacro %}

{#
    The hashes of 64 bits that several rows share: of rows that agree, and now and then of two that
    do not, so the rows themselves have to be compared. Sorted, equal hashes are neighbours; that takes a
    third of the time and half of the memory of a group per hash (80 million rows: 7 seconds, not 20).

    expressions  (list of str)  what is hashed, e.g. ['receipt_no', 'sku']
    relation     (relation)     where the rows are, or a table function such as read_parquet([...])

    Example: where hash(receipt_no) in ({{ repeated_hashes(['receipt_no'], source('shop', 'purchases')) }})
#}
{% macro repeated_hashes(expressions, relation) -%}
select distinct row_hash
from (
    select
        row_hash,
        lag(row_hash) over (order by row_hash) as hash_before
    from (
        select hash({{ expressions | join(', ') }}) as row_hash
        from {{ relation }}
    )
)
where row_hash = hash_before
{%- endmacro %}

{#
    The newest version of every key; for tables with one.

    relation      (relation)     the raw table: source(...)
    key           (list of str)  expressions; rows in which one is null are all kept
    newest_first  (list of str)  order of the versions, e.g. ['updated_at desc nulls last', '_load_id desc'].
                                 What it leaves tied is decided by content: the same on every run.

    Example: {{ newest_versions(source('webshop', 'orders'), ['order_id'], ['updated_at desc', '_load_id desc']) }}
#}
{% macro newest_versions(relation, key, newest_first) %}
with repeated_keys as (
    {{ repeated_keys_begin(relation, key) }}
    select
        {%- for expression in key %}
        {{ expression }} as key_{{ loop.index }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }}
    group by {{ key | join(', ') }}
    having count(*) > 1
    {{ repeated_keys_end() }}
),

alone as (
    select raw_rows.*
    from {{ relation }} as raw_rows
    anti join repeated_keys
        on {{ _same_key(key, '=') }}
),

versions as (
    select
        raw_rows.*,
        row_number() over (
            partition by {{ key | join(', ') }}
            order by {{ newest_first | join(', ') }}, cast(raw_rows as varchar) desc
        ) as _version
    from {{ relation }} as raw_rows
    semi join repeated_keys
        on {{ _same_key(key, '=') }}
)

select * from alone
union all by name
select * exclude (_version) from versions
where _version = 1
{% endmacro %}

{#
    The rows of a child table (a nested list of an API's record) that belong to the newest version
    of their parent, each once. A line that is gone from the newest version goes with the older one.

    relation      (relation)     the raw child table: source(...); carries the parent's key and cursor
    parent_key    (str)          column
    key           (list of str)  columns that identify a row within the whole table
    version       (str)          the parent's cursor column; `_load_id` decides where it is equal

    Example: {{ children_of_newest_versions(source('webshop', 'orders__lines'), 'order_id', ['order_id', 'line_id'], 'updated_at') }}
#}
{% macro children_of_newest_versions(relation, parent_key, key, version) %}
with repeated_parents as (
    {{ repeated_keys_begin(relation, [parent_key]) }}
    select {{ parent_key }} as key_1
    from {{ relation }}
    group by {{ parent_key }}
    having min({{ version }}) != max({{ version }}) or min(_load_id) != max(_load_id)
    union
    select {{ parent_key }} as key_1
    from {{ relation }}
    group by {{ key | join(', ') }}
    having count(*) > 1
    {{ repeated_keys_end() }}
),

alone as (
    select raw_rows.*
    from {{ relation }} as raw_rows
    anti join repeated_parents
        on {{ _same_key([parent_key], '=') }}
),

versions as (
    select
        raw_rows.*,
        rank() over (
            partition by {{ parent_key }} order by {{ version }} desc nulls last, _load_id desc
        ) as _parent_version,
        row_number() over (
            partition by {{ key | join(', ') }}
            order by {{ version }} desc nulls last, _load_id desc, cast(raw_rows as varchar) desc
        ) as _version
    from {{ relation }} as raw_rows
    semi join repeated_parents
        on {{ _same_key([parent_key], '=') }}
)

select * from alone
union all by name
select * exclude (_parent_version, _version) from versions
where _parent_version = 1 and _version = 1
{% endmacro %}

{# Compares the key expressions with key_1, key_2 ... of the repeated ones. #}
{% macro _same_key(key, operator='is not distinct from') -%}
    {%- for expression in key -%}
        {{ expression }} {{ operator }} key_{{ loop.index }}{{ ' and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
