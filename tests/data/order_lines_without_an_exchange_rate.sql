-- A line in a currency without a known rate has no amount and so brings no revenue. A row is such a
-- currency; what to do: load its rates, or mend the currency at the source.
-- 2026-11, owner: whoever keeps the source of the rates. A warning, because one mistyped currency
-- must not hold up a day's figures; an error above ten lines in a thousand, when revenue is wrong.
-- No end date: the budget is the rule.
{{ config(
    fail_calc='coalesce(max(lines_per_mille), 0)',
    warn_if='> 0',
    error_if='> 10',
) }}

{%- set brings_money %}line_type in ('merchandise', 'service')
        and line_status in ('completed', 'returned')
{%- endset %}
{%- set is_without_amount = brings_money ~ ' and net_amount is null' -%}

with all_lines as (
    select
        sum(lines) as lines,
        sum(lines_without_amount) as lines_without_amount
    from
        {{ figures_by_file(ref('fct_order_lines'), {
            'lines': 'count(*) filter (where ' ~ brings_money ~ ')',
            'lines_without_amount': 'count(*) filter (where ' ~ is_without_amount ~ ')',
        }) | indent(8) }}
),

without_amount as (
    select
        currency,
        count(*) as lines_without_amount,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date
    from {{ rows_of_failing_files(ref('fct_order_lines'), is_without_amount) }}
    where
        {{ is_without_amount }}
    group by currency
)

select
    without_amount.currency,
    without_amount.lines_without_amount,
    without_amount.first_order_date,
    without_amount.last_order_date,
    cast(ceil(1000 * all_lines.lines_without_amount / all_lines.lines) as integer)
        as lines_per_mille
from without_amount
cross join all_lines
