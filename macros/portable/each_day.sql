{#
    One row per day from the first to the last, both included, in a select list: the other columns
    of the row are repeated on each. No row where the last day lies before the first.

    first_day  (str)  SQL expression of type date
    last_day   (str)  SQL expression of type date

    Example: select {{ each_day('first_day', 'last_day') }} as date_day from bounds
#}
{% macro each_day(first_day, last_day) -%}
    {{ adapter.dispatch('each_day')(first_day, last_day) }}
{%- endmacro %}

{% macro duckdb__each_day(first_day, last_day) -%}
    cast(unnest(generate_series({{ first_day }}, {{ last_day }}, interval 1 day)) as date)
{%- endmacro %}

{% macro postgres__each_day(first_day, last_day) -%}
    cast(generate_series({{ first_day }}, {{ last_day }}, interval '1 day') as date)
{%- endmacro %}

{% macro default__each_day(first_day, last_day) -%}
    {{ not_written_for_this_engine('each_day') }}
{%- endmacro %}
