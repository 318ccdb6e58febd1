with customers as (
    select
        customer_key,
        customer_id,
        source_name,
        customer_name,
        country_code,
        country_name
    from {{ ref('dim_customers') }}
),

segments as (
    select
        r_score,
        fm_score,
        rfm_segment
    from {{ ref('rfm_segments') }}
),

span as (
    select as_of_date
    from {{ ref('int_as_of_date') }}
),

customer_totals as (
    select
        customer_key,
        first_order_date,
        last_order_date,
        order_days,
        orders,
        gross_revenue,
        returns_amount,
        units
    from {{ ref('int_customers_measured') }}
),

-- Only customers with an order have a score. Equal values get equal ranks and so equal scores; the
-- greatest value has percent_rank 1 and would come to 6.
customer_scores as (
    select
        customer_key,
        least(1 + floor(5 * percent_rank() over (order by last_order_date)), 5) as r_score,
        least(1 + floor(5 * percent_rank() over (order by orders)), 5) as f_score,
        least(1 + floor(5 * percent_rank() over (order by gross_revenue)), 5) as m_score
    from customer_totals
    where orders > 0
),

customers_measured as (
    select
        customer_totals.*,
        cast(customer_scores.r_score as bigint) as r_score,
        cast(customer_scores.f_score as bigint) as f_score,
        cast(customer_scores.m_score as bigint) as m_score,
        cast(round((customer_scores.f_score + customer_scores.m_score) / 2) as bigint) as fm_score,
        {{ dbt.datediff('customer_totals.last_order_date', 'span.as_of_date', 'day') }}
            as recency_days,
        {{ dbt.datediff('customer_totals.first_order_date', 'span.as_of_date', 'day') }}
            as tenure_days,
        -- Somebody who only returned things has no last order, and is not active.
        coalesce(
            {{ dbt.datediff('customer_totals.last_order_date', 'span.as_of_date', 'day') }}
            <= {{ var('inactive_after_days') }}, false
        ) as is_active
    from customer_totals
    left join customer_scores
        on customer_totals.customer_key = customer_scores.customer_key
    cross join span
)

select
    customers_measured.customer_key,
    customers.customer_id,
    customers.source_name,
    customers.customer_name,
    customers.country_code,
    customers.country_name,
    customers_measured.first_order_date,
    customers_measured.last_order_date,
    cast({{ dbt.date_trunc('month', 'customers_measured.first_order_date') }} as date)
        as cohort_month,
    customers_measured.recency_days,
    customers_measured.tenure_days,
    customers_measured.order_days,
    cast(
        {{ dbt.datediff(
            'customers_measured.first_order_date', 'customers_measured.last_order_date', 'day'
        ) }}
        / nullif(customers_measured.order_days - 1, 0) as double
    ) as mean_days_between_orders,
    customers_measured.orders as frequency,
    customers_measured.orders,
    customers_measured.gross_revenue as monetary,
    customers_measured.gross_revenue,
    customers_measured.returns_amount,
    cast(
        customers_measured.gross_revenue - customers_measured.returns_amount as decimal(18, 4)
    ) as net_revenue,
    cast(
        customers_measured.gross_revenue / nullif(customers_measured.orders, 0) as decimal(18, 4)
    ) as average_order_value,
    customers_measured.units,
    cast(
        customers_measured.returns_amount / nullif(customers_measured.gross_revenue, 0) as double
    ) as return_rate,
    customers_measured.r_score,
    customers_measured.f_score,
    customers_measured.m_score,
    segments.rfm_segment,
    customers_measured.is_active,
    coalesce(customers_measured.m_score >= 4 and not customers_measured.is_active, false)
        as is_at_risk
from customers_measured
left join customers
    on customers_measured.customer_key = customers.customer_key
left join segments
    on
        customers_measured.r_score = segments.r_score
        and customers_measured.fm_score = segments.fm_score
order by customers_measured.customer_key
