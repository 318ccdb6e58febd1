with invoice_lines as (
    select
        product_id,
        product_name,
        line_type,
        ordered_at,
        quantity > 0 and unit_price > 0 as is_sale
    from {{ ref('stg_online_retail__invoice_lines') }}
)

-- Write-offs carry remarks ("damaged", "?") where sales carry the name: the newest sale's
-- description counts, and only without one that of the newest other line.
select
    product_id,
    {{ max_by(
        'product_name',
        ['is_sale', 'ordered_at', 'product_name'],
        where='product_name is not null',
    ) }} as name,
    cast(null as varchar) as category,
    cast(null as decimal(18, 4)) as unit_cost,
    min(line_type) as line_type
from invoice_lines
where product_id is not null
group by product_id
