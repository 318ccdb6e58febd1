-- A lifetime model that could not be fitted leaves customer_lifetime_value without figures. A row
-- is such a model, with the reason; what to do: wait until enough customers came back.
-- 2026-11, owner: whoever reads the figures. A warning, because every new shop begins like this and
-- its other figures are right. No end date: the shop's own data ends it.
{{ config(severity='warn') }}

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
