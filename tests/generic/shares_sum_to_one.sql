{#
    The shares of a column sum to 1 within `tolerance`, in the whole model or in each group of
    `group_by`. A model without a share (no rows, or nulls only) passes.

    Example (of a column):  - shares_sum_to_one
                            - shares_sum_to_one: {arguments: {group_by: [source_name]}}
#}
{% test shares_sum_to_one(model, column_name, group_by=[], tolerance=1e-9) %}

select
    {%- for column in group_by %}
    {{ column }},
    {%- endfor %}
    sum({{ column_name }}) as sum_of_shares
from {{ model }}
{%- if group_by %}
group by {{ group_by | join(', ') }}
{%- endif %}
having abs(sum({{ column_name }}) - 1) > {{ tolerance }}

{% endtest %}
