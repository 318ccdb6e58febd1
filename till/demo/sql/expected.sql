-- What is in the files, from what was planted, not from what was written: one JSON document.
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
                    'iso': count(*) filter (where format_number = 1),
                    'day_first': count(*) filter (where format_number = 2),
                    'month_name': count(*) filter (where format_number = 3)
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
                'return_rows': count(*) filter (where kind = 'return'),
                'service_rows': count(*) filter (where sku = 'DELIVERY'),
                'adjustment_rows': count(*) filter (where not is_product and sku != 'DELIVERY'),
                'date_formats': {
                    'iso': count(*) filter (where format_number = 1 and dirt != 'impossible_date'),
                    'day_first': count(*) filter (where format_number = 2 and dirt != 'impossible_date'),
                    'month_name': count(*) filter (where format_number = 3 and dirt != 'impossible_date')
                }
            }
            from purchase_lines
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
