with fitted_models as (
    select
        model,
        parameter,
        value,
        standard_error,
        log_likelihood,
        customers,
        is_converged,
        status
    from {{ ref('int_lifetime_models_fitted') }}
)

select
    model,
    parameter,
    value,
    standard_error,
    log_likelihood,
    customers,
    is_converged,
    status
from fitted_models
order by
    model,
    parameter
