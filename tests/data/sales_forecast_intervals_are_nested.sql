-- Law: 95 per cent hold no less than 80, and both hold the forecast itself.
select
    forecast_date,
    lower_95_net_revenue,
    lower_80_net_revenue,
    net_revenue,
    upper_80_net_revenue,
    upper_95_net_revenue
from {{ ref('sales_forecast') }}
where
    lower_95_net_revenue > lower_80_net_revenue
    or lower_80_net_revenue > net_revenue
    or net_revenue > upper_80_net_revenue
    or upper_80_net_revenue > upper_95_net_revenue
    or (net_revenue is null) != (lower_95_net_revenue is null)
    or (net_revenue is null) != (upper_95_net_revenue is null)
