-- The span of the data and the day from which every "days ago" and "is complete" is counted.
-- A table: one row that many marts read, while fct_orders is large.
{{ config(materialized='table') }}

with orders as (
    select order_date
    from {{ ref('fct_orders') }}
),

span as (
    select
        min(order_date) as first_order_date,
        max(order_date) as last_order_date
    from orders
)

select
    first_order_date,
    last_order_date,
    {% if var('as_of_date') -%}
        cast('{{ var("as_of_date") }}' as date) as as_of_date
    {%- else -%}
        last_order_date as as_of_date
    {%- endif %}
from span
