{%- set as_of_date = var('as_of_date') -%}
{%- if var('first_day_of_week') != 'Monday' -%}
    {%- do exceptions.raise_compiler_error(
        "first_day_of_week is " ~ var('first_day_of_week') ~ ": weeks are those of ISO 8601, which"
        ~ " begin on Monday; set it to Monday again (docs/metrics.md)"
    ) -%}
{%- endif -%}

with span as (
    select
        min(order_date) as first_order_date,
        {% if as_of_date -%}
            greatest(max(order_date), date '{{ as_of_date }}') as last_date
        {%- else -%}
            max(order_date) as last_date
        {%- endif %}
    from {{ ref('fct_order_lines') }}
),

-- Whole years, so that every week, month and quarter of the data stands there with all its days.
bounds as (
    select
        cast({{ dbt.date_trunc('year', 'first_order_date') }} as date) as first_day,
        {{ dbt.last_day('last_date', 'year') }} as last_day
    from span
),

days as (
    select {{ each_day('first_day', 'last_day') }} as date_day
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
    select distinct extract(year from holiday_date) as covered_year
    from public_holidays
)

select
    days.date_day,
    cast(extract(year from days.date_day) as integer) as year,
    cast(extract(quarter from days.date_day) as integer) as quarter,
    cast(extract(month from days.date_day) as integer) as month,
    cast({{ dbt.date_trunc('month', 'days.date_day') }} as date) as month_start,
    strftime(days.date_day, '%B') as month_name,
    cast({{ dbt.date_trunc('week', 'days.date_day') }} as date) as week_start,
    cast(extract(isoyear from days.date_day) as integer) as iso_year,
    cast(extract(week from days.date_day) as integer) as iso_week,
    cast(extract(isodow from days.date_day) as integer) as weekday,
    strftime(days.date_day, '%A') as weekday_name,
    extract(isodow from days.date_day) >= 6 as is_weekend,
    case
        when covered_years.covered_year is not null then public_holidays.holiday_date is not null
    end as is_public_holiday,
    public_holidays.holiday_name as public_holiday_name
from days
left join public_holidays
    on days.date_day = public_holidays.holiday_date
left join covered_years
    on extract(year from days.date_day) = covered_years.covered_year
