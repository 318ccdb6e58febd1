{{ union_conforming('exchange_rates', {
    'rate_date': 'date',
    'currency': 'varchar',
    'reporting_currency': 'varchar',
    'exchange_rate': 'decimal(18, 8)',
}) }}
