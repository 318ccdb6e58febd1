{{ config(partition_by='order_month', incremental={'follows': 'fct_order_lines'}) }}

{#- By hashes first: the keys of all orders would not fit into memory. -#}
{%- set lines_of_orders_across_months %}
    with suspects as (
        select hash(order_key) as key_hash
        from {{ ref('fct_order_lines') }}
        group by hash(order_key)
        having min(order_month) != max(order_month)
    ),

    found as (
        select order_lines.order_key
        from {{ ref('fct_order_lines') }} as order_lines
        semi join suspects
            on hash(order_lines.order_key) = suspects.key_hash
        group by order_lines.order_key
        having min(order_lines.order_month) != max(order_lines.order_month)
    )

    select order_lines.*
    from {{ ref('fct_order_lines') }} as order_lines
    semi join found
        on order_lines.order_key = found.order_key
{%- endset %}

-- An order belongs to the month of its first line; others of its lines may lie in later months.
with touched_lines as (
    select *
    from {{ ref('fct_order_lines') }}
    where {{ touched_only('order_month') }}
),

touched_orders as (
    select order_key
    from touched_lines
),

-- An order that changed has no line in an untouched month: of the others, this mart knows how far
-- they reach. Mostly no order does, and then no key has to be read.
months_of_orders_across_months as (
    select distinct
        order_month,
        order_month + interval 1 month as next_month
    from {{ former_rows({
        'order_month': 'date', 'order_date': 'date', 'last_line_date': 'date',
    }) }} as former_orders
    where
        -- Of the few that this leaves alone the months have to be worked out.
        last_line_date > order_date
        and last_line_date >= order_month + interval 1 month
),

former_orders_across_months as (
    select former_orders.order_key
    from {{ former_rows({
        'order_key': 'varchar', 'order_month': 'date', 'last_line_date': 'date',
    }) }} as former_orders
    semi join months_of_orders_across_months as months
        on
            former_orders.order_month = months.order_month
            and former_orders.last_line_date >= months.next_month
    semi join touched_orders
        on former_orders.order_key = touched_orders.order_key
),

-- Only a whole build has to look for them, once for all months.
lines_across_months as (
    {{ once(lines_of_orders_across_months) }}

    union all

    select every_line.*
    from {{ ref('fct_order_lines') }} as every_line
    semi join former_orders_across_months
        on every_line.order_key = former_orders_across_months.order_key
),

lines_to_sum as (
    select *
    from touched_lines

    union all

    select elsewhere.*
    from lines_across_months as elsewhere
    semi join touched_orders
        on elsewhere.order_key = touched_orders.order_key
    where not {{ touched_only('elsewhere.order_month') }}
),

order_lines as (
    select
        source_name,
        order_id,
        order_key,
        ordered_at,
        order_date,
        customer_key,
        product_key,
        country_code,
        channel,
        currency,
        quantity,
        net_amount,
        line_type,
        line_type in ('merchandise', 'service') and line_status = 'completed' as is_gross,
        line_type in ('merchandise', 'service') and line_status = 'returned' as is_returned
    from lines_to_sum
),

orders as (
    select
        order_key,
        -- The key says both; to group by it alone is quicker.
        any_value(source_name) as source_name,
        any_value(order_id) as order_id,
        -- The lines of an order may be some minutes apart: it begins with the first.
        min(ordered_at) as ordered_at,
        min(order_date) as order_date,
        max(order_date) as last_line_date,
        min(customer_key) as customer_key,
        coalesce(min(customer_key) != max(customer_key), false) as has_several_customers,
        coalesce(min(country_code) filter (where country_code != 'ZZ'), 'ZZ') as country_code,
        min(channel) as channel,
        min(currency) as currency,
        -- The name of the contract; DuckDB keeps it for nothing.
        count(*) as lines,
        count(distinct product_key) filter (where is_gross and line_type = 'merchandise') as items,
        sum(quantity) filter (where is_gross and line_type = 'merchandise') as units,
        sum(net_amount) filter (where is_gross) as gross_revenue,
        -sum(net_amount) filter (where is_returned) as returns_amount,
        count(*) filter (where (is_gross or is_returned) and net_amount is null)
            as lines_without_amount,
        bool_or(is_gross) as is_completed,
        bool_or(is_returned) as has_returns
    from order_lines
    group by order_key
)

select
    source_name,
    order_id,
    order_key,
    ordered_at,
    order_date,
    last_line_date,
    cast(date_trunc('month', order_date) as date) as order_month,
    customer_key,
    has_several_customers,
    country_code,
    channel,
    currency,
    lines,
    lines_without_amount,
    items,
    cast(coalesce(units, 0) as decimal(18, 3)) as units,
    cast(coalesce(gross_revenue, 0) as decimal(18, 4)) as gross_revenue,
    cast(coalesce(returns_amount, 0) as decimal(18, 4)) as returns_amount,
    cast(coalesce(gross_revenue, 0) - coalesce(returns_amount, 0) as decimal(18, 4)) as net_revenue,
    is_completed,
    has_returns
from orders
