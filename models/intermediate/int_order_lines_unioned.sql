{%- set reporting_currency = var('reporting_currency') -%}

with business_days as (
    {{ days_of_one_utc_offset(var('business_timezone')) | indent(4) }}
),

order_lines as (
    select
        lines.source_name,
        lines.order_line_id,
        lines.order_id,
        lines.ordered_at,
        cast(
            coalesce(
                lines.ordered_at + business_days.utc_offset,
                {{ utc_to_local('lines.ordered_at', var('business_timezone')) }}
            ) as date
        ) as order_date,
        lines.source_name || ':' || lines.customer_id as customer_key,
        coalesce(lines.product_id, 'unknown') as product_id,
        lines.product_name as line_product_name,
        lines.category as line_product_category,
        lines.country,
        lines.channel,
        lines.line_type,
        lines.is_cancellation,
        lines.quantity,
        lines.unit_price,
        -- A discount goes with the goods: what was taken off a sale is given back on its return.
        case
            when lines.quantity < 0 then -abs(lines.discount_amount)
            else lines.discount_amount
        end as discount_amount,
        lines.currency
    from {{ ref('int_order_lines_conformed') }} as lines
    left join business_days
        on cast(lines.ordered_at as date) = business_days.calendar_day
    where lines.set_aside_reason is null
),

product_line_types as (
    select
        source_name,
        product_id,
        line_type
    from {{ ref('product_line_types') }}
),

customers as (
    select
        customer_key,
        country_code
    from {{ ref('int_customers_unioned') }}
),

country_spellings as (
    select
        spelling,
        country_code
    from {{ ref('int_country_spellings_unioned') }}
),

exchange_rates as (
    select
        currency,
        order_date,
        exchange_rate
    from {{ ref('int_exchange_rates_filled') }}
),

enriched as (
    select
        order_lines.source_name,
        order_lines.order_line_id,
        order_lines.order_id,
        order_lines.ordered_at,
        order_lines.order_date,
        order_lines.customer_key,
        order_lines.product_id,
        order_lines.line_product_name,
        order_lines.line_product_category,
        order_lines.channel,
        order_lines.quantity,
        order_lines.unit_price,
        order_lines.discount_amount,
        order_lines.currency,
        -- What the line says counts, even when it cannot be mapped; only where it says nothing
        -- does the customer's country stand in.
        case
            when order_lines.country is null then coalesce(customers.country_code, 'ZZ')
            else coalesce(country_spellings.country_code, 'ZZ')
        end as country_code,
        coalesce(order_lines.line_type, product_line_types.line_type, 'merchandise') as line_type,
        case
            when order_lines.is_cancellation then 'returned'
            when order_lines.quantity < 0 and order_lines.unit_price > 0 then 'returned'
            when order_lines.quantity > 0 and order_lines.unit_price > 0 then 'completed'
            else 'void'
        end as line_status,
        case
            when order_lines.currency = '{{ reporting_currency }}' then 1
            else exchange_rates.exchange_rate
        end as exchange_rate
    from order_lines
    left join product_line_types
        on
            order_lines.source_name = product_line_types.source_name
            and order_lines.product_id = product_line_types.product_id
    left join customers
        on order_lines.customer_key = customers.customer_key
    left join country_spellings
        on lower(order_lines.country) = country_spellings.spelling
    left join exchange_rates
        on
            order_lines.currency = exchange_rates.currency
            and order_lines.order_date = exchange_rates.order_date
)

select
    source_name,
    source_name || ':' || order_line_id as order_line_key,
    source_name || ':' || order_id as order_key,
    order_id,
    ordered_at,
    order_date,
    cast(date_trunc('month', order_date) as date) as order_month,
    customer_key,
    source_name || ':' || product_id as product_key,
    line_product_name,
    line_product_category,
    country_code,
    channel,
    line_type,
    line_status,
    quantity,
    unit_price,
    discount_amount,
    currency,
    cast(exchange_rate as decimal(18, 8)) as exchange_rate,
    -- Wide decimals before each product: one of two decimal(18) overflows at 18 digits. They take a
    -- hundred times as long, so ordinary amounts in the shop's own currency go without. The casts
    -- back round half away from zero.
    case
        when currency = '{{ reporting_currency }}' then unit_price
        else cast(cast(unit_price as decimal(38, 4)) * exchange_rate as decimal(18, 4))
    end as reporting_unit_price,
    case
        when
            currency = '{{ reporting_currency }}'
            and abs(quantity) < 1000000
            and abs(unit_price) < 100000
            and abs(discount_amount) < 100000
            then cast(quantity * unit_price - discount_amount as decimal(18, 4))
        else
            cast(
                (cast(quantity as decimal(38, 3)) * unit_price - discount_amount) * exchange_rate
                as decimal(18, 4)
            )
    end as net_amount
from enriched
