-- What is in the files, from what was planted, not from what was written: one JSON document.

create view purchase_lines_judged as
select
    *,
    try_cast(quantity as integer) * unit_price - discount as amount,
    copy = 0
    and (is_product or sku = 'DELIVERY')
    and dirt in ('none', 'stray_spaces', 'duplicate_row') as is_countable
from purchase_lines;

select to_json({
    'seed': getvariable('seed')::bigint,
    'scale': getvariable('scale')::double,
    'files': {
        'shop/clients.csv': (
            select {
                'rows': count(*),
                'clients': count(*) filter (where copy = 0),
                'dirt': {
                    'duplicate_rows': count(*) filter (where copy > 0),
                    'missing_email': count(*) filter (where is_missing_email),
                    'missing_country': count(*) filter (where is_missing_country),
                    'stray_spaces': count(*) filter (where has_stray_spaces)
                },
                'date_formats': {
                    'iso': count(*) filter (where written_as = 'iso'),
                    'day_first': count(*) filter (where written_as = 'day_first'),
                    'month_name': count(*) filter (where written_as = 'month_name')
                }
            }
            from client_lines
        ),
        'shop/purchases.csv': (
            select {
                'rows': count(*),
                'receipts': (select count(*) from receipts),
                'rejected_rows': count(*) filter (where dirt = 'text_quantity'),
                'dirt': {
                    'duplicate_rows': count(*) filter (where copy > 0),
                    'missing_client_id': count(*) filter (where not is_known),
                    'stray_spaces': count(*) filter (where dirt = 'stray_spaces'),
                    'text_quantity': count(*) filter (where dirt = 'text_quantity'),
                    'impossible_date': count(*) filter (where dirt = 'impossible_date'),
                    'zero_quantity': count(*) filter (where dirt = 'zero_quantity'),
                    'negative_price': count(*) filter (where dirt = 'negative_price'),
                    'zero_price': count(*) filter (where dirt = 'zero_price')
                },
                -- what a careful reader gets out of the readable lines, in euros, duplicates once
                'figures': {
                    'gross_revenue': (
                        sum(amount) filter (where is_countable and kind = 'sale')
                    )::varchar,
                    'returns_amount': (
                        -sum(amount) filter (where is_countable and kind = 'return')
                    )::varchar,
                    'completed_lines': count(*) filter (where is_countable and kind = 'sale'),
                    'orders': count(distinct receipt_number) filter (
                        where is_countable and kind = 'sale'
                    )
                },
                'return_rows': count(*) filter (where kind = 'return'),
                'service_rows': count(*) filter (where sku = 'DELIVERY'),
                'adjustment_rows': count(*) filter (where not is_product and sku != 'DELIVERY'),
                'date_formats': {
                    'iso': count(*) filter (where written_as = 'iso'),
                    'day_first': count(*) filter (where written_as = 'day_first'),
                    'month_name': count(*) filter (where written_as = 'month_name')
                }
            }
            from purchase_lines_judged
        )
    },
    'resources': {
        'customers': {'rows': (
            select count(*) from shoppers
            where channel = 'web' and is_known
        )},
        'products': {'rows': (select count(*) from products)},
        'orders': (
            select {
                'rows': count(*),
                'sales': count(*) filter (where kind = 'sale'),
                'returns': count(*) filter (where kind = 'return'),
                'without_customer': count(*) filter (where customer_id is null),
                'children': {'lines': sum(len(lines))::bigint}
            }
            from web_order_documents
        ),
        'exchange_rates': {'rows': (select count(*) from exchange_rate_documents)},
        'events': {'rows': (select count(*) from event_documents)}
    }
}) as expected;
