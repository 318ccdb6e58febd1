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

with lines as (
    select
        currency,
        order_date,
        net_amount
    from {{ ref('fct_order_lines') }}
    where
        line_type in ('merchandise', 'service')
        and line_status in ('completed', 'returned')
),

all_lines as (
    select
        count(*) as lines,
        count(*) filter (where net_amount is null) as lines_without_amount
    from lines
),

without_amount as (
    select
        currency,
        count(*) as lines_without_amount,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date
    from lines
    where net_amount is null
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
