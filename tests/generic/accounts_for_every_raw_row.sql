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

{%- if distinct_columns is not none -%}

{#- Asked once for each load (macros/data_tests/accounted_loads.sql). #}
select *
from (
    {{ accounts_since_last_time(raw, model, distinct_columns) | indent(4) }}
)
where raw_rows != staging_rows + rows_dropped

{%- else -%}

with raw_rows as (
    select count(*) as raw_rows
    from {{ raw }}
),

{% if parent is not none -%}
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

{%- endif %}

{% endtest %}
