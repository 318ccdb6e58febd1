{#
    A whole row as JSON text: what staging keeps of a row as it was loaded (original_values).

    row  (str)  name of a CTE or alias in the `from`

    Example: {{ row_as_json('deduplicated') }} as original_values
#}
{% macro row_as_json(row) -%}
    {{ adapter.dispatch('row_as_json')(row) }}
{%- endmacro %}

{% macro duckdb__row_as_json(row) -%}
    cast(to_json({{ row }}) as varchar)
{%- endmacro %}

{% macro postgres__row_as_json(row) -%}
    cast(row_to_json({{ row }}) as text)
{%- endmacro %}

{% macro default__row_as_json(row) -%}
    {{ not_written_for_this_engine('row_as_json') }}
{%- endmacro %}
