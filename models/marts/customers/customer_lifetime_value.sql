with customers as (
    select
        customer_key,
        customer_id,
        source_name,
        customer_name,
        country_code
    from {{ ref('dim_customers') }}
),

histories as (
    select
        customer_key,
        first_order_date,
        last_order_date,
        repeat_purchases,
        recency_days,
        age_days,
        repeat_revenue
    from {{ ref('int_customers_measured') }}
    where repeat_purchases is not null
),

scored_histories as (
    select
        repeat_purchases,
        recency_days,
        age_days,
        p_alive,
        expected_orders
    from {{ ref('int_purchase_histories_scored') }}
),

-- Gamma-Gamma's parameters side by side; all null without a fit.
spending_model as (
    select
        max(value) filter (where parameter = 'p') as p,
        max(value) filter (where parameter = 'q') as q,
        max(value) filter (where parameter = 'gamma') as gamma
    from {{ ref('clv_model_parameters') }}
    where model = 'gamma_gamma'
),

-- p x (gamma + what the repeat purchases came to) / (p x their number + q - 1): Fader and Hardie
-- (2013), equation 5. Of a customer without any it is the mean over all customers, p x gamma /
-- (q - 1), which exists for q above 1 only.
histories_valued as (
    select
        histories.*,
        case
            when
                histories.repeat_purchases > 0
                and histories.repeat_revenue > 0
                and spending_model.p * histories.repeat_purchases + spending_model.q > 1
                then
                    spending_model.p
                    * (spending_model.gamma + cast(histories.repeat_revenue as double))
                    / (spending_model.p * histories.repeat_purchases + spending_model.q - 1)
            when spending_model.q > 1
                then spending_model.p * spending_model.gamma / (spending_model.q - 1)
        end as expected_order_value
    from histories
    cross join spending_model
),

-- In order before the other columns are computed: what is sorted is half as wide.
histories_in_order as (
    select
        histories_valued.*,
        customers.customer_id,
        customers.source_name,
        customers.customer_name,
        customers.country_code,
        scored_histories.p_alive,
        scored_histories.expected_orders
    from histories_valued
    left join customers
        on histories_valued.customer_key = customers.customer_key
    left join scored_histories
        on
            histories_valued.repeat_purchases = scored_histories.repeat_purchases
            and histories_valued.recency_days = scored_histories.recency_days
            and histories_valued.age_days = scored_histories.age_days
    order by histories_valued.customer_key
)

select
    customer_key,
    customer_id,
    source_name,
    customer_name,
    country_code,
    first_order_date,
    last_order_date,
    repeat_purchases,
    cast(recency_days / 7 as double) as recency_weeks,
    cast(age_days / 7 as double) as age_weeks,
    repeat_revenue,
    cast(repeat_revenue / nullif(repeat_purchases, 0) as decimal(18, 4)) as mean_repeat_value,
    p_alive,
    1 - p_alive as churn_probability,
    expected_orders,
    -- A model may say something that no column of money can hold: then it says nothing.
    try_cast(expected_order_value as decimal(18, 4)) as expected_order_value,
    try_cast(expected_orders * expected_order_value as decimal(18, 4)) as lifetime_value_12m
from histories_in_order
