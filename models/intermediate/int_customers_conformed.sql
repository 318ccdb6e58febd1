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
    *,
    case when customer_id is null then 'no customer id' end as set_aside_reason
from customers
