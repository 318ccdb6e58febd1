with newest as (
    {{ newest_versions(
        source('webshop', 'exchange_rates'),
        key=['rate_id'],
        newest_first=['updated_at desc nulls last', '_load_id desc'],
    ) | indent(4) }}
)

select
    rate_id,
    cast(rate_date as date) as rate_date,
    nullif(upper(trim(currency)), '') as currency,
    nullif(upper(trim(reporting_currency)), '') as reporting_currency,
    cast(rate as decimal(18, 8)) as exchange_rate,
    cast(updated_at as timestamp) as updated_at,
    _load_id,
    _loaded_at
from newest
