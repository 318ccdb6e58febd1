-- Law: known customers and the orders of nobody known come to the whole, in money and in orders.
with orders as (
    select
        coalesce(sum(net_revenue), 0) as net_revenue,
        coalesce(sum(unknown_net_revenue), 0) as unknown_net_revenue,
        coalesce(sum(orders), 0) as orders,
        coalesce(sum(unknown_orders), 0) as unknown_orders
    from
        {{ figures_by_file(ref('fct_orders'), {
            'net_revenue': 'sum(net_revenue)',
            'unknown_net_revenue': 'sum(net_revenue) filter (where customer_key is null)',
            'orders': 'count(*) filter (where is_completed)',
            'unknown_orders': 'count(*) filter (where is_completed and customer_key is null)',
        }) | indent(8) }}
),

customers as (
    select
        coalesce(sum(net_revenue), 0) as net_revenue,
        coalesce(sum(orders), 0) as orders
    from {{ ref('customer_kpis') }}
)

select
    customers.net_revenue as known_net_revenue,
    orders.unknown_net_revenue,
    orders.net_revenue,
    customers.orders as known_orders,
    orders.unknown_orders,
    orders.orders
from customers
cross join orders
where
    customers.net_revenue + orders.unknown_net_revenue != orders.net_revenue
    or customers.orders + orders.unknown_orders != orders.orders
