{#
    No two rows agree in all of `columns`; for keys of more than one column. A null equals a null here.

    Example (of a model):  - unique_combination: {arguments: {columns: [source_name, order_id]}}
#}
{% test unique_combination(model, columns) %}

select
    {{ columns | join(', ') }},
    count(*) as rows_with_this_key
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
