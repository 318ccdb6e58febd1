-- Which of the best sold products were on the same orders.

create or replace temp table basket_products as
select distinct
    order_number,
    product_number,
    key_place
from read_parquet('$out/narrow_lines/$month.parquet')
inner join best_sold
    using (product_number)
where is_gross;

insert into month_pairs
select
    ours.product_number,
    other.product_number,
    count(*)
from basket_products as ours
inner join basket_products as other
    on ours.order_number = other.order_number and ours.key_place < other.key_place
group by all;
