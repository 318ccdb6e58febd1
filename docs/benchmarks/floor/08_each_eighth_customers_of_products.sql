-- Pairs of product and customer are nearly as many as lines: an eighth of the products at a time.
insert into product_customers
select product_number, count(*)
from (
    select product_number, customer_number
    from lines
    where is_gross and customer_number is not null and product_number % 8 = $eighth
    group by all
)
group by product_number;
