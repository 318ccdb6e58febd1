-- Law: the summary shows the amounts of the months that it names. A row is a figure that differs.
with summary as (
    select
        comparison,
        period_start,
        comparison_start,
        value,
        comparison_value
    from {{ ref('executive_summary') }}
    where figure = 'net_revenue'
),

months as (
    select
        month_start,
        net_revenue
    from {{ ref('sales_monthly') }}
)

select
    summary.comparison,
    summary.value,
    period_months.net_revenue,
    summary.comparison_value,
    comparison_months.net_revenue as comparison_net_revenue
from summary
left join months as period_months
    on summary.period_start = period_months.month_start
left join months as comparison_months
    on summary.comparison_start = comparison_months.month_start
where
    summary.value is distinct from period_months.net_revenue
    or summary.comparison_value is distinct from comparison_months.net_revenue
