with deduplicated as (
    {{ newest_versions(
        source('shop', 'clients'),
        key=["nullif(trim(client_id), '')"],
        newest_first=[
            '_load_id desc',
            "len(concat_ws('', trim(name), trim(email), trim(country), trim(signup_date))) desc",
        ],
    ) | indent(4) }}
)

select
    nullif(trim(client_id), '') as customer_id,
    nullif(trim(name), '') as name,
    nullif(lower(trim(email)), '') as email,
    nullif(trim(country), '') as country,
    {{ local_to_utc(
        "try_strptime(
            trim(signup_date),
            [
                '%Y-%m-%d %H:%M:%S', '%d/%m/%Y %H:%M', '%b %-d %Y %-I:%M%p',
                '%Y-%m-%d', '%d/%m/%Y', '%b %-d %Y'
            ]
        )",
        var('business_timezone'),
    ) }} as signed_up_at,
    cast(to_json(deduplicated) as varchar) as original_values,
    'clients' as _table_name,
    _load_id,
    _loaded_at
from deduplicated
