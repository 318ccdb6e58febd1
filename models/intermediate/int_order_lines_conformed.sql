with order_lines as (
    {{ union_conforming('order_lines', {
        'order_line_id': 'varchar',
        'order_id': 'varchar',
        'ordered_at': 'timestamp',
        'customer_id': 'varchar',
        'product_id': 'varchar',
        'product_name': 'varchar',
        'category': 'varchar',
        'country': 'varchar',
        'channel': 'varchar',
        'line_type': 'varchar',
        'is_cancellation': 'boolean',
        'quantity': 'decimal(18, 3)',
        'unit_price': 'decimal(18, 4)',
        'discount_amount': 'decimal(18, 4)',
        'currency': 'varchar',
        'set_aside_reason': 'varchar',
        'original_values': 'varchar',
        '_table_name': 'varchar',
        '_load_id': 'varchar',
        '_loaded_at': 'timestamp',
    }) | indent(4) }}
)

select
    * replace (
        case
            when set_aside_reason is not null then set_aside_reason
            when order_id is null then 'no order id'
            when ordered_at is null then 'unreadable date'
            when {{ is_implausible('ordered_at') }} then 'implausible date'
        end as set_aside_reason,
        -- Matched with those of the rates: in one spelling, whatever staging made of it.
        nullif(upper(trim(currency)), '') as currency
    )
from order_lines
