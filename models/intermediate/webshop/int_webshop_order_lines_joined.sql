with order_lines as (
    select
        order_id,
        line_id,
        product_id,
        quantity,
        unit_price,
        discount_amount,
        order_updated_at,
        original_values,
        _load_id,
        _loaded_at
    from {{ ref('stg_webshop__order_lines') }}
),

orders as (
    select
        order_id,
        kind,
        customer_id,
        ordered_at,
        country,
        channel,
        currency,
        updated_at,
        _load_id
    from {{ ref('stg_webshop__orders') }}
)

select
    order_lines.order_id || ':' || order_lines.line_id as order_line_id,
    order_lines.order_id,
    orders.ordered_at,
    orders.customer_id,
    order_lines.product_id,
    -- The web shop has a list of products: its lines carry the number alone.
    cast(null as varchar) as product_name,
    cast(null as varchar) as category,
    orders.country,
    orders.channel,
    cast(null as varchar) as line_type,
    coalesce(orders.kind = 'return', false) as is_cancellation,
    order_lines.quantity,
    order_lines.unit_price,
    coalesce(order_lines.discount_amount, 0) as discount_amount,
    orders.currency,
    -- Lines carry the version of the order they came with; the newest order has the last word,
    -- also when it has no lines left.
    case
        when orders.order_id is null then 'line of no newest order'
    end as set_aside_reason,
    order_lines.original_values,
    'orders__lines' as _table_name,
    order_lines._load_id,
    order_lines._loaded_at
from order_lines
left join orders
    on
        order_lines.order_id = orders.order_id
        and order_lines.order_updated_at is not distinct from orders.updated_at
        and order_lines._load_id = orders._load_id
