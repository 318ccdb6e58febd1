{%- set as_of_date = var('as_of_date') -%}

with bounds as (
    select
        date_trunc('year', min(order_date)) as first_day,
        date_trunc('year', {% if as_of_date -%}
            greatest(max(order_date), date '{{ as_of_date }}')
        {%- else -%}
            max(order_date)
        {%- endif %}) + interval 1 year - interval 1 day as last_day
    from {{ ref('fct_order_lines') }}
),

days as (
    select cast(unnest(generate_series(first_day, last_day, interval 1 day)) as date) as date_day
    from bounds
),

public_holidays as (
    select
        holiday_date,
        min(holiday_name) as holiday_name
    from {{ ref('public_holidays') }}
    where country_code = '{{ var("business_country_code") }}'
    group by holiday_date
),

-- Years that the seed does not cover have no answer, which is not the same as no holiday.
covered_years as (
    select distinct year(holiday_date) as covered_year
    from public_holidays
)

select
    days.date_day,
    cast(year(days.date_day) as integer) as year,
    cast(quarter(days.date_day) as integer) as quarter,
    cast(month(days.date_day) as integer) as month,
    cast(date_trunc('month', days.date_day) as date) as month_start,
    strftime(days.date_day, '%B') as month_name,
    cast(date_trunc('week', days.date_day) as date) as week_start,
    cast(isoyear(days.date_day) as integer) as iso_year,
    cast(weekofyear(days.date_day) as integer) as iso_week,
    cast(isodow(days.date_day) as integer) as weekday,
    strftime(days.date_day, '%A') as weekday_name,
    isodow(days.date_day) >= 6 as is_weekend,
    case
        when covered_years.covered_year is not null then public_holidays.holiday_date is not null
    end as is_public_holiday,
    public_holidays.holiday_name as public_holiday_name
from days
left join public_holidays
    on days.date_day = public_holidays.holiday_date
left join covered_years
    on year(days.date_day) = covered_years.covered_year
