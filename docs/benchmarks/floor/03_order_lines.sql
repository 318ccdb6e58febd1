-- Every line that counts, cleaned and with its country, by month.

copy (
    with lines as (
        select * exclude (load_id, _file), '' as twin
        from raw_lines
        anti join repeated_keys
            on
                raw_lines.invoice_no = repeated_keys.invoice_no
                and coalesce(raw_lines.stock_code, 'unknown') = repeated_keys.stock_code
        union all
        select * exclude (load_id, _file)
        from first_copies
    )

    select
        'online_retail' as source_name,
        'online_retail:' || lines.invoice_no || ':' || coalesce(lines.stock_code, 'unknown')
        || lines.twin as order_line_key,
        'online_retail:' || lines.invoice_no as order_key,
        lines.invoice_no as order_id,
        lines.invoice_date at time zone 'Europe/London' at time zone 'UTC' as ordered_at,
        cast(lines.invoice_date as date) as order_date,
        cast(date_trunc('month', lines.invoice_date) as date) as order_month,
        'online_retail:' || lines.customer_id as customer_key,
        'online_retail:' || coalesce(lines.stock_code, 'unknown') as product_key,
        case
            when lines.country is null
                then coalesce((
                    select customers.country_code
                    from numbered_customers as customers
                    where customers.customer_id = lines.customer_id and lines.country is null
                ), 'ZZ')
            else coalesce(spellings.country_code, 'ZZ')
        end as country_code,
        'web' as channel,
        case
            when regexp_matches(lines.stock_code, '^([0-9]{5}|DCGS|SP)') then 'merchandise'
            when lines.stock_code in ('POST', 'DOT', 'C2', 'C3') then 'service'
            else 'adjustment'
        end as line_type,
        case
            when starts_with(lines.invoice_no, 'C') then 'returned'
            when lines.quantity < 0 and lines.unit_price > 0 then 'returned'
            when lines.quantity > 0 and lines.unit_price > 0 then 'completed'
            else 'void'
        end as line_status,
        cast(lines.quantity as decimal(18, 3)) as quantity,
        lines.unit_price,
        cast(0 as decimal(18, 4)) as discount_amount,
        'GBP' as currency,
        cast(1 as decimal(18, 8)) as exchange_rate,
        lines.unit_price as reporting_unit_price,
        cast(lines.quantity * cast(lines.unit_price as decimal(38, 4)) as decimal(18, 4))
            as net_amount
    from lines
    left join spellings
        on lower(lines.country) = spellings.spelling
) to '$out/fct_order_lines' (
    format parquet, compression zstd, partition_by (order_month), write_partition_columns true
);
