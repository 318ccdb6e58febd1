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
        key_columns=['invoice_no', 'stock_code'],
    ) | indent(4) }}
),

british_days as (
    {{ days_of_one_utc_offset('Europe/London') | indent(4) }}
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
    concat_ws(
        ':', cleaned.invoice_no, coalesce(cleaned.stock_code, 'unknown'), cleaned._twin
    ) as order_line_id,
    cleaned.invoice_no as order_id,
    coalesce(
        cleaned.invoiced_at_local - british_days.utc_offset,
        {{ local_to_utc('cleaned.invoiced_at_local', 'Europe/London') }}
    ) as ordered_at,
    cleaned.customer_id,
    cleaned.stock_code as product_id,
    cleaned.description as product_name,
    cast(null as varchar) as category,
    cleaned.country,
    'web' as channel,
    case
        when regexp_matches(cleaned.stock_code, '^([0-9]{5}|DCGS|SP)') then 'merchandise'
        when cleaned.stock_code in ('POST', 'DOT', 'C2', 'C3') then 'service'
        else 'adjustment'
    end as line_type,
    cleaned.invoice_no like 'C%' as is_cancellation,
    cleaned.quantity,
    cleaned.unit_price,
    cast(0 as decimal(18, 4)) as discount_amount,
    'GBP' as currency,
    cast(null as varchar) as set_aside_reason,
    cleaned.original_values,
    'invoice_lines' as _table_name,
    cleaned._load_id,
    cleaned._loaded_at
from cleaned
left join british_days
    on cast(cleaned.invoiced_at_local as date) = british_days.calendar_day
