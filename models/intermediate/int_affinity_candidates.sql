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
)

select products_ranked.product_key
from products_ranked
{%- if is_incremental() %}
anti join {{ this }} as candidates
    on products_ranked.product_key = candidates.product_key
{%- endif %}
where
    products_ranked.orders_rank <= {{ products + spare_products }}
    {%- if is_incremental() %}
    and exists (
        select products_taken.product_key
        from products_ranked as products_taken
        anti join {{ this }} as candidates
            on products_taken.product_key = candidates.product_key
        where products_taken.orders_rank <= {{ products }}
    )
    {%- endif %}
