{#
    From the first to the last date of the column every `step` has its row. Prints the dates after
    which one is missing.

    step  (str)  'day', 'week' or 'month'

    Example (of a column):  - calendar_without_holes: {arguments: {step: month}}
#}
{% test calendar_without_holes(model, column_name, step='day') %}

with dates as (
    select
        {{ column_name }} as calendar_date,
        lead({{ column_name }}) over (order by {{ column_name }}) as next_date
    from {{ model }}
)

select *
from dates
where next_date != calendar_date + interval 1 {{ step }}

{% endtest %}
