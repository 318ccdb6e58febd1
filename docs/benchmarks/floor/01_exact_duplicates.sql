-- Which lines of the raw files count: an exact copy of a row does not.

create view raw_lines as
select
    nullif(trim(invoice_no), '') as invoice_no,
    nullif(trim(stock_code), '') as stock_code,
    nullif(trim(description), '') as description,
    quantity,
    invoice_date,
    unit_price,
    nullif(regexp_replace(trim(customer_id), '\.0$', ''), '') as customer_id,
    nullif(trim(country), '') as country,
    _file,
    load_id,
    invoice_no as raw_invoice_no,
    stock_code as raw_stock_code,
    description as raw_description,
    customer_id as raw_customer_id,
    country as raw_country
from read_parquet('$raw')
where
    nullif(trim(invoice_no), '') is not null
    and invoice_date between timestamp '1990-01-01' and now()::timestamp + interval 1 day;

-- One pass over two columns finds the invoices that need a closer look: each stock code sets one of 127
-- bits, so an invoice with as many bits as lines has no stock code twice. And those whose lines lie in
-- two months, which the pass month by month must leave out.
create temp table suspects as
select
    nullif(trim(invoice_no), '') as invoice_no,
    bit_count(bit_or(1::hugeint << cast(hash(stock_code) % 127 as integer))) < count(*)
        as may_repeat,
    min(date_trunc('month', invoice_date)) < max(date_trunc('month', invoice_date)) as crosses
from read_parquet('$raw')
group by 1
having may_repeat or crosses;

create temp table repeated_keys as
select
    raw_lines.invoice_no,
    coalesce(raw_lines.stock_code, 'unknown') as stock_code
from raw_lines
semi join (from suspects where may_repeat) as suspects
    on raw_lines.invoice_no = suspects.invoice_no
group by all
having count(*) > 1;

create temp table orders_across_months as
select 'online_retail:' || invoice_no as order_key
from suspects
where crosses;

drop table suspects;

create temp table first_copies as
with copies as (
    select
        raw_lines.*,
        md5(cast(row(
            raw_invoice_no, raw_stock_code, raw_description, quantity, invoice_date, unit_price,
            raw_customer_id, raw_country
        ) as varchar)) as content,
        row_number() over (
            partition by raw_lines.invoice_no, raw_stock_code, raw_description, quantity,
                invoice_date, unit_price, raw_customer_id, raw_country
            order by load_id, _file
        ) as copy
    from raw_lines
    semi join repeated_keys
        on
            raw_lines.invoice_no = repeated_keys.invoice_no
            and coalesce(raw_lines.stock_code, 'unknown') = repeated_keys.stock_code
)

select
    * exclude (content, copy),
    case
        when count(*) over (partition by invoice_no, coalesce(stock_code, 'unknown')) > 1
            then ':' || left(content, 8)
        else ''
    end as twin
from copies
where copy = 1;
