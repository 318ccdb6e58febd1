-- Law: no two customers have the same hash, by which int_sales_days_summed counts them. A row is a
-- hash that customers share.
select
    hash(customer_key) as customer_hash,
    min(customer_key) as one_customer_key,
    max(customer_key) as other_customer_key
from {{ ref('dim_customers') }}
group by hash(customer_key)
having count(*) > 1
