-- Law: every order line belongs to one order, and no order is without one. The keys of the lines
-- and those of the orders, each as often as it has lines, come to the same sum of hashes: distinct
-- keys of all lines would not fit into memory. A row tells the two sides that differ.
with order_lines as (
    select
        count(*) as lines,
        coalesce(sum(cast(hash(order_key) as hugeint)), 0) as key_sum
    from {{ ref('fct_order_lines') }}
),

orders as (
    select
        coalesce(sum(lines), 0) as lines,
        coalesce(sum(cast(hash(order_key) as hugeint) * lines), 0) as key_sum
    from {{ ref('fct_orders') }}
)

select
    order_lines.lines,
    orders.lines as lines_of_orders,
    order_lines.key_sum,
    orders.key_sum as key_sum_of_orders
from order_lines
cross join orders
where
    order_lines.lines != orders.lines
    or order_lines.key_sum != orders.key_sum
