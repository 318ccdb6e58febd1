with rates as (
    select
        source_name,
        rate_date,
        currency,
        exchange_rate
    from {{ ref('int_exchange_rates_unioned') }}
    where
        reporting_currency = '{{ var("reporting_currency") }}'
        and rate_date is not null
        and exchange_rate is not null
),

rates_ranked as (
    select
        currency,
        rate_date,
        exchange_rate,
        row_number() over (
            partition by currency, rate_date
            order by source_name, exchange_rate
        ) as source_rank
    from rates
),

-- Two sources may tell the same rate: the first by name counts. One source that tells two (a test
-- stops the build) must not give a figure that depends on which it told first: the lower counts.
one_per_day as (
    select
        currency,
        rate_date,
        exchange_rate,
        lead(rate_date) over (partition by currency order by rate_date) as next_rate_date
    from rates_ranked
    where source_rank = 1
),

-- No plausible order is younger than the newest load and a day (int_order_lines_conformed).
last_day as (
    select cast({{ dbt.dateadd('day', 2, 'max(cast(finished_at as date))') }} as date) as last_date
    from {{ source('till', 'load_manifest') }}
),

with_validity as (
    select
        one_per_day.currency,
        one_per_day.rate_date,
        one_per_day.exchange_rate,
        coalesce(
            cast({{ dbt.dateadd('day', -1, 'one_per_day.next_rate_date') }} as date),
            greatest(one_per_day.rate_date, last_day.last_date)
        ) as valid_until
    from one_per_day
    cross join last_day
)

select
    currency,
    {{ each_day('rate_date', 'valid_until') }} as order_date,
    rate_date,
    exchange_rate
from with_validity
