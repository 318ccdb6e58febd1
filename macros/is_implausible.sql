{#-
Whether a moment cannot be true: before the variable earliest_plausible_date, which is a typing error, or
more than a day after the load that brought it (a day, because clocks and time zones differ). Null for null.

Arguments: an SQL expression, a timestamp in UTC; the model has the column _loaded_at.
Example: {{ is_implausible('ordered_at') }}; with _loaded_at of 1 March, 00:00, true from 2 March, 00:00:01.
-#}
{% macro is_implausible(moment) -%}
    (
        {{ moment }} < cast('{{ var("earliest_plausible_date") }}' as timestamp)
        or {{ moment }} > {{ dbt.dateadd('day', 1, '_loaded_at') }}
    )
{%- endmacro %}
