-- Law: the shares of all products, and of all countries, sum to 1 within 1e-9. Where nothing was sold
-- at all there are no shares.
with sums as (
    select
        'product_kpis' as table_name,
        sum(market_share) as market_shares
    from {{ ref('product_kpis') }}
    union all
    select
        'country_kpis' as table_name,
        sum(market_share) as market_shares
    from {{ ref('country_kpis') }}
)

select
    table_name,
    market_shares
from sums
where abs(market_shares - 1) > 1e-9
