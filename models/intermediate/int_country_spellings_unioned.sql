with countries as (
    select
        country_code,
        country_name,
        alpha_3_code
    from {{ ref('countries') }}
),

spellings as (
    select
        lower(country_alias) as spelling,
        country_code
    from {{ ref('country_aliases') }}
    union
    select
        lower(country_code) as spelling,
        country_code
    from countries
    union
    select
        lower(alpha_3_code) as spelling,
        country_code
    from countries
    union
    select
        lower(country_name) as spelling,
        country_code
    from countries
)

select
    spelling,
    country_code
from spellings
