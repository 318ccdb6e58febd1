with months as (
    select
        month_start,
        is_complete,
        gross_revenue,
        returns_amount,
        net_revenue,
        orders,
        customers,
        average_order_value,
        units,
        return_rate
    from {{ ref('sales_monthly') }}
),

figures (figure, figure_name, unit, is_up_good) as (
    values
    ('net_revenue', 'Net revenue', 'money', true),
    ('gross_revenue', 'Gross revenue', 'money', true),
    ('returns_amount', 'Returns', 'money', false),
    ('orders', 'Orders', 'count', true),
    ('customers', 'Customers', 'count', true),
    ('average_order_value', 'Average order value', 'money', true),
    ('units', 'Units', 'count', true),
    ('return_rate', 'Return rate', 'rate', false)
),

last_full_month as (
    select max(month_start) as period_start
    from months
    where is_complete
),

-- No full month yet: no comparison, so no rows.
comparisons as (
    select
        'previous_month' as comparison,
        period_start,
        cast({{ dbt.dateadd('month', -1, 'period_start') }} as date) as comparison_start
    from last_full_month
    where period_start is not null
    union all
    select
        'same_month_last_year' as comparison,
        period_start,
        cast({{ dbt.dateadd('year', -1, 'period_start') }} as date) as comparison_start
    from last_full_month
    where period_start is not null
),

-- Ten decimals hold money exactly and keep a rate fine enough to compare.
month_figures as (
    select
        months.month_start,
        months.is_complete,
        figures.figure,
        case figures.figure
            when 'net_revenue' then cast(months.net_revenue as decimal(28, 10))
            when 'gross_revenue' then cast(months.gross_revenue as decimal(28, 10))
            when 'returns_amount' then cast(months.returns_amount as decimal(28, 10))
            when 'orders' then cast(months.orders as decimal(28, 10))
            when 'customers' then cast(months.customers as decimal(28, 10))
            when 'average_order_value' then cast(months.average_order_value as decimal(28, 10))
            when 'units' then cast(months.units as decimal(28, 10))
            when 'return_rate' then cast(months.return_rate as decimal(28, 10))
        end as figure_value
    from months
    cross join figures
)

select
    figures.figure,
    figures.figure_name,
    comparisons.comparison,
    comparisons.period_start,
    comparisons.comparison_start,
    figures.unit,
    cast(period_figures.figure_value as decimal(18, 4)) as value,
    cast(comparison_figures.figure_value as decimal(18, 4)) as comparison_value,
    {{ growth_pct('period_figures.figure_value', 'comparison_figures.figure_value') }}
        as change_pct,
    coalesce(comparison_figures.is_complete, false) as is_comparison_complete,
    figures.is_up_good
from figures
cross join comparisons
inner join month_figures as period_figures
    on
        figures.figure = period_figures.figure
        and comparisons.period_start = period_figures.month_start
-- A month before the data began is missing: its values are null.
left join month_figures as comparison_figures
    on
        figures.figure = comparison_figures.figure
        and comparisons.comparison_start = comparison_figures.month_start
order by
    figures.figure,
    comparisons.comparison
