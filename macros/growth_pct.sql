{#-
Change from one figure to another in per cent, 0 to 100 (docs/metrics.md, "growth_pct"): null when the
earlier figure is 0 or missing, because there is nothing to compare with. Rounded to ten decimals: DuckDB
makes doubles of decimals before it divides, and -0.07 / 0.0007 would be -100.00000000000001.

Arguments: two SQL expressions of a numeric type, the later figure first.
Example: {{ growth_pct('net_revenue', 'previous_net_revenue') }}; 150 after 100 is 50.0.
-#}
{% macro growth_pct(figure, earlier) -%}
    cast(round(100 * ({{ figure }} - {{ earlier }}) / nullif({{ earlier }}, 0), 10) as double)
{%- endmacro %}
