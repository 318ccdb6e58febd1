{#
    Every value lies between `minimum` and `maximum`, both included; leave one out for an open end.
    Nulls pass: whether there may be any is not_null's business. Bounds are SQL expressions.

    Example (of a column):  - in_range: {arguments: {minimum: 0, maximum: 1}}
#}
{% test in_range(model, column_name, minimum=none, maximum=none) %}

{%- if minimum is none and maximum is none -%}
    {{ exceptions.raise_compiler_error("in_range on " ~ column_name ~ " needs a minimum or a maximum") }}
{%- endif %}

{%- set is_outside = [] -%}
{%- if minimum is not none -%}
    {%- do is_outside.append(column_name ~ " < " ~ minimum) -%}
{%- endif -%}
{%- if maximum is not none -%}
    {%- do is_outside.append(column_name ~ " > " ~ maximum) -%}
{%- endif -%}
{%- set condition = is_outside | join(" or ") -%}

select *
from {{ rows_of_failing_files(model, condition) }}
where {{ condition }}

{% endtest %}
