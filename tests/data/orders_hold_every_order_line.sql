-- Law: every order line belongs to one order, and no order is without one. A row tells the two
-- counts that differ.
with order_lines as (
    select
        count(*) as lines,
        count(distinct order_key) as orders
    from {{ ref('fct_order_lines') }}
),

orders as (
    select
        coalesce(sum(lines), 0) as lines,
        count(*) as orders
    from {{ ref('fct_orders') }}
)

select
    order_lines.lines,
    orders.lines as lines_of_orders,
    order_lines.orders,
    orders.orders as orders_of_orders
from order_lines
cross join orders
where
    order_lines.lines != orders.lines
    or order_lines.orders != orders.orders
