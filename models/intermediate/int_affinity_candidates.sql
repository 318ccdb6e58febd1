-- The products whose pairs are counted month by month: some more than product_affinities takes, so
-- that they stay the same while ranks change from day to day. Only when one that it takes is not
-- among them are those of today added, and all months counted anew.
{{ config(materialized='incremental', incremental_strategy='append') }}

{%- set products = var('affinity_max_products') %}
{%- set spare_products = products // 5 %}

with products_ranked as (
    select
        product_key,
        row_number() over (order by orders desc, product_key asc) as orders_rank
    from {{ ref('product_kpis') }}
    where orders > 0
),

candidates as (
    {% if is_incremental() %}
        select product_key
        from {{ this }}
    {% else %}
        select product_key
        from products_ranked
        where false
    {% endif %}
),

products_to_add as (
    select products_ranked.*
    from products_ranked
    anti join candidates
        on products_ranked.product_key = candidates.product_key
),

first_to_add as (
    select min(orders_rank) as orders_rank
    from products_to_add
)

select to_add.product_key
from products_to_add as to_add
cross join first_to_add
where
    to_add.orders_rank <= {{ products + spare_products }}
    and first_to_add.orders_rank <= {{ products }}
