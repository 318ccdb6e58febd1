-- Customers: recency, frequency, money, and what became of those who came in the same month.

create temp table customer_totals as
select
    customer_number,
    min(order_date) filter (where is_completed) as first_order_date,
    max(order_date) filter (where is_completed) as last_order_date,
    count(*) filter (where is_completed) as orders,
    cast(sum(gross_revenue) as decimal(18, 4)) as gross_revenue,
    cast(sum(returns_amount) as decimal(18, 4)) as returns_amount,
    cast(sum(units) as decimal(18, 3)) as units
from orders
where customer_number is not null and (is_completed or has_returns)
group by customer_number;

copy (
    with day_counts as (
        select customer_number, count(*) as order_days
        from customer_days
        group by customer_number
    ),

    scores as (
        select
            customer_number,
            cast(least(1 + floor(5 * percent_rank() over (order by last_order_date)), 5) as bigint)
                as r_score,
            cast(least(1 + floor(5 * percent_rank() over (order by orders)), 5) as bigint)
                as f_score,
            cast(least(1 + floor(5 * percent_rank() over (order by gross_revenue)), 5) as bigint)
                as m_score
        from customer_totals
        where orders > 0
    )

    select
        customers.customer_key,
        'online_retail' as source_name,
        customers.customer_id,
        cast(null as varchar) as customer_name,
        customers.country_code,
        country_names.country_name,
        totals.* exclude (customer_number),
        cast(date_trunc('month', totals.first_order_date) as date) as cohort_month,
        span.as_of_date - totals.last_order_date as recency_days,
        span.as_of_date - totals.first_order_date as tenure_days,
        coalesce(day_counts.order_days, 0) as order_days,
        (totals.last_order_date - totals.first_order_date) / nullif(day_counts.order_days - 1, 0)
            as mean_days_between_orders,
        totals.orders as frequency,
        totals.gross_revenue as monetary,
        cast(totals.gross_revenue - totals.returns_amount as decimal(18, 4)) as net_revenue,
        cast(totals.gross_revenue / nullif(totals.orders, 0) as decimal(18, 4))
            as average_order_value,
        cast(totals.returns_amount / nullif(totals.gross_revenue, 0) as double) as return_rate,
        scores.r_score,
        scores.f_score,
        scores.m_score,
        segments.rfm_segment,
        coalesce(span.as_of_date - totals.last_order_date <= 90, false) as is_active,
        coalesce(scores.m_score >= 4 and not is_active, false) as is_at_risk
    from customer_totals as totals
    inner join numbered_customers as customers
        using (customer_number)
    left join scores
        using (customer_number)
    left join day_counts
        using (customer_number)
    left join read_csv('$seeds/rfm_segments.csv') as segments
        on
            scores.r_score = segments.r_score
            and segments.fm_score = cast(round((scores.f_score + scores.m_score) / 2) as bigint)
    left join country_names
        on customers.country_code = country_names.country_code
    cross join span
    order by customers.customer_key
) to '$out/customer_kpis.parquet' (format parquet, compression zstd);

copy (
    with customer_months as (
        select
            customer_number,
            date_trunc('month', order_date) as month,
            sum(gross_revenue) as gross_revenue
        from orders
        where is_completed and customer_number is not null
        group by all
    ),

    cohorts as (
        select
            cast(date_trunc('month', first_order_date) as date) as cohort_month,
            count(*) as cohort_size
        from customer_totals
        where orders > 0
        group by all
    ),

    figures as (
        select
            cast(date_trunc('month', totals.first_order_date) as date) as cohort_month,
            cast(month as date) as order_month,
            count(*) as customers,
            sum(customer_months.gross_revenue) as gross_revenue
        from customer_months
        inner join customer_totals as totals
            using (customer_number)
        group by all
    ),

    cells as (
        select
            cohorts.cohort_month,
            date_diff('month', cohorts.cohort_month, periods.period) as months_since_first,
            periods.period as order_month,
            cohorts.cohort_size,
            coalesce(figures.customers, 0) as customers,
            coalesce(figures.gross_revenue, 0) as gross_revenue
        from cohorts
        inner join periods
            on periods.grain = 'month' and cohorts.cohort_month <= periods.period
        left join figures
            on
                cohorts.cohort_month = figures.cohort_month
                and periods.period = figures.order_month
    )

    select
        cohort_month,
        months_since_first,
        order_month,
        cohort_size,
        customers,
        customers / cohort_size as retention,
        cast(gross_revenue as decimal(18, 4)) as gross_revenue,
        cast(gross_revenue / nullif(first_value(gross_revenue) over cohort, 0) as double)
            as revenue_retention,
        cast(sum(gross_revenue) over cohort as decimal(18, 4)) as cumulative_revenue,
        cast(sum(gross_revenue) over cohort / cohort_size as decimal(18, 4))
            as cumulative_revenue_per_customer
    from cells
    window cohort as (partition by cohort_month order by months_since_first)
    order by cohort_month, months_since_first
) to '$out/customer_cohorts.parquet' (format parquet, compression zstd);
