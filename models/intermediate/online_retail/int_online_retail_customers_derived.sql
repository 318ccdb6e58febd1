-- The source has no list of customers. A few bought from two countries: the newest invoice's
-- counts.
select
    customer_id,
    cast(null as varchar) as name,
    cast(null as varchar) as email,
    {{ max_by('country', ['ordered_at', 'country'], where='country is not null') }} as country,
    cast(null as timestamp) as signed_up_at,
    cast(null as varchar) as original_values,
    'invoice_lines' as _table_name,
    cast(null as varchar) as _load_id
from {{ ref('stg_online_retail__invoice_lines') }}
where customer_id is not null
group by customer_id
