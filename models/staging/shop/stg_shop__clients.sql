with deduplicated as (
    {{ newest_versions(
        source('shop', 'clients'),
        key=["nullif(trim(client_id), '')"],
        newest_first=[
            '_load_id desc',
            "length(concat_ws('', trim(name), trim(email), trim(country), trim(signup_date))) desc",
        ],
    ) | indent(4) }}
),

cleaned as (
    select
        nullif(trim(client_id), '') as customer_id,
        nullif(trim(name), '') as name,
        nullif(lower(trim(email)), '') as email,
        nullif(trim(country), '') as country,
        -- With the time of day or without it, in the formats of the tills.
        {{ timestamp_of_text(
            'trim(signup_date)',
            [
                '%Y-%m-%d %H:%M:%S', '%d/%m/%Y %H:%M', '%b %-d %Y %-I:%M%p',
                '%Y-%m-%d', '%d/%m/%Y', '%b %-d %Y',
            ],
        ) }} as signed_up_at_local,
        {{ row_as_json('deduplicated') }} as original_values,
        _load_id,
        _loaded_at
    from deduplicated
)

select
    customer_id,
    name,
    email,
    country,
    {{ local_to_utc('signed_up_at_local', var('business_timezone')) }} as signed_up_at,
    original_values,
    'clients' as _table_name,
    _load_id,
    _loaded_at
from cleaned
