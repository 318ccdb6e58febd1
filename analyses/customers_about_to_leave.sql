-- Who is about to leave? Customers who are late by their own measure, those first who bring most in
-- a year: 90 days are nothing to somebody who comes twice a year, and much to a weekly customer.
with regular_customers as (
    select
        customer_key,
        customer_name,
        country_name,
        rfm_segment,
        last_order_date,
        recency_days,
        tenure_days,
        order_days,
        orders,
        gross_revenue,
        mean_days_between_orders
    from {{ ref('customer_kpis') }}
    -- With fewer than two gaps there is no habit to be late by.
    where order_days >= 3
),

lifetime_values as (
    select
        customer_key,
        churn_probability
    from {{ ref('customer_lifetime_value') }}
),

customers_measured as (
    select
        customer_key,
        customer_name,
        country_name,
        rfm_segment,
        last_order_date,
        recency_days,
        orders,
        round(mean_days_between_orders, 1) as usual_gap_days,
        round(recency_days / mean_days_between_orders, 1) as gaps_missed,
        -- Of somebody who came less than a year ago: what there was, not what it would come to.
        cast(
            gross_revenue * 365 / greatest(tenure_days, 365) as decimal(18, 2)
        ) as gross_revenue_a_year
    from regular_customers
)

select
    customers_measured.customer_key,
    customers_measured.customer_name,
    customers_measured.country_name,
    customers_measured.rfm_segment,
    -- Of somebody who comes at random moments one gap in 20 is three times the usual one, and one
    -- in 400 six times.
    case
        when customers_measured.gaps_missed < 6 then 'late'
        else 'gone silent'
    end as silence,
    lifetime_values.churn_probability,
    customers_measured.last_order_date,
    customers_measured.recency_days,
    customers_measured.usual_gap_days,
    customers_measured.gaps_missed,
    customers_measured.orders,
    customers_measured.gross_revenue_a_year
from customers_measured
left join lifetime_values
    on customers_measured.customer_key = lifetime_values.customer_key
where customers_measured.gaps_missed >= 3
order by
    customers_measured.gross_revenue_a_year desc,
    customers_measured.customer_key asc
