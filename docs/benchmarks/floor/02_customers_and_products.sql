-- Who bought and what was sold, with a number each, and the two dimensions.

create temp table country_names as
from read_csv('$seeds/countries.csv', nullstr = '');

create temp table spellings as
select lower(country_alias) as spelling, country_code from read_csv('$seeds/country_aliases.csv')
union
select lower(unnest([country_code, alpha_3_code, country_name])) as spelling, country_code
from country_names;

-- Copies of a row change nothing here, so the raw lines will do.
-- Two steps: the newest line is looked for among a few countries or names, not among all lines.
create temp table customers as
with customer_countries as (
    select
        customer_id,
        country,
        max(invoice_date) as last_seen
    from raw_lines
    where customer_id is not null
    group by all
)

select
    'online_retail:' || customer_id as customer_key,
    customer_id,
    arg_max(country, (last_seen, country)) filter (where country is not null) as country
from customer_countries
group by customer_id;

create temp table numbered_customers as
select
    customers.*,
    cast(row_number() over () as integer) as customer_number,
    coalesce(spellings.country_code, 'ZZ') as country_code
from customers
left join spellings
    on lower(customers.country) = spellings.spelling;

drop table customers;

create temp table products as
with product_names as (
    select
        stock_code,
        description,
        quantity > 0 and unit_price > 0 as is_sale,
        max(invoice_date) as last_seen
    from raw_lines
    group by all
)

select
    'online_retail:' || coalesce(stock_code, 'unknown') as product_key,
    coalesce(stock_code, 'unknown') as product_id,
    arg_max(description, (is_sale, last_seen, description))
        filter (where description is not null) as product_name,
    case
        when regexp_matches(product_id, '^([0-9]{5}|DCGS|SP)') then 'merchandise'
        when product_id in ('POST', 'DOT', 'C2', 'C3') then 'service'
        else 'adjustment'
    end as line_type,
    cast(row_number() over () as integer) as product_number
from product_names
group by all;

copy (
    select
        customers.customer_key,
        'online_retail' as source_name,
        customers.customer_id,
        cast(null as varchar) as customer_name,
        cast(null as varchar) as email,
        customers.country_code,
        country_names.country_name,
        cast(null as timestamp) as signed_up_at,
        cast(null as date) as signed_up_date
    from numbered_customers as customers
    left join country_names
        on customers.country_code = country_names.country_code
) to '$out/dim_customers.parquet' (format parquet, compression zstd);

copy (
    select
        product_key,
        'online_retail' as source_name,
        product_id,
        coalesce(product_name, product_id) as product_name,
        cast(null as varchar) as category,
        cast(null as decimal(18, 4)) as unit_cost,
        line_type
    from products
) to '$out/dim_products.parquet' (format parquet, compression zstd);
