-- Law: orders have one day and one country, so those of days, weeks, months and countries add up to
-- all orders. A row is a table that disagrees. (Customers do not add up: one may come twice.)
with all_orders as (
    select coalesce(sum(orders), 0) as orders
    from
        {{ figures_by_file(ref('fct_orders'), {
            'orders': 'count(*) filter (where is_completed)',
        }) | indent(8) }}
),

totals as (
    select
        'sales_daily' as table_name,
        sum(orders) as orders
    from {{ ref('sales_daily') }}
    union all
    select
        'sales_weekly' as table_name,
        sum(orders) as orders
    from {{ ref('sales_weekly') }}
    union all
    select
        'sales_monthly' as table_name,
        sum(orders) as orders
    from {{ ref('sales_monthly') }}
    union all
    select
        'country_kpis' as table_name,
        sum(orders) as orders
    from {{ ref('country_kpis') }}
)

select
    totals.table_name,
    coalesce(totals.orders, 0) as orders,
    all_orders.orders as all_orders
from totals
cross join all_orders
where coalesce(totals.orders, 0) != all_orders.orders
