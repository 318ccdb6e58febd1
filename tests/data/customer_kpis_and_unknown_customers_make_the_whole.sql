-- Law: known customers and the orders of nobody known come to the whole, in money and in orders.
with orders as (
    select
        coalesce(sum(net_revenue), 0) as net_revenue,
        coalesce(sum(net_revenue) filter (where customer_key is null), 0) as unknown_net_revenue,
        count(*) filter (where is_completed) as orders,
        count(*) filter (where is_completed and customer_key is null) as unknown_orders
    from {{ ref('fct_orders') }}
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
