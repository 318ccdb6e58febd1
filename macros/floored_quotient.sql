{#-
How often one whole number goes into another, rounded down also below zero: -1 into tens goes -1 times.
(The division `//` rounds towards zero, and so has a double-sized gap around it.)

Arguments: two SQL expressions of a whole-number type; the second is above 0.
Example: {{ floored_quotient('value_units', 'width_units') }}; -1 and 10 give -1, 19 and 10 give 1.
-#}
{% macro floored_quotient(dividend, divisor) -%}
    ({{ dividend }} - (({{ dividend }} % {{ divisor }}) + {{ divisor }}) % {{ divisor }})
    // {{ divisor }}
{%- endmacro %}
