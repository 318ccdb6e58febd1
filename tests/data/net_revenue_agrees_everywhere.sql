-- Law: the net revenue of the order lines, the orders, the days, the weeks, the months and the
-- countries is the same amount, to the last decimal. A row is a table that disagrees.
with order_lines as (
    select coalesce(sum(net_revenue), 0) as net_revenue
    from
        {{ figures_by_file(ref('fct_order_lines'), {
            'net_revenue': "sum(net_amount) filter (where line_type in ('merchandise', 'service')"
                ~ " and line_status in ('completed', 'returned'))",
        }) | indent(8) }}
),

totals as (
    select
        'fct_orders' as table_name,
        sum(net_revenue) as net_revenue
    from
        {{ figures_by_file(ref('fct_orders'), {'net_revenue': 'sum(net_revenue)'}) | indent(8) }}
    union all
    select
        'sales_daily' as table_name,
        sum(net_revenue) as net_revenue
    from {{ ref('sales_daily') }}
    union all
    select
        'sales_weekly' as table_name,
        sum(net_revenue) as net_revenue
    from {{ ref('sales_weekly') }}
    union all
    select
        'sales_monthly' as table_name,
        sum(net_revenue) as net_revenue
    from {{ ref('sales_monthly') }}
    union all
    select
        'country_kpis' as table_name,
        sum(net_revenue) as net_revenue
    from {{ ref('country_kpis') }}
)

select
    totals.table_name,
    coalesce(totals.net_revenue, 0) as net_revenue,
    order_lines.net_revenue as order_lines_net_revenue
from totals
cross join order_lines
where coalesce(totals.net_revenue, 0) != order_lines.net_revenue
