-- Law: the 90 days after as_of_date, each once, and none where there is no order yet.
with span as (
    select
        as_of_date,
        case when as_of_date is null then 0 else 90 end as days_expected
    from {{ ref('int_as_of_date') }}
),

forecast as (
    select
        count(*) as days_forecast,
        min(forecast_date) as first_day,
        max(forecast_date) as last_day,
        count(*) filter (where net_revenue is null and status != 'too_little_history')
            as days_without_figures
    from {{ ref('sales_forecast') }}
)

select
    span.as_of_date,
    span.days_expected,
    forecast.days_forecast,
    forecast.first_day,
    forecast.last_day,
    forecast.days_without_figures
from span
cross join forecast
where
    forecast.days_forecast != span.days_expected
    or forecast.first_day != span.as_of_date + 1
    or forecast.last_day != span.as_of_date + 90
    or forecast.days_without_figures > 0
