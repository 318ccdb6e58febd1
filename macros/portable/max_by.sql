{#
    The value in the row with the greatest `by`: the newest name of a product, say.

    value  (str)          SQL expression
    by     (list of str)  SQL expressions, compared one after the other; end with `value` itself, so
                          that ties are decided by content
    where  (str)          which rows count; null values and nulls in `by` have to be left out here

    Example: {{ max_by('name', ['ordered_at', 'name'], where='name is not null') }}
#}
{% macro max_by(value, by, where) -%}
    {{ adapter.dispatch('max_by')(value, by, where) }}
{%- endmacro %}

{% macro duckdb__max_by(value, by, where) -%}
    arg_max({{ value }}, ({{ by | join(', ') }})) filter (where {{ where }})
{%- endmacro %}

{% macro postgres__max_by(value, by, where) -%}
    (array_agg({{ value }} order by {{ by | join(' desc, ') }} desc) filter (where {{ where }}))[1]
{%- endmacro %}

{% macro default__max_by(value, by, where) -%}
    {{ not_written_for_this_engine('max_by') }}
{%- endmacro %}
