{#
    Text as a timestamp, by the first of several formats that fits; null where none does. A day that
    does not exist (31/02/2024) fits none.

    text     (str)          SQL expression of type varchar
    formats  (list of str)  formats of strptime: '%d/%m/%Y %H:%M'

    Example: {{ timestamp_of_text('trim(purchase_date)', ['%Y-%m-%d', '%d/%m/%Y']) }}
#}
{% macro timestamp_of_text(text, formats) -%}
    {{ adapter.dispatch('timestamp_of_text')(text, formats) }}
{%- endmacro %}

{% macro duckdb__timestamp_of_text(text, formats) -%}
    try_strptime({{ text }}, [{{ sql_texts(formats) }}])
{%- endmacro %}

{#- PostgreSQL has nothing that is null for a day that does not exist: it stops. -#}
{% macro default__timestamp_of_text(text, formats) -%}
    {{ not_written_for_this_engine('timestamp_of_text') }}
{%- endmacro %}
