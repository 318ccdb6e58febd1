{#
    The model has at least `minimum` and at most `maximum` rows; leave one out for an open end.

    Example (of a model):  - row_count_in_range: {arguments: {minimum: 1, maximum: 1}}
#}
{% test row_count_in_range(model, minimum=none, maximum=none) %}

{%- if minimum is none and maximum is none -%}
    {{ exceptions.raise_compiler_error("row_count_in_range needs a minimum or a maximum") }}
{%- endif %}

select count(*) as rows_counted
from {{ model }}
having
    false
    {%- if minimum is not none %}
    or count(*) < {{ minimum }}
    {%- endif %}
    {%- if maximum is not none %}
    or count(*) > {{ maximum }}
    {%- endif %}

{% endtest %}
