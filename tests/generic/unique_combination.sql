{#
    No two rows agree in all of `columns`; for keys of more than one column. A null equals a null here.

    Example (of a model):  - unique_combination: {arguments: {columns: [source_name, order_id]}}
#}
{% test unique_combination(model, columns) %}

{#- Rows of two partitions differ in the column that parts them: with it among the columns, each file by itself. -#}
{%- set names = columns | join(", ") -%}
{%- set rows = model -%}
{%- if partition_column(model) in columns -%}
    {%- set keys_of_files = "(select __file, count(*) as copies from __files__ group by __file, " ~ names ~ ")" -%}
    {%- set rows = rows_of_failing_files(model, "copies > 1", keys_of_files) -%}
{%- endif %}

select
    {{ columns | join(', ') }},
    count(*) as rows_with_this_key
from {{ rows }}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
