{#
    The law "raw rows = staging rows + rows dropped, each with a reason", for one staging model. The
    rows that may be dropped are counted from the raw table by other means than staging uses.

    Without a key (`distinct_columns`): exact duplicates, all but one of the rows that agree in every
    source column. With one (`key`): older versions. For the children of a keyed parent give `parent`
    and `version` too: rows of older versions of their parent.

    raw               (relation)  source(...)
    distinct_columns  (list)      all source columns
    key               (list)      columns or expressions; rows in which one is null are no versions of each other
    parent            (str)       the parent's key column
    version           (str)       the parent's cursor column

    Example (of a model):
        - accounts_for_every_raw_row: {arguments: {raw: source('webshop', 'orders'), key: [order_id]}}
#}
{% test accounts_for_every_raw_row(
    model, raw, distinct_columns=none, key=none, parent=none, version=none
) %}

with raw_rows as (
    select count(*) as raw_rows
    from {{ raw }}
),

{% if distinct_columns is not none -%}
{#- Rows that agree share a hash of 64 bits. Only where a hash occurs twice are the rows themselves compared:
    exact, and of all rows no more than a number each is held in memory. #}
hashes_of_several_rows as (
    {{ repeated_hashes(distinct_columns, raw) | indent(4) }}
),

dropped_by_reason as (
    select
        'exact duplicate' as reason,
        coalesce(sum(copies - 1), 0) as rows_dropped
    from (
        select count(*) as copies
        from {{ raw }}
        semi join hashes_of_several_rows
            on hash({{ distinct_columns | join(', ') }}) = hashes_of_several_rows.row_hash
        group by {{ distinct_columns | join(', ') }}
    )
),
{%- elif parent is not none -%}
newest_parents as (
    select
        {{ parent }} as parent_key,
        max(row({{ version }}, _load_id)) as newest_version
    from {{ raw }}
    group by {{ parent }}
),

dropped_by_reason as (
    select
        'older version of the parent' as reason,
        count(*) as rows_dropped
    from {{ raw }} as child
    inner join newest_parents
        on child.{{ parent }} = newest_parents.parent_key
    where row(child.{{ version }}, child._load_id) != newest_parents.newest_version
    union all
    select
        'the same version again' as reason,
        coalesce(sum(copies - 1), 0) as rows_dropped
    from (
        select count(*) as copies
        from {{ raw }} as child
        inner join newest_parents
            on child.{{ parent }} = newest_parents.parent_key
        where row(child.{{ version }}, child._load_id) = newest_parents.newest_version
        group by child.{{ key | join(', child.') }}
    )
),
{%- else -%}
dropped_by_reason as (
    select
        'older version' as reason,
        coalesce(sum(copies - 1), 0) as rows_dropped
    from (
        select count(*) as copies
        from {{ raw }}
        where {% for expression in key %}{{ expression }} is not null{{ ' and ' if not loop.last }}{% endfor %}
        group by {{ key | join(', ') }}
    )
),
{%- endif %}

accounts as (
    select
        (select raw_rows from raw_rows) as raw_rows,
        (select count(*) from {{ model }}) as staging_rows,
        (select sum(rows_dropped) from dropped_by_reason) as rows_dropped,
        (select list(dropped_by_reason) from dropped_by_reason) as reasons
)

select *
from accounts
where raw_rows != staging_rows + rows_dropped

{% endtest %}
