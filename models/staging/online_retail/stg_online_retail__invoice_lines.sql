{%- set source_columns = [
    'invoice_no', 'stock_code', 'description', 'quantity', 'invoice_date', 'unit_price',
    'customer_id', 'country',
] -%}

with deduplicated as (
    {{ without_exact_duplicates(
        source('online_retail', 'invoice_lines'),
        columns=source_columns,
        key=[
            "nullif(trim(invoice_no), '')",
            "coalesce(nullif(trim(stock_code), ''), 'unknown')",
        ],
    ) | indent(4) }}
),

cleaned as (
    select
        nullif(trim(invoice_no), '') as invoice_no,
        nullif(trim(stock_code), '') as stock_code,
        nullif(trim(description), '') as description,
        cast(quantity as decimal(18, 3)) as quantity,
        cast(invoice_date as timestamp) as invoiced_at_local,
        cast(unit_price as decimal(18, 4)) as unit_price,
        -- Customer numbers went through a spreadsheet that made them fractions: 12708.0.
        nullif(regexp_replace(trim(customer_id), '\.0$', ''), '') as customer_id,
        nullif(trim(country), '') as country,
        {{ row_as_json('deduplicated') }} as original_values,
        _twin,
        _load_id,
        _loaded_at
    from deduplicated
)

select
    concat_ws(':', invoice_no, coalesce(stock_code, 'unknown'), _twin) as order_line_id,
    invoice_no as order_id,
    {{ local_to_utc('invoiced_at_local', 'Europe/London') }} as ordered_at,
    customer_id,
    stock_code as product_id,
    description as product_name,
    cast(null as varchar) as category,
    country,
    'web' as channel,
    case
        when regexp_matches(stock_code, '^([0-9]{5}|DCGS|SP)') then 'merchandise'
        when stock_code in ('POST', 'DOT', 'C2', 'C3') then 'service'
        else 'adjustment'
    end as line_type,
    invoice_no like 'C%' as is_cancellation,
    quantity,
    unit_price,
    cast(0 as decimal(18, 4)) as discount_amount,
    'GBP' as currency,
    cast(null as varchar) as set_aside_reason,
    original_values,
    'invoice_lines' as _table_name,
    _load_id,
    _loaded_at
from cleaned
