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
-- greatest value has percent_rank 1 and would come to 6. Ranked are the values, of which there are
-- far fewer than customers, each with the customers who have it.
{%- set scored_columns = {
    'last_order_date': 'r_score', 'orders': 'f_score', 'gross_revenue': 'm_score',
} %}
{%- for column in scored_columns %}
    {{ column }}_counted as (
        select
            {{ column }},
            count(*) as customers
        from customer_totals
        where orders > 0
        group by {{ column }}
    ),

    {{ column }}_ranked as (
        select
            {{ column }},
            sum(customers) over (order by {{ column }}) - customers as customers_before,
            sum(customers) over () as customers
        from {{ column }}_counted
    ),

    {{ column }}_scored as (
        select
            {{ column }},
            cast(
                least(1 + floor(5 * (customers_before / greatest(customers - 1, 1))), 5) as bigint
            ) as {{ scored_columns[column] }}
        from {{ column }}_ranked
    ),
{% endfor %}
customers_scored as (
    select
        customer_totals.*,
        case when customer_totals.orders > 0 then last_order_date_scored.r_score end as r_score,
        case when customer_totals.orders > 0 then orders_scored.f_score end as f_score,
        case when customer_totals.orders > 0 then gross_revenue_scored.m_score end as m_score,
        cast(round((orders_scored.f_score + gross_revenue_scored.m_score) / 2) as bigint)
            as fm_score
    from customer_totals
    left join last_order_date_scored
        on customer_totals.last_order_date = last_order_date_scored.last_order_date
    left join orders_scored
        on customer_totals.orders = orders_scored.orders
    left join gross_revenue_scored
        on customer_totals.gross_revenue = gross_revenue_scored.gross_revenue
),

-- In order before the other columns are computed: what is sorted is half as wide.
customers_in_order as (
    select
        customers_scored.*,
        customers.customer_id,
        customers.source_name,
        customers.customer_name,
        customers.country_code,
        customers.country_name,
        segments.rfm_segment,
        span.as_of_date
    from customers_scored
    left join customers
        on customers_scored.customer_key = customers.customer_key
    left join segments
        on
            customers_scored.r_score = segments.r_score
            and customers_scored.fm_score = segments.fm_score
    cross join span
    order by customers_scored.customer_key
),

customers_measured as (
    select
        *,
        {{ dbt.datediff('last_order_date', 'as_of_date', 'day') }}
            as recency_days,
        {{ dbt.datediff('first_order_date', 'as_of_date', 'day') }}
            as tenure_days,
        -- Somebody who only returned things has no last order, and is not active.
        coalesce(
            {{ dbt.datediff('last_order_date', 'as_of_date', 'day') }}
            <= {{ var('inactive_after_days') }}, false
        ) as is_active
    from customers_in_order
)

select
    customer_key,
    customer_id,
    source_name,
    customer_name,
    country_code,
    country_name,
    first_order_date,
    last_order_date,
    cast({{ dbt.date_trunc('month', 'first_order_date') }} as date) as cohort_month,
    recency_days,
    tenure_days,
    order_days,
    cast(
        {{ dbt.datediff('first_order_date', 'last_order_date', 'day') }}
        / nullif(order_days - 1, 0) as double
    ) as mean_days_between_orders,
    orders as frequency,
    orders,
    gross_revenue as monetary,
    gross_revenue,
    returns_amount,
    cast(gross_revenue - returns_amount as decimal(18, 4)) as net_revenue,
    cast(gross_revenue / nullif(orders, 0) as decimal(18, 4)) as average_order_value,
    units,
    cast(returns_amount / nullif(gross_revenue, 0) as double) as return_rate,
    r_score,
    f_score,
    m_score,
    rfm_segment,
    is_active,
    coalesce(m_score >= 4 and not is_active, false) as is_at_risk
from customers_measured
