-- Products: what needs one row per product and country, and how many orders each is on.

create temp table product_countries as
select
    product_number,
    country_code,
    coalesce(sum(net_amount) filter (where is_gross), 0) as gross_revenue,
    coalesce(-sum(net_amount) filter (where not is_gross), 0) as returns_amount,
    coalesce(sum(quantity) filter (where is_gross), 0) as units,
    count(*) filter (where is_gross) as completed_lines,
    count(*) filter (where is_gross and not is_twin) as orders_without_twins,
    min(unit_price) filter (where is_gross) as lowest_price,
    max(unit_price) filter (where is_gross) as highest_price,
    min(order_date) filter (where is_gross) as first_order_date,
    max(order_date) filter (where is_gross) as last_order_date
from lines
group by all;

create temp table product_orders as
with orders_with_twins as (
    select product_number, count(*) as orders
    from (
        select product_number, filename, order_number
        from lines
        where is_twin and is_gross
        group by all
    )
    group by product_number
)

select
    product_number,
    cast(sum(orders_without_twins) + coalesce(any_value(orders_with_twins.orders), 0) as bigint)
        as orders
from product_countries
left join orders_with_twins
    using (product_number)
group by product_number;

create temp table product_customers (product_number integer, customers bigint);
