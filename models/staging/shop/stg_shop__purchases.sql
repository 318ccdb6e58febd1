{%- set source_columns = [
    'receipt_no', 'purchase_date', 'client_id', 'sku', 'product', 'category',
    'quantity', 'unit_price', 'discount', 'currency',
] -%}

with deduplicated as (
    {{ without_exact_duplicates(
        source('shop', 'purchases'),
        columns=source_columns,
        key=[
            "nullif(trim(receipt_no), '')",
            "coalesce(nullif(trim(sku), ''), 'unknown')",
        ],
        key_columns=['receipt_no', 'sku'],
    ) | indent(4) }}
),

cleaned as (
    select
        nullif(trim(receipt_no), '') as receipt_no,
        -- The tills write three formats; a day that does not exist (31/02) is none of them.
        {{ timestamp_of_text(
            'trim(purchase_date)',
            ['%Y-%m-%d %H:%M:%S', '%d/%m/%Y %H:%M', '%b %-d %Y %-I:%M%p'],
        ) }} as purchased_at_local,
        nullif(trim(client_id), '') as client_id,
        nullif(trim(sku), '') as sku,
        nullif(trim(product), '') as product,
        nullif(trim(category), '') as category,
        cast(quantity as decimal(18, 3)) as quantity,
        cast(unit_price as decimal(18, 4)) as unit_price,
        cast(discount as decimal(18, 4)) as discount,
        nullif(upper(trim(currency)), '') as currency,
        {{ row_as_json('deduplicated') }} as original_values,
        _twin,
        _load_id,
        _loaded_at
    from deduplicated
)

select
    concat_ws(':', receipt_no, coalesce(sku, 'unknown'), _twin) as order_line_id,
    receipt_no as order_id,
    {{ local_to_utc('purchased_at_local', var('business_timezone')) }} as ordered_at,
    client_id as customer_id,
    sku as product_id,
    product as product_name,
    category,
    -- A till knows no country: that of the client counts.
    cast(null as varchar) as country,
    'store' as channel,
    cast(null as varchar) as line_type,
    false as is_cancellation,
    quantity,
    unit_price,
    coalesce(discount, 0) as discount_amount,
    currency,
    cast(null as varchar) as set_aside_reason,
    original_values,
    'purchases' as _table_name,
    _load_id,
    _loaded_at
from cleaned
