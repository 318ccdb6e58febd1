with customers as (
    {{ union_conforming('customers', {
        'customer_id': 'varchar',
        'name': 'varchar',
        'email': 'varchar',
        'country': 'varchar',
        'signed_up_at': 'timestamp',
        'original_values': 'varchar',
        '_table_name': 'varchar',
        '_load_id': 'varchar',
    }) | indent(4) }}
)

select
    source_name,
    customer_id,
    name,
    email,
    country,
    signed_up_at,
    original_values,
    _table_name,
    _load_id,
    case when customer_id is null then 'no customer id' end as set_aside_reason
from customers
