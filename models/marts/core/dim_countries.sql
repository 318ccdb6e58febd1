select
    country_code,
    country_name,
    alpha_3_code,
    continent
from {{ ref('countries') }}
