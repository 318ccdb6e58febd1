-- The figures are made in Python (int_sales_forecasted); the contract stands here.
select
    forecast_date,
    days_ahead,
    net_revenue,
    lower_80_net_revenue,
    upper_80_net_revenue,
    lower_95_net_revenue,
    upper_95_net_revenue,
    method,
    status,
    backtest_mase,
    naive_backtest_mase,
    ets_backtest_mase,
    backtest_coverage_80,
    backtest_coverage_95,
    trained_until
from {{ ref('int_sales_forecasted') }}
order by forecast_date
