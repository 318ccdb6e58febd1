"""The marts of the customers' and products' pages, made of the small shop of `synthetic_marts`."""

from __future__ import annotations

MONEY = "decimal(18, 4)"

CUSTOMER_COHORTS = f"""
with months as (
    select c.cohort_month, o.order_month, count(distinct o.customer_key) as customers,
        sum(o.gross_revenue) as gross_revenue
    from fct_orders as o
    join customer_kpis as c using (customer_key)
    where o.is_completed
    group by all
),
placed as (
    select *, date_diff('month', cohort_month, order_month) as months_since_first,
        max(customers) over (partition by cohort_month) as cohort_size
    from months
    where order_month >= cohort_month
)
select
    cohort_month, months_since_first, order_month,
    order_month < (select max(order_month) from fct_orders) as is_complete, cohort_size, customers,
    cast(customers / cohort_size as double) as retention, cast(gross_revenue as {MONEY}) as gross_revenue,
    cast(sum(gross_revenue) over (partition by cohort_month order by order_month) as {MONEY})
        as cumulative_revenue
from placed
"""

CUSTOMER_LIFETIME_VALUE = f"""
select
    customer_key, customer_id, country_code, cast(0.9 as double) as p_alive,
    cast(orders / 4 as double) as expected_orders,
    cast(average_order_value * orders / 4 as {MONEY}) as lifetime_value_12m
from customer_kpis
where orders > 0
"""

PRODUCT_AFFINITIES = """
with bought as (
    select distinct order_key, product_key from fct_order_lines where line_status = 'completed'
),
sold as (select product_key, count(*) as orders from bought group by product_key),
pairs as (
    select a.product_key, b.product_key as other_product_key, count(*) as orders_together
    from bought as a
    join bought as b on a.order_key = b.order_key and a.product_key < b.product_key
    group by all
    having count(*) >= 5
)
select
    p.*, n.product_name, m.product_name as other_product_name, s.orders, t.orders as other_orders,
    cast(orders_together / s.orders as double) as confidence,
    cast(orders_together / t.orders as double) as other_confidence,
    cast(orders_together as double) * (select count(distinct order_key) from bought)
        / s.orders / t.orders as lift
from pairs as p
join sold as s using (product_key)
join sold as t on p.other_product_key = t.product_key
join dim_products as n on p.product_key = n.product_key
join dim_products as m on p.other_product_key = m.product_key
"""

STEPS = [
    ("customer_cohorts", CUSTOMER_COHORTS),
    ("customer_lifetime_value", CUSTOMER_LIFETIME_VALUE),
    ("product_affinities", PRODUCT_AFFINITIES),
]
