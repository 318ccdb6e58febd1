{#-
The figures that every period and place shares, as one select list (docs/metrics.md, "Sales").

Reads rows of fct_orders: one row per order, so that orders and customers are counted, never summed
from smaller periods (a customer of Monday and Tuesday is one customer of the week). The rows may come
through a left join from a calendar: a period without orders then shows zeros.

Needs the columns gross_revenue, returns_amount, units, is_completed and customer_key in scope, and a
`group by` of the caller. Amounts are money in the reporting currency.

Example:
    select order_date, {{ sales_figures() }} from {{ ref('fct_orders') }} group by order_date
-#}
{% macro sales_figures() -%}
    cast(coalesce(sum(gross_revenue), 0) as decimal(18, 4)) as gross_revenue,
    cast(coalesce(sum(returns_amount), 0) as decimal(18, 4)) as returns_amount,
    cast(coalesce(sum(gross_revenue) - sum(returns_amount), 0) as decimal(18, 4)) as net_revenue,
    count(*) filter (where is_completed) as orders,
    count(distinct customer_key) filter (where is_completed) as customers,
    cast(
        sum(gross_revenue) / nullif(count(*) filter (where is_completed), 0) as decimal(18, 4)
    ) as average_order_value,
    cast(coalesce(sum(units), 0) as decimal(18, 3)) as units,
    cast(sum(returns_amount) / nullif(sum(gross_revenue), 0) as double) as return_rate
{%- endmacro %}
