{#-
The figures that every period and place shares, as one select list (docs/metrics.md, "Sales").

Reads rows that were summed before, each order in one of them. Orders add up; customers do so only where
the caller counts each of them in one row of the period or place (a customer of Monday and Tuesday is one
customer of the week). The rows may come through a left join from a calendar: a period without orders
then shows zeros.

Needs the columns gross_revenue, returns_amount, units, orders and customers in scope, and a `group by` of
the caller. Amounts are money in the reporting currency.

Example:
    select order_date, {{ sales_figures() }} from {{ ref('int_sales_days_summed') }} group by order_date
-#}
{% macro sales_figures() -%}
    cast(coalesce(sum(gross_revenue), 0) as decimal(18, 4)) as gross_revenue,
    cast(coalesce(sum(returns_amount), 0) as decimal(18, 4)) as returns_amount,
    cast(coalesce(sum(gross_revenue) - sum(returns_amount), 0) as decimal(18, 4)) as net_revenue,
    cast(coalesce(sum(orders), 0) as bigint) as orders,
    cast(coalesce(sum(customers), 0) as bigint) as customers,
    cast(sum(gross_revenue) / nullif(sum(orders), 0) as decimal(18, 4)) as average_order_value,
    cast(coalesce(sum(units), 0) as decimal(18, 3)) as units,
    cast(sum(returns_amount) / nullif(sum(gross_revenue), 0) as double) as return_rate
{%- endmacro %}
