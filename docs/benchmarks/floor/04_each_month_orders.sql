-- $month is a month, or "across" for the invoices that several months share.
create or replace temp table month_lines as
select
    lines.order_key,
    lines.order_id,
    lines.ordered_at,
    lines.order_date,
    lines.customer_key,
    lines.product_key,
    products.product_number,
    lines.country_code,
    lines.line_type = 'merchandise' as is_merchandise,
    lines.line_type != 'adjustment' and lines.line_status = 'completed' as is_gross,
    lines.line_type != 'adjustment' and lines.line_status = 'returned' as is_returned,
    lines.quantity,
    lines.unit_price,
    lines.net_amount,
    twins.invoice_no is not null as is_twin
from read_parquet('$out/fct_order_lines/order_month=$month_glob/*.parquet') as lines
$filter join orders_across_months
    on lines.order_key = orders_across_months.order_key
inner join products
    on lines.product_key = products.product_key
left join (
    select distinct invoice_no, coalesce(stock_code, 'unknown') as stock_code
    from first_copies
    where twin != ''
) as twins
    on
        lines.order_id = twins.invoice_no
        and products.product_id = twins.stock_code;

create or replace temp table month_orders as
select
    'online_retail' as source_name,
    order_id,
    order_key,
    min(ordered_at) as ordered_at,
    min(order_date) as order_date,
    cast(date_trunc('month', min(order_date)) as date) as order_month,
    min(customer_key) as customer_key,
    coalesce(min(country_code) filter (where country_code != 'ZZ'), 'ZZ') as country_code,
    'web' as channel,
    'GBP' as currency,
    count(*) as lines,
    -- A stock code is on an order once, but for the twins.
    count(*) filter (where is_gross and is_merchandise and not is_twin)
    + count(distinct product_key) filter (where is_gross and is_merchandise and is_twin) as items,
    cast(coalesce(sum(quantity) filter (where is_gross and is_merchandise), 0) as decimal(18, 3))
        as units,
    cast(coalesce(sum(net_amount) filter (where is_gross), 0) as decimal(18, 4)) as gross_revenue,
    cast(coalesce(-sum(net_amount) filter (where is_returned), 0) as decimal(18, 4))
        as returns_amount,
    cast(coalesce(sum(net_amount) filter (where is_gross or is_returned), 0) as decimal(18, 4))
        as net_revenue,
    bool_or(is_gross) as is_completed,
    bool_or(is_returned) as has_returns
from month_lines
group by order_id, order_key;

copy month_orders to '$out/fct_orders' (
    format parquet, compression zstd, partition_by (order_month), write_partition_columns true,
    filename_pattern '$month-{i}', overwrite_or_ignore true
);

copy (
    select
        customers.customer_number,
        orders.order_date,
        orders.country_code,
        orders.items,
        orders.units,
        orders.gross_revenue,
        orders.returns_amount,
        orders.is_completed,
        orders.has_returns
    from month_orders as orders
    left join numbered_customers as customers
        on orders.customer_key = customers.customer_key
) to '$out/narrow_orders/$month.parquet' (format parquet, compression lz4);

copy (
    select
        cast(orders.rowid as integer) as order_number,
        month_lines.product_number,
        customers.customer_number,
        month_lines.country_code,
        month_lines.order_date,
        month_lines.is_gross,
        month_lines.is_twin,
        month_lines.quantity,
        month_lines.unit_price,
        month_lines.net_amount
    from month_lines
    inner join month_orders as orders
        on month_lines.order_key = orders.order_key
    left join numbered_customers as customers
        on month_lines.customer_key = customers.customer_key
    where month_lines.is_merchandise and (month_lines.is_gross or month_lines.is_returned)
) to '$out/narrow_lines/$month.parquet' (format parquet, compression lz4);
