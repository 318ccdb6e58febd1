-- Law: BG/NBD is fitted to all customers, Gamma-Gamma to those whose repeat purchases were worth
-- something. Grouping equal histories, on the way to the fit, loses nobody.
with models as (
    select
        model,
        customers
    from {{ ref('clv_model_parameters') }}
),

customers as (
    select
        count(*) as all_customers,
        count(*) filter (where repeat_purchases > 0 and repeat_revenue > 0) as spending_customers
    from {{ ref('customer_lifetime_value') }}
)

select
    models.model,
    models.customers,
    customers.all_customers,
    customers.spending_customers
from models
cross join customers
where
    (models.model = 'bg_nbd' and models.customers != customers.all_customers)
    or (models.model = 'gamma_gamma' and models.customers != customers.spending_customers)
