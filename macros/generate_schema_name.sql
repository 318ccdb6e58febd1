{#- Schemas are named by layer (staging, intermediate, marts, seeds); a target other than `lake`
    gets its name as a suffix, so that a test build never replaces the shop's own views. -#}
{%- macro generate_schema_name(custom_schema_name, node) -%}
    {%- set schema_name = (custom_schema_name or target.schema) | trim -%}
    {%- if target.name == "lake" -%}
        {{ schema_name }}
    {%- else -%}
        {{ schema_name }}_{{ target.name }}
    {%- endif -%}
{%- endmacro -%}
