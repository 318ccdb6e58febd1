-- Of products in the same order and month: int_baskets_across_months has the orders in several.
{{ config(
    materialized='external',
    partition_by='order_month',
    incremental={'follows': 'fct_order_lines'},
) }}

-- A number stands for the key in what is grouped and joined below. It counts along the keys, so
-- that the lesser number is the lesser key.
with candidates as (
    select
        product_key,
        cast(row_number() over (order by product_key) as uinteger) as product_number
    from {{ ref('int_affinity_candidates') }}
),

completed_lines as (
    select
        order_month,
        order_key,
        product_key
    from {{ ref('fct_order_lines') }}
    where
        {{ touched_only('order_month') }}
        and line_type = 'merchandise'
        and line_status = 'completed'
),

-- A product that stands twice on an order is in it once. The order keeps its own key: a hash of it
-- would be shorter, and one day two orders would share one.
baskets as (
    select
        completed_lines.order_month,
        completed_lines.order_key,
        candidates.product_number
    from completed_lines
    inner join candidates
        on completed_lines.product_key = candidates.product_key
    group by
        completed_lines.order_month,
        completed_lines.order_key,
        candidates.product_number
),

-- The pairs themselves are never kept, only counted.
pair_counts as (
    select
        baskets.order_month,
        baskets.product_number,
        other_baskets.product_number as other_product_number,
        count(*) as orders_together
    from baskets
    inner join baskets as other_baskets
        on
            baskets.order_key = other_baskets.order_key
            and baskets.order_month = other_baskets.order_month
            and baskets.product_number < other_baskets.product_number
    group by
        baskets.order_month,
        baskets.product_number,
        other_baskets.product_number
)

select
    pair_counts.order_month,
    products_of_pair.product_key,
    other_products_of_pair.product_key as other_product_key,
    pair_counts.orders_together
from pair_counts
inner join candidates as products_of_pair
    on pair_counts.product_number = products_of_pair.product_number
inner join candidates as other_products_of_pair
    on pair_counts.other_product_number = other_products_of_pair.product_number
