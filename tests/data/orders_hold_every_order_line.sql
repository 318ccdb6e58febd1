-- Law: every order line belongs to one order, and no order is without one. The keys of the lines
-- and those of the orders, each as often as it has lines, come to the same sum of hashes: distinct
-- keys of all lines would not fit into memory. A row tells the two sides that differ.
with order_lines as (
    select
        coalesce(sum(lines), 0) as lines,
        coalesce(sum(key_sum), 0) as key_sum
    from
        {{ figures_by_file(ref('fct_order_lines'), {
            'lines': 'count(*)',
            'key_sum': 'sum(cast(hash(order_key) as hugeint))',
        }) | indent(8) }}
),

orders as (
    select
        coalesce(sum(lines), 0) as lines,
        coalesce(sum(key_sum), 0) as key_sum
    from
        {{ figures_by_file(ref('fct_orders'), {
            'lines': 'sum(lines)',
            'key_sum': 'sum(cast(hash(order_key) as hugeint) * lines)',
        }) | indent(8) }}
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
