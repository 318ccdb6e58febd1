{#
    A change log (kind postgres_cdc) as the table that it is about: as it is now, or with its history.

    The order of changes is that of the commits (_lsn, which sorts as text) and, within a transaction, of
    _position. Both macros know that
    - a long value that did not change is not sent: its column is named in _unchanged, and null. It is what the
      row had before;
    - a row whose key changed is a `delete` of the old key and, at the next _position, an `insert` of the new
      one, in which such values are missing too: they are those of the old key;
    - a `truncate` ends all rows before it.
    As in deduplicate.sql, rows whose key occurs once take a short way: a window over the whole log would not
    fit into memory.
#}

{#
    The table as it is now: the last state of each key, without deleted rows.

    relation  (relation)     the raw table: source(...)
    key       (list of str)  the declared key
    columns   (list of str)  the columns wanted, with or without those of the key

    Gives the key, the columns, _committed_at (the last change, UTC), _lsn, _file, _load_id, _loaded_at.

    Example: {{ current_rows(source('shop', 'orders'), ['order_id'], ['status', 'note']) }}
#}
{% macro current_rows(relation, key, columns) %}
with recursive changed_keys as (
    select
        {{ key | join(', ') }},
        count(*) as changes
    from {{ relation }}
    where _operation != 'truncate'
    group by {{ key | join(', ') }}
    having count(*) > 1 or bool_or(_operation = 'insert' and _unchanged is not null)
),

emptied as (
    select coalesce(max({{ _change_order() }}), '') as emptied_at
    from {{ relation }}
    where _operation = 'truncate'
),

alone as (
    select changes.*
    from {{ relation }} as changes
    anti join changed_keys
        on {{ _equal(key, 'changes', 'changed_keys') }}
    where changes._operation in ('snapshot', 'insert', 'update')
),

numbered as (
    {{ _numbered_changes(relation, key, 'changed_keys') | indent }}
),

{{ _filled_changes(key, columns) }},

last_states as (
    select *
    from filled
    qualify
        row_number() over (partition by {{ key | join(', ') }} order by _change_order desc) = 1
),

states as (
    select
        {{ _change_outputs(key, columns) | indent(8) }},
        {{ _change_order() }} as _change_order
    from alone
    union all
    select
        {{ _change_outputs(key, columns) | indent(8) }},
        _change_order
    from last_states
    where _operation != 'delete'
)

select states.* exclude (_change_order)
from states
cross join emptied
where states._change_order > emptied.emptied_at
{% endmacro %}

{#
    Every version of each row: one row per key and state after a transaction.

    The arguments are those of current_rows. Gives their columns, too, and valid_from (UTC, the commit; of the
    first copy, its time) and valid_to (UTC, the commit that ended the version; null: it is the current one).

    Example: {{ row_history(source('shop', 'orders'), ['order_id'], ['status', 'note']) }}
#}
{% macro row_history(relation, key, columns) %}
with recursive numbered as (
    {{ _numbered_changes(relation, key) | indent }}
),

{{ _filled_changes(key, columns) }},

truncates as (
    select
        {{ _change_order() }} as emptied_at,
        _committed_at as emptied_on,
        _lsn as emptied_lsn
    from {{ relation }}
    where _operation = 'truncate'
),

followed as (
    select
        *,
        lead(_change_order) over each_key as next_change,
        lead(_lsn) over each_key as next_lsn,
        lead(_committed_at) over each_key as changed_on
    from filled
    window each_key as (partition by {{ key | join(', ') }} order by _change_order)
),

ended as (
    select
        followed.*,
        coalesce(
            truncates.emptied_at is not null
            and truncates.emptied_at < coalesce(followed.next_change, 'Z'),
            false
        ) as is_emptied,
        truncates.emptied_on,
        truncates.emptied_lsn
    from followed
    asof left join truncates
        on followed._change_order < truncates.emptied_at
)

select
    {{ _change_outputs(key, columns) | indent }},
    _committed_at as valid_from,
    case when is_emptied then emptied_on else changed_on end as valid_to
from ended
where
    _operation != 'delete'
    -- What a transaction changed again was never seen by anybody.
    and _lsn is distinct from case when is_emptied then emptied_lsn else next_lsn end
{% endmacro %}

{# One text that sorts as the changes happened. #}
{% macro _change_order() -%}
_lsn || lpad(cast(_position as varchar), 12, '0')
{%- endmacro %}

{#- The changes of rows, of the keys in `only` if that is given, and where the life began that each is in. -#}
{% macro _numbered_changes(relation, key, only=none) -%}
select
    changes.*,
    {{ _change_order() }} as _change_order,
    coalesce(
        max(case when changes._operation in ('snapshot', 'insert') then {{ _change_order() }} end) over (
            partition by {{ _prefixed(key, 'changes') }}
            order by changes._lsn, changes._position
            rows between unbounded preceding and current row
        ),
        ''
    ) as _life_began
from {{ relation }} as changes
{%- if only %}
semi join {{ only }}
    on {{ _equal(key, 'changes', only) }}
{%- endif %}
where changes._operation != 'truncate'
{%- endmacro %}

{#- CTEs from `numbered` to `filled`: values that were left out are those that the row had before. -#}
{% macro _filled_changes(key, columns) -%}
moved as (
    select
        {{ _prefixed(key, 'arrived') }},
        arrived._life_began,
        {%- for column in key %}
        gone.{{ column }} as former_{{ loop.index }},
        {%- endfor %}
        gone._life_began as former_life_began
    from numbered as arrived
    inner join numbered as gone
        on
            arrived._lsn = gone._lsn
            and arrived._position = gone._position + 1
    where
        arrived._operation = 'insert'
        and arrived._unchanged is not null
        and gone._operation = 'delete'
),

{# One row per life that goes on from another key's: the first of them all. #}
origins as (
    select
        {{ _prefixed(key, 'moved') }},
        moved._life_began,
        {{ _life(_formers(key), 'former_life_began') }} as origin
    from moved
    anti join moved as earlier
        on
            moved.former_life_began = earlier._life_began
            {%- for column in key %}
            and moved.former_{{ loop.index }} = earlier.{{ column }}
            {%- endfor %}
    union all
    select
        {{ _prefixed(key, 'moved') }},
        moved._life_began,
        origins.origin
    from moved
    inner join origins
        on
            moved.former_life_began = origins._life_began
            {%- for column in key %}
            and moved.former_{{ loop.index }} = origins.{{ column }}
            {%- endfor %}
),

lives as (
    select
        numbered.*,
        coalesce(origins.origin, {{ _life(key, '_life_began', 'numbered') }}) as _life
    from numbered
    left join origins
        on
            numbered._life_began = origins._life_began
            and {{ _equal(key, 'numbered', 'origins') }}
),

filled as (
    select
        {{ key | join(', ') }},
        {%- for column in columns if column not in key %}
        case
            when {{ _is_left_out(column) }}
                then
                    last_value(
                        case
                            when _operation != 'delete' and not {{ _is_left_out(column) }}
                                then {'known': {{ column }}}
                        end ignore nulls
                    ) over each_life.known
            else {{ column }}
        end as {{ column }},
        {%- endfor %}
        _operation,
        _committed_at,
        _lsn,
        _change_order,
        _file,
        _load_id,
        _loaded_at
    from lives
    window each_life as (
        partition by _life order by _change_order
        rows between unbounded preceding and current row
    )
)
{%- endmacro %}

{% macro _is_left_out(column) -%}
coalesce(list_contains(string_split(_unchanged, ','), {{ sql_text(column) }}), false)
{%- endmacro %}

{% macro _change_outputs(key, columns) -%}
{%- set wanted = key + (columns | reject('in', key) | list) -%}
{%- for column in wanted + ['_committed_at', '_lsn', '_file', '_load_id', '_loaded_at'] -%}
    {{ column }}{{ ',\n' if not loop.last }}
{%- endfor -%}
{%- endmacro %}

{% macro _formers(key) -%}
    {%- set names = [] -%}
    {%- for column in key -%}{%- do names.append('former_' ~ loop.index) -%}{%- endfor -%}
    {%- do return(names) -%}
{%- endmacro %}

{% macro _life(key, began, table='moved') -%}
cast(row({{ _prefixed(key, table) }}, {{ table }}.{{ began }}) as varchar)
{%- endmacro %}

{% macro _prefixed(columns, table) -%}
{%- for column in columns -%}{{ table }}.{{ column }}{{ ', ' if not loop.last }}{%- endfor -%}
{%- endmacro %}

{% macro _equal(columns, left, right) -%}
{%- for column in columns -%}
    {{ left }}.{{ column }} = {{ right }}.{{ column }}{{ ' and ' if not loop.last }}
{%- endfor -%}
{%- endmacro %}
