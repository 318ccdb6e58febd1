{#- Stops the build where a dispatched macro has no form for the engine, and says where to write it. -#}
{% macro not_written_for_this_engine(macro_name) -%}
    {%- do exceptions.raise_compiler_error(
        "the macro " ~ macro_name ~ " is not written for " ~ adapter.type() ~ ": add "
        ~ adapter.type() ~ "__" ~ macro_name ~ " to macros/portable/" ~ macro_name
        ~ ".sql; docs/portability.md says what it would be"
    ) -%}
{%- endmacro %}
