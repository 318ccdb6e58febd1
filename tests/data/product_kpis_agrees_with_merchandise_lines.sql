-- Law: the products together sold and took back what the merchandise lines say.
with merchandise as (
    select
        coalesce(sum(net_revenue), 0) as net_revenue,
        coalesce(sum(gross_revenue), 0) as gross_revenue,
        coalesce(sum(units), 0) as units
    from
        {{ figures_by_file(ref('fct_order_lines'), {
            'net_revenue': "sum(net_amount) filter (where line_type = 'merchandise'"
                ~ " and line_status in ('completed', 'returned'))",
            'gross_revenue': "sum(net_amount) filter (where line_type = 'merchandise'"
                ~ " and line_status = 'completed')",
            'units': "sum(quantity) filter (where line_type = 'merchandise'"
                ~ " and line_status = 'completed')",
        }) | indent(8) }}
),

products as (
    select
        coalesce(sum(net_revenue), 0) as net_revenue,
        coalesce(sum(gross_revenue), 0) as gross_revenue,
        coalesce(sum(units), 0) as units
    from {{ ref('product_kpis') }}
)

select
    products.net_revenue as products_net_revenue,
    merchandise.net_revenue as merchandise_net_revenue,
    products.gross_revenue as products_gross_revenue,
    merchandise.gross_revenue as merchandise_gross_revenue,
    products.units as products_units,
    merchandise.units as merchandise_units
from products
cross join merchandise
where
    products.net_revenue != merchandise.net_revenue
    or products.gross_revenue != merchandise.gross_revenue
    or products.units != merchandise.units
