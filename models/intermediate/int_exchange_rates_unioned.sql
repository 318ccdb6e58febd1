with exchange_rates as (
    {{ union_conforming('exchange_rates', {
        'rate_date': 'date',
        'currency': 'varchar',
        'reporting_currency': 'varchar',
        'exchange_rate': 'decimal(18, 8)',
    }) | indent(4) }}
)

-- Codes are matched with those of order lines: in one spelling, whatever staging made of them.
select
    source_name,
    rate_date,
    nullif(upper(trim(currency)), '') as currency,
    nullif(upper(trim(reporting_currency)), '') as reporting_currency,
    exchange_rate
from exchange_rates
