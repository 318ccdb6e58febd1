-- A lifetime model that could not be fitted leaves customer_lifetime_value without figures. A row
-- is such a model, with the reason.
-- 2026-11, owner: whoever reads the figures. A warning, because every new shop begins like this and
-- its other figures are right. No end date: the shop's own data ends it.
{{ config(
    severity='warn',
    meta={'what_to_do': 'nothing, where the shop is young: its other figures are right, and these come'
        ~ ' once enough customers came back'},
) }}

with models as (
    select
        model,
        status,
        is_converged,
        customers
    from {{ ref('clv_model_parameters') }}
)

select
    model,
    status,
    customers
from models
where not is_converged
group by
    model,
    status,
    customers
