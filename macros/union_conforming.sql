{#
    Unions the models that conform to a canonical table, of the active sources only.

    Which model of which source conforms stands in `conforming_models` of dbt_project.yml, as
    `{canonical table: {source: [model, ...]}}`. The column list is explicit: a model that lacks a
    column fails by name, and one that has more is free to keep them. Where no source is active
    that has such a model, the result is typed and empty, so that all downstream still builds.

    canonical  (string)  key in `conforming_models`, e.g. 'customers'
    columns    (dict)    column name -> DuckDB type; every conforming model must have them all

    Example: {{ union_conforming('events', {'event_id': 'varchar', 'occurred_at': 'timestamp'}) }}
    gives    select 'webshop' as source_name, cast(event_id as varchar) as event_id, ... from ...
#}
{% macro union_conforming(canonical, columns) %}
    {%- set models = [] -%}
    {%- for source_name, names in var('conforming_models')[canonical].items() -%}
        {%- if source_name in var('active_sources') -%}
            {%- for name in names -%}
                {%- do models.append((source_name, name)) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for source_name, name in models %}
select
    cast('{{ source_name }}' as varchar) as source_name,
    {%- for column, type in columns.items() %}
    cast({{ column }} as {{ type }}) as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ ref(name) }}
{{ 'union all' if not loop.last }}
    {%- else %}
select
    cast(null as varchar) as source_name,
    {%- for column, type in columns.items() %}
    cast(null as {{ type }}) as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
where false
    {%- endfor %}
{% endmacro %}
