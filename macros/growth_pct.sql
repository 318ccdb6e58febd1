{#-
Change from one figure to another in per cent, 0 to 100 (docs/metrics.md, "growth_pct"): null when the
earlier figure is 0 or missing, because there is nothing to compare with.

Arguments: two SQL expressions of a numeric type, the later figure first.
Example: {{ growth_pct('net_revenue', 'previous_net_revenue') }}; 150 after 100 is 50.0.
-#}
{% macro growth_pct(figure, earlier) -%}
    cast(100 * ({{ figure }} - {{ earlier }}) / nullif({{ earlier }}, 0) as double)
{%- endmacro %}
