-- Law: what is counted and summed of the distributions is what the other marts have of it, and the
-- bins of a histogram hold every value once. Sums to the cent: a mean has ten decimals. A row is a
-- figure that differs.
with figures as (
    select
        measure,
        max(value) filter (where statistic = 'count') as values_counted,
        max(value) filter (where statistic = 'mean') as mean_value,
        max(value) filter (where statistic = 'min') as lowest_value,
        max(value) filter (where statistic = 'max') as highest_value
    from {{ ref('statistical_distributions') }}
    group by measure
),

expected as (
    select
        'order_value' as measure,
        sum(orders) as values_counted,
        sum(sum_of_values) as sum_of_values,
        min(lowest_value) filter (where orders > 0) as lowest_value,
        max(highest_value) filter (where orders > 0) as highest_value
    from
        {{ figures_by_file(ref('fct_orders'), {
            'orders': 'count(*) filter (where is_completed)',
            'sum_of_values': 'sum(gross_revenue) filter (where is_completed)',
            'lowest_value': 'min(gross_revenue) filter (where is_completed)',
            'highest_value': 'max(gross_revenue) filter (where is_completed)',
        }) | indent(8) }}
    union all
    select
        'items_per_order' as measure,
        sum(orders) as values_counted,
        sum(sum_of_values) as sum_of_values,
        min(lowest_value) filter (where orders > 0) as lowest_value,
        max(highest_value) filter (where orders > 0) as highest_value
    from
        {{ figures_by_file(ref('fct_orders'), {
            'orders': 'count(*) filter (where is_completed)',
            'sum_of_values': 'sum(items) filter (where is_completed)',
            'lowest_value': 'min(items) filter (where is_completed)',
            'highest_value': 'max(items) filter (where is_completed)',
        }) | indent(8) }}
    union all
    select
        'revenue_per_customer' as measure,
        count(*) as values_counted,
        sum(gross_revenue) as sum_of_values,
        min(gross_revenue) as lowest_value,
        max(gross_revenue) as highest_value
    from {{ ref('customer_kpis') }}
    where orders > 0
    union all
    -- The gaps of a customer add up to the days from the first order to the last.
    select
        'days_between_orders' as measure,
        sum(order_days - 1) as values_counted,
        sum(last_order_date - first_order_date) as sum_of_values,
        null as lowest_value,
        null as highest_value
    from {{ ref('customer_kpis') }}
    where orders > 0
    union all
    select
        'unit_price' as measure,
        null as values_counted,
        null as sum_of_values,
        min(lowest_price) as lowest_value,
        max(highest_price) as highest_value
    from {{ ref('product_kpis') }}
),

binned as (
    select
        measure,
        sum(occurrences) as values_binned
    from {{ ref('statistical_histograms') }}
    group by measure
)

select
    figures.measure,
    figures.values_counted,
    expected.values_counted as expected_values_counted,
    binned.values_binned,
    figures.mean_value * figures.values_counted as sum_of_values,
    expected.sum_of_values as expected_sum_of_values,
    figures.lowest_value,
    expected.lowest_value as expected_lowest_value,
    figures.highest_value,
    expected.highest_value as expected_highest_value
from figures
inner join expected
    on figures.measure = expected.measure
left join binned
    on figures.measure = binned.measure
where
    figures.values_counted != coalesce(expected.values_counted, figures.values_counted)
    or figures.values_counted != coalesce(binned.values_binned, 0)
    or abs(figures.mean_value * figures.values_counted - expected.sum_of_values) > 0.01
    or figures.lowest_value != expected.lowest_value
    or figures.highest_value != expected.highest_value
